//! The command line (clap's messages and exit code 2 for bad usage).

use super::check::CheckUrl;
use super::help;
use super::values::{parse_bytes, parse_count, parse_port, parse_seconds};
use crate::limits;
use crate::server::{BindAddress, TrustedProxy};
use crate::site::content_type::parse_override;
use crate::site::{
    AuthFor, CacheRule, Prefix, parse_field, parse_file_name, parse_health, parse_host,
    parse_relative,
};
use clap::builder::{PathBufValueParser, PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Parser};
use std::path::PathBuf;

// The headings of `--help`, in the order of its pages.
const SERVED: &str = "What is served";
const WHERE: &str = "Where";
const ANSWERED: &str = "What is answered";
const WRITING: &str = "Writing";
const PROXY: &str = "Behind a proxy";
const LIMITS: &str = "Limits";
const LOGS: &str = "Logs";
const INSTEAD: &str = "Instead of serving";

/// A small web server for the files of a directory
#[derive(Clone, Debug, Parser)]
#[command(version, max_term_width = 100, styles = help::STYLES, after_help = help::EXAMPLES)]
#[command(next_display_order = 1)]
#[command(disable_help_flag = true, disable_version_flag = true)]
pub struct Config {
    /// The directory to serve [default: the current one]
    #[arg(
        help_heading = SERVED, value_name = "DIR", conflicts_with = "root", display_order = 0
    )]
    pub directory: Option<PathBuf>,

    /// The same, as an option
    #[arg(
        help_heading = SERVED, short, long, value_name = "DIR", default_value = ".",
        hide_default_value = true, conflicts_with = "directory"
    )]
    pub root: PathBuf,

    /// The file that answers for a directory; may be repeated, the first found counts
    #[arg(
        help_heading = SERVED, long, value_name = "NAME", default_value = "index.html",
        value_parser = parse_file_name
    )]
    pub index: Vec<String>,

    /// List directories that have no index file
    #[arg(help_heading = SERVED, long)]
    pub list: bool,

    /// Give a directory as one download, a tar archive, where ?archive=tar is asked for
    #[arg(help_heading = SERVED, long)]
    pub archive: bool,

    /// Serve names that start with a dot
    #[arg(help_heading = SERVED, long)]
    pub hidden: bool,

    /// Answer an unknown path that asks for HTML with this file of the root, and 200
    #[arg(help_heading = SERVED, long, value_name = "FILE", value_parser = parse_relative)]
    pub spa: Option<String>,

    /// Let /about find about.html
    #[arg(help_heading = SERVED, long)]
    pub clean_urls: bool,

    /// Serve each sub-directory of the root as the host it is named for; `default` takes the rest
    #[arg(help_heading = SERVED, long)]
    pub vhosts: bool,

    /// Send FILE.br, FILE.zst or FILE.gz where the client accepts it and it is not older than FILE
    #[arg(help_heading = SERVED, long)]
    pub precompressed: bool,

    /// The port to listen on; 0 takes any free one
    #[arg(help_heading = WHERE, short, long, value_name = "N", default_value_t = 8080, value_parser = parse_port)]
    pub port: u16,

    /// The address to listen on: IPv4, IPv6, a host name, or unix:PATH[,mode=660]; may be repeated
    #[arg(help_heading = WHERE, short, long, value_name = "ADDR", default_value = "127.0.0.1")]
    pub bind: Vec<BindAddress>,

    /// Open the first page in a browser
    #[arg(help_heading = WHERE, long)]
    pub open: bool,

    /// Let several processes listen on one port; the kernel shares the connections out
    #[arg(help_heading = WHERE, long)]
    pub reuse_port: bool,

    /// The kernel's queue of connections to be accepted
    #[arg(
        help_heading = WHERE, long, value_name = "N", default_value_t = limits::BACKLOG,
        value_parser = clap::value_parser!(i32).range(1..)
    )]
    pub backlog: i32,

    /// The media type of an extension or a file name, such as 'ts=video/mp2t'; may be repeated
    #[arg(
        help_heading = ANSWERED, long = "type", value_name = "NAME=TYPE",
        value_parser = parse_override
    )]
    pub types: Vec<(String, String)>,

    /// Cache-Control for a pattern of paths, such as '/assets/*=max-age=3600'; may be repeated, the
    /// first match counts
    #[arg(help_heading = ANSWERED, long, value_name = "RULE", value_parser = CacheRule::parse)]
    pub cache_control: Vec<CacheRule>,

    /// A field line for every answer; may be repeated
    #[arg(
        help_heading = ANSWERED, long = "header", value_name = "NAME: VALUE",
        value_parser = parse_field
    )]
    pub headers: Vec<(String, String)>,

    /// Let scripts of every origin read the answers
    #[arg(help_heading = ANSWERED, long)]
    pub cors: bool,

    /// Let clients change files: PUT creates and replaces, DELETE removes, MKCOL makes directories
    #[arg(help_heading = WRITING, long)]
    pub writable: bool,

    /// A file of user:hash lines, as htpasswd -B writes them: who writes needs a password of these;
    /// read again on SIGHUP
    #[arg(help_heading = WRITING, long, value_name = "FILE")]
    pub auth_file: Option<PathBuf>,

    /// Who needs a password: write is who would change files, all is everybody [default: write with
    /// --writable, else all]
    #[arg(
        help_heading = WRITING, long, value_name = "WHO", requires = "auth_file",
        value_parser = auth_for_parser(), hide_possible_values = true
    )]
    auth_for: Option<AuthFor>,

    /// A name of this server, by which clients may write; addresses, localhost and the machine's own
    /// name need none. Once one is given, reading by another name is refused too; may be repeated
    #[arg(help_heading = WRITING, long, value_name = "NAME", value_parser = parse_host)]
    pub host: Vec<String>,

    /// Bytes of one file sent with PUT at most, such as 64M
    #[arg(
        help_heading = WRITING, long, value_name = "BYTES", default_value = "1G",
        value_parser = parse_bytes
    )]
    pub max_body: u64,

    /// What every path begins with, such as /files: it is cut off, and other paths are 404
    #[arg(
        help_heading = PROXY, long, value_name = "PATH", default_value = "/",
        value_parser = Prefix::parse, hide_default_value = true
    )]
    pub prefix: Prefix,

    /// A proxy whose X-Forwarded-For names the client in the access log: an address, a network such
    /// as 10.0.0.0/8, or unix; may be repeated
    #[arg(
        help_heading = PROXY, long, value_name = "PROXY",
        value_parser = TrustedProxy::parse
    )]
    pub trusted_proxy: Vec<TrustedProxy>,

    /// The path where a balancer asks whether this server wants requests: 200, and 503 once it is
    /// about to stop; no file is looked at, and no line logged
    #[arg(help_heading = PROXY, long, value_name = "PATH", value_parser = parse_health)]
    pub health: Option<String>,

    /// Seconds to serve on after SIGTERM, each answer the last of its connection and 503 on the
    /// health path, before the server stops
    #[arg(help_heading = PROXY, long, value_name = "SECS", value_parser = parse_seconds, default_value_t = 0)]
    pub drain: u64,

    /// Workers for connections, started at once; those that accept come on top
    #[arg(
        help_heading = LIMITS, long, value_name = "N", default_value_t = default_threads(),
        value_parser = parse_count
    )]
    pub threads: usize,

    /// Connections held at a time [default: what the limit of open files allows]
    #[arg(help_heading = LIMITS, long, value_name = "N", value_parser = parse_count)]
    pub max_connections: Option<usize>,

    /// Seconds that a connection may rest between two requests; 0 closes it after each
    #[arg(
        help_heading = LIMITS, long, value_name = "SECS", value_parser = parse_seconds,
        default_value_t = limits::IDLE_TIME.as_secs()
    )]
    pub keep_alive: u64,

    /// Seconds in which a client must take something of its answer
    #[arg(
        help_heading = LIMITS, long, value_name = "SECS", value_parser = parse_seconds,
        default_value_t = limits::WRITE_TIME.as_secs()
    )]
    pub write_timeout: u64,

    /// Seconds that requests in flight have at shutdown
    #[arg(
        help_heading = LIMITS, long, value_name = "SECS", value_parser = parse_seconds,
        default_value_t = limits::GRACE_TIME.as_secs()
    )]
    pub grace: u64,

    /// Bytes of files kept in memory, such as 64M; 0 keeps none
    #[arg(
        help_heading = LIMITS, long, value_name = "BYTES", default_value = "64M",
        value_parser = parse_bytes
    )]
    pub cache_size: u64,

    /// Bytes of answers held in memory while their clients do not read, such as 64M
    #[arg(
        help_heading = LIMITS, long, value_name = "BYTES", default_value = "64M",
        value_parser = parse_bytes
    )]
    pub body_memory: u64,

    /// The file that the access log is appended to, opened anew on SIGHUP; off writes none
    /// [default: stderr]
    #[arg(help_heading = LOGS, long, value_name = "FILE", value_parser = AccessLog::parser())]
    pub access_log: Option<AccessLog>,

    /// Log more: -v for debug, -vv for every socket call
    #[arg(help_heading = LOGS, short, long, action = ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,

    /// Log errors only
    #[arg(help_heading = LOGS, short, long, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Ask a server, by http://HOST:PORT/PATH or unix:SOCKET:/PATH, for one answer; the exit code
    /// is 0 if it is good, else 1
    #[arg(help_heading = INSTEAD, long, value_name = "URL", exclusive = true)]
    pub check: Option<CheckUrl>,

    /// Print help
    #[arg(help_heading = INSTEAD, short, long, action = ArgAction::Help)]
    help: Option<bool>,

    /// Print version
    #[arg(help_heading = INSTEAD, short = 'V', long, action = ArgAction::Version)]
    version: Option<bool>,
}

