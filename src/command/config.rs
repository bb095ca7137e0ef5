//! The command line, and what follows from it (clap's messages and exit code 2 for bad usage).

use crate::limits;
use crate::server::{self, BindAddress};
use crate::site::content_type::parse_override;
use crate::site::document_root::CacheLimits;
use crate::site::{self, CacheRule, parse_field};
use clap::Parser;
use std::path::PathBuf;
use std::time::Duration;

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

    /// The address to listen on: IPv4, IPv6, a host name, or unix:PATH[,mode=660]; may be repeated
    #[arg(short, long, value_name = "ADDR", default_value = "127.0.0.1")]
    pub bind: Vec<BindAddress>,

    /// Let several processes listen on one port; the kernel shares the connections out
    #[arg(long)]
    pub reuse_port: bool,

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

    /// Log more: -v for debug, -vv for every socket call
    #[arg(short, long, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,

    /// Log errors only
    #[arg(short, long)]
    pub quiet: bool,
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
            BindAddress::Unix { .. } => None,
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

    /// The server's settings, where the process may have `descriptors_max` descriptors.
    ///
    /// What is not kept back for the process, for its workers and for kept files is for connections:
    /// a socket each, and beside it the file that it is sent, or while it uploads two more.
    pub fn server(&self, descriptors_max: usize) -> server::Settings {
        let kept = self.kept_descriptors(descriptors_max);
        let reserved =
            limits::DESCRIPTORS_RESERVED.saturating_add(self.threads).saturating_add(kept);
        let each = match self.writable {
            true => limits::UPLOAD_DESCRIPTORS,
            false => limits::ANSWER_DESCRIPTORS,
        };
        let left = descriptors_max.saturating_sub(reserved).max(each);
        let fitting = left - each + 1;
        let wanted = self.max_connections.unwrap_or(fitting.min(limits::CONNECTIONS_MAX));
        if wanted > fitting {
            log::warn!(
                "--max-connections {wanted} is more than the limit of {descriptors_max} open \
                 files has room for: {fitting} are held at a time"
            );
        }
        server::Settings {
            threads: self.threads,
            connections_max: wanted.min(fitting),
            descriptors_max,
            connection_descriptors_max: left,
            descriptors_each: each,
            reuse_port: self.reuse_port,
            idle_time: Duration::from_secs(self.keep_alive),
            write_time: Duration::from_secs(self.write_timeout),
            grace_time: Duration::from_secs(self.grace),
            memory_max: self.body_memory,
            ..server::Settings::default()
        }
    }

    /// The site's settings, where the process may have `descriptors_max` descriptors.
    pub fn site(&self, descriptors_max: usize) -> site::Settings {
        site::Settings {
            root: self.root.clone(),
            index: self.index.clone(),
            lists: self.list,
            serves_hidden: self.hidden,
            fallback: self.spa.clone(),
            clean_urls: self.clean_urls,
            by_host: self.vhosts,
            precompressed: self.precompressed,
            types: self.types.clone(),
            cache_control: self.cache_control.clone(),
            fields: self.headers.clone(),
            cross_origin: self.cors,
            writable: self.writable,
            body_bytes_max: self.max_body,
            cache: CacheLimits {
                bytes_max: self.cache_size,
                descriptors_max: self.kept_descriptors(descriptors_max),
            },
        }
    }

    fn kept_descriptors(&self, descriptors_max: usize) -> usize {
        (descriptors_max / 8).min(limits::KEPT_DESCRIPTORS_MAX)
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

fn parse_count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("at least 1 is needed".to_owned()),
        Ok(count) => Ok(count),
        Err(error) => Err(format!("{error}")),
    }
}

/// A number of bytes with an optional K, M or G for powers of 1024.
fn parse_bytes(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let number: u64 = digits
        .parse()
        .map_err(|_| format!("{text:?} is no number of bytes, such as 512K or 64M"))?;
    let unit = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" | "B" => 1,
        "K" | "KB" | "KIB" => 1 << 10,
        "M" | "MB" | "MIB" => 1 << 20,
        "G" | "GB" | "GIB" => 1 << 30,
        _ => {
            return Err(format!("{text:?} has an unknown unit: K, M and G are known"));
        }
    };
    number.checked_mul(unit).ok_or_else(|| format!("{text:?} is too large"))
}

fn parse_file_name(text: &str) -> Result<String, String> {
    match text.is_empty() || text.contains(['/', '\0']) || text == "." || text == ".." {
        true => Err("a file name without a slash is needed".to_owned()),
        false => Ok(text.to_owned()),
    }
}

/// A path beneath the root: what a request could name.
fn parse_relative(text: &str) -> Result<String, String> {
    let relative = text.trim_start_matches('/');
    let is_plain = |segment: &str| !matches!(segment, "" | "." | "..") && !segment.contains('\0');
    match relative.split('/').all(is_plain) {
        true => Ok(relative.to_owned()),
        false => Err("a file beneath the root is needed, such as index.html".to_owned()),
    }
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
    fn bytes_have_units() {
        for (text, expected) in
            [("0", 0), ("1000", 1000), ("2k", 2048), ("64M", 64 << 20), ("1GiB", 1 << 30)]
        {
            assert_eq!(parse_bytes(text), Ok(expected), "{text}");
        }
        for text in ["", "M", "-1", "1T", "1.5M", "99999999999G"] {
            assert!(parse_bytes(text).is_err(), "{text}");
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

    #[test]
    fn connections_that_upload_leave_descriptors_for_the_rest() {
        let config = Config::parse_from(["tinyhttpd", "--threads", "4", "--writable"]);
        let settings = config.server(1024);
        let left = settings.connection_descriptors_max;
        assert!(left < 1024 && settings.descriptors_each == 3);
        // The last one let in may still hold all that it needs.
        assert_eq!(settings.connections_max - 1 + 3, left);
    }

    #[test]
    fn connections_leave_descriptors_for_the_rest() {
        let config = Config::parse_from(["tinyhttpd", "--threads", "4"]);
        for descriptors_max in [64, 1024, 20_000, 1 << 30] {
            let most = config.server(descriptors_max).connections_max;
            assert!(most >= 1 && most < descriptors_max, "{descriptors_max}: {most}");
        }
    }
}
