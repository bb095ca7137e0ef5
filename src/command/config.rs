//! The command line (clap's messages and exit code 2 for bad usage).

use super::check::CheckUrl;
use super::values::{parse_bytes, parse_count, parse_file_name, parse_relative};
use crate::limits;
use crate::server::BindAddress;
use crate::site::content_type::parse_override;
use crate::site::{CacheRule, parse_field};
use clap::Parser;
use clap::builder::{PathBufValueParser, TypedValueParser};
use std::path::PathBuf;

/// A small static-file web server.
///
/// Serves the files of a directory over HTTP: tinyhttpd --root ./www --port 8080
#[derive(Clone, Debug, Parser)]
#[command(version, max_term_width = 100)]
pub struct Config {
    /// The directory to serve
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    pub root: PathBuf,

    /// The port to listen on; 0 takes any free one
    #[arg(short, long, value_name = "N", default_value_t = 8080)]
    pub port: u16,

    /// The address to listen on: IPv4, IPv6, a host name, or unix:PATH; may be repeated
    #[arg(short, long, value_name = "ADDR", default_value = "127.0.0.1")]
    pub bind: Vec<BindAddress>,

    /// The file that answers for a directory; may be repeated, the first found counts
    #[arg(long, value_name = "NAME", default_value = "index.html", value_parser = parse_file_name)]
    pub index: Vec<String>,

    /// List directories that have no index file
    #[arg(long)]
    pub list: bool,

    /// Serve names that start with a dot
    #[arg(long)]
    pub hidden: bool,

    /// Answer an unknown path that asks for HTML with this file of the root, and 200
    #[arg(long, value_name = "FILE", value_parser = parse_relative)]
    pub spa: Option<String>,

    /// Let /about find about.html
    #[arg(long)]
    pub clean_urls: bool,

    /// Serve each sub-directory of the root as the host it is named for; `default` takes the rest
    #[arg(long)]
    pub vhosts: bool,

    /// Send FILE.br, FILE.zst or FILE.gz where the client accepts it and it is not older than FILE
    #[arg(long)]
    pub precompressed: bool,

    /// The media type of an extension or a file name, such as 'ts=video/mp2t'; may be repeated
    #[arg(long = "type", value_name = "NAME=TYPE", value_parser = parse_override)]
    pub types: Vec<(String, String)>,

    /// Cache-Control for paths, such as '/assets/*=max-age=3600'; may be repeated, the first match
    /// counts
    #[arg(long, value_name = "PATTERN=VALUE", value_parser = CacheRule::parse)]
    pub cache_control: Vec<CacheRule>,

    /// A field line for every answer; may be repeated
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = parse_field)]
    pub headers: Vec<(String, String)>,

    /// Let scripts of every origin read the answers
    #[arg(long)]
    pub cors: bool,

    /// Let clients create and replace files with PUT
    #[arg(long)]
    pub writable: bool,

    /// Bytes of one file sent with PUT at most, such as 64M
    #[arg(long, value_name = "BYTES", default_value = "1G", value_parser = parse_bytes)]
    pub max_body: u64,

    /// Workers for connections, started at once; those that accept come on top
    #[arg(long, value_name = "N", default_value_t = default_threads(), value_parser = parse_count)]
    pub threads: usize,

    /// Connections held at a time [default: what the limit of open files allows]
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub max_connections: Option<usize>,

    /// The kernel's queue of connections to be accepted
    #[arg(long, value_name = "N", default_value_t = limits::BACKLOG, value_parser = clap::value_parser!(i32).range(1..))]
    pub backlog: i32,

    /// Seconds that a connection may rest between two requests; 0 closes it after each
    #[arg(long, value_name = "SECS", default_value_t = limits::IDLE_TIME.as_secs())]
    pub keep_alive: u64,

    /// Seconds in which a client must take something of its answer
    #[arg(long, value_name = "SECS", default_value_t = limits::WRITE_TIME.as_secs())]
    pub write_timeout: u64,

    /// Seconds that requests in flight have at shutdown
    #[arg(long, value_name = "SECS", default_value_t = limits::GRACE_TIME.as_secs())]
    pub grace: u64,

    /// Bytes of files kept in memory, such as 64M; 0 keeps none
    #[arg(long, value_name = "BYTES", default_value = "64M", value_parser = parse_bytes)]
    pub cache_size: u64,

    /// Bytes of answers held in memory while their clients do not read, such as 64M
    #[arg(long, value_name = "BYTES", default_value = "64M", value_parser = parse_bytes)]
    pub body_memory: u64,

    /// The file that the access log is appended to, opened anew on SIGHUP; off writes none
    /// [default: stderr]
    #[arg(long, value_name = "FILE", value_parser = AccessLog::parser())]
    pub access_log: Option<AccessLog>,

    /// Log more: -v for debug, -vv for every socket call
    #[arg(short, long, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,

    /// Log errors only
    #[arg(short, long)]
    pub quiet: bool,

    /// Ask a server, by http://HOST:PORT/PATH or unix:SOCKET:/PATH, for one answer; the exit code
    /// is 0 if it is good, else 1
    #[arg(long, value_name = "URL", exclusive = true)]
    pub check: Option<CheckUrl>,
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
    /// That line, for an address with a port in it.
    pub fn check(&self) -> Result<(), String> {
        let hosts = self.bind.iter().filter_map(|address| match address {
            BindAddress::Host(host) => Some(host),
            BindAddress::Unix(_) => None,
        });
        for host in hosts {
            if let Some((address, port)) = split_port(host) {
                return Err(format!(
                    "cannot listen on {host}: the port goes to --port: --bind {address} --port {port}"
                ));
            }
        }
        Ok(())
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
        assert_eq!(config.cache_size, limits::CACHE_BYTES);
        assert_eq!(config.body_memory, limits::MEMORY_BYTES);
        assert_eq!(config.write_timeout, limits::WRITE_TIME.as_secs());
    }
}