/// Where the access log goes in place of stderr.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessLog {
    Off,
    File(PathBuf),
}

impl AccessLog {
    /// A file named `off` is `./off`.
    fn parser() -> impl TypedValueParser<Value = AccessLog> {
        PathBufValueParser::new().map(|path| match path.to_str() {
            Some("off") => AccessLog::Off,
            _ => AccessLog::File(path),
        })
    }
}

impl Config {
    /// What is wrong with the command line as a whole, and what to try: one line.
    ///
    /// # Errors
    ///
    /// That line, for an address with a port in it, and for passwords that nobody would need.
    pub fn check(&self) -> Result<(), String> {
        let hosts = self.bind.iter().filter_map(|address| match address {
            BindAddress::Host(host) => Some(host),
            BindAddress::Unix { .. } => None,
        });
        for host in hosts {
            if let Some((address, port)) = split_port(host) {
                return Err(format!(
                    "cannot listen on {host}: the port goes to --port: --bind {address} --port {port}"
                ));
            }
        }
        if self.auth_for == Some(AuthFor::Writing) && !self.writable {
            return Err("--auth-for write protects nothing without --writable; try all".to_owned());
        }
        Ok(())
    }

    /// Who needs a password, where there are any.
    pub fn auth_for(&self) -> AuthFor {
        let default = if self.writable { AuthFor::Writing } else { AuthFor::All };
        self.auth_for.unwrap_or(default)
    }

    /// The least severe level that is logged, unless RUST_LOG says otherwise.
    pub fn log_level(&self) -> log::LevelFilter {
        match (self.quiet, self.verbose) {
            (true, _) => log::LevelFilter::Error,
            (false, 0) => log::LevelFilter::Info,
            (false, 1) => log::LevelFilter::Debug,
            (false, _) => log::LevelFilter::Trace,
        }
    }
}

fn auth_for_parser() -> impl TypedValueParser<Value = AuthFor> {
    PossibleValuesParser::new(["write", "all"]).map(|who| match who.as_str() {
        "all" => AuthFor::All,
        _ => AuthFor::Writing,
    })
}

/// Address and port, where a host has both: `127.0.0.1:80`, `[::1]:80`, `localhost:80`.
fn split_port(host: &str) -> Option<(&str, u16)> {
    let (address, port) = host.rsplit_once(':')?;
    let is_whole = !address.contains(':') || address.starts_with('[') && address.ends_with(']');
    port.parse().ok().filter(|_| is_whole && !address.is_empty()).map(|port| (address, port))
}

/// Four workers a core, sixteen at least: one a core waits, the rest are there to block on fast
/// downloads and slow disks.
fn default_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).saturating_mul(4).max(16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Config::command().debug_assert();
    }

    #[test]
    fn a_port_in_an_address_is_seen_and_no_other_colon_taken_for_one() {
        for (host, expected) in [
            ("127.0.0.1", None),
            ("::1", None),
            ("::1:8080", None),
            ("::", None),
            ("fe80::1%eth0", None),
            ("localhost", None),
            (":80", None),
            ("a:b", None),
            ("127.0.0.1:9999", Some(("127.0.0.1", 9999))),
            ("localhost:80", Some(("localhost", 80))),
            ("[::1]:80", Some(("[::1]", 80))),
        ] {
            assert_eq!(split_port(host), expected, "{host}");
            let config = Config::parse_from(["tinyhttpd", "--bind", host]);
            assert_eq!(config.check().is_err(), expected.is_some(), "{host}");
        }
    }

    #[test]
    fn limits_are_those_of_the_limits_file_unless_given() {
        let config = Config::parse_from(["tinyhttpd"]);
        assert_eq!(config.max_body, limits::BODY_BYTES_MAX);
        assert_eq!(config.cache_size, limits::KEPT_BYTES);
        assert_eq!(config.body_memory, limits::MEMORY_BYTES);
        assert_eq!(config.write_timeout, limits::WRITE_TIME.as_secs());
    }
}
