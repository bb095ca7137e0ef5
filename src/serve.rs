//! A server within a program, above all within its tests: started by one call, stopped when it is
//! dropped.

use crate::limits;
use crate::server::{self, BindAddress, Server, TrustedProxy, bind_all};
use crate::site::content_type::parse_override;
use crate::site::{
    self, CacheRule, Prefix, Site, parse_field, parse_file_name, parse_health, parse_host,
    parse_relative,
};
use rustix::process::{Resource, getrlimit};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

/// Workers unless [`Builder::threads`] says otherwise: one waits, the other may block.
const THREADS: usize = 2;

/// Serves the files of `root` at a free port of 127.0.0.1, until the value returned is dropped.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// let server = tinyhttpd::serve("www")?;
/// assert!(server.url("/index.html").starts_with("http://127.0.0.1:"));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// See [`Builder::start`].
pub fn serve(root: impl AsRef<Path>) -> io::Result<RunningServer> {
    Builder::new(root).start()
}

/// A server that is to be started. Each method is the option of that name of the program;
/// `tinyhttpd --help` and the README say more about them.
///
/// Unless told otherwise, the server listens at a free port of 127.0.0.1, has two workers, and
/// cuts off whatever is in flight when it is dropped. It sets up no log and catches no signal: what
/// it logs goes to the [`log`] crate's logger, if the program has one.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// let server = tinyhttpd::Builder::new("www")
///     .list(true)
///     .header("X-Frame-Options: DENY")
///     .cache_control("/files/*=max-age=60")
///     .start()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is served before `start`"]
pub struct Builder {
    site: site::Settings,
    server: server::Settings,
    addresses: Vec<BindAddress>,
    port: u16,
    backlog: i32,
    connections_max: usize,
    /// What was wrong first.
    refused: Option<String>,
}

impl Builder {
    /// A server of the files beneath `root`.
    pub fn new(root: impl AsRef<Path>) -> Builder {
        let site = site::Settings {
            root: root.as_ref().to_owned(),
            machine_names: server::machine_names(),
            ..site::Settings::default()
        };
        let server = server::Settings {
            threads: THREADS,
            grace_time: Duration::ZERO,
            ..server::Settings::default()
        };
        let (addresses, backlog) = (Vec::new(), limits::BACKLOG);
        let connections_max = limits::CONNECTIONS_MAX;
        Builder { site, server, addresses, port: 0, backlog, connections_max, refused: None }
    }

    /// The port for every IP address of [`Builder::bind`]; 0, which is the default, takes any free
    /// one.
    pub fn port(mut self, port: u16) -> Builder {
        self.port = port;
        self
    }

    /// One more address to listen at, in place of 127.0.0.1: IPv4, IPv6, a host name, or
    /// `unix:PATH`.
    pub fn bind(mut self, address: &str) -> Builder {
        let parsed = address.parse().map_err(|error| self.refuse(address, error));
        self.addresses.extend(parsed);
        self
    }

    /// Whether other processes may listen on the same ports.
    pub fn reuse_port(mut self, is_shared: bool) -> Builder {
        self.server.reuse_port = is_shared;
        self
    }

    /// The names of index files, in the order in which they are looked for.
    pub fn index<S: AsRef<str>>(mut self, names: impl IntoIterator<Item = S>) -> Builder {
        self.site.index.clear();
        for name in names {
            let name = name.as_ref();
            let parsed = parse_file_name(name).map_err(|error| self.refuse(name, error));
            self.site.index.extend(parsed);
        }
        self
    }

    /// Whether directories without an index file are listed.
    pub fn list(mut self, lists: bool) -> Builder {
        self.site.lists = lists;
        self
    }

    /// Whether a directory can be had as a tar archive, by `?archive=tar`.
    pub fn archive(mut self, archives: bool) -> Builder {
        self.site.archives = archives;
        self
    }

    /// Whether names that start with a dot are served.
    pub fn hidden(mut self, serves_hidden: bool) -> Builder {
        self.site.serves_hidden = serves_hidden;
        self
    }

    /// The file beneath the root that answers for an unknown path that asks for HTML.
    pub fn spa(mut self, file: &str) -> Builder {
        let parsed = parse_relative(file).map_err(|error| self.refuse(file, error));
        self.site.fallback = parsed.ok();
        self
    }

    /// Whether `/about` finds `about.html`.
    pub fn clean_urls(mut self, finds_pages: bool) -> Builder {
        self.site.clean_urls = finds_pages;
        self
    }

    /// Whether each directory of the root is the root of the host that it is named for.
    pub fn vhosts(mut self, by_host: bool) -> Builder {
        self.site.by_host = by_host;
        self
    }

    /// Whether `FILE.br`, `FILE.zst` and `FILE.gz` are sent for `FILE` to clients that accept them.
    pub fn precompressed(mut self, is_looked_for: bool) -> Builder {
        self.site.precompressed = is_looked_for;
        self
    }

    /// `NAME=TYPE`: the media type of an extension, or of a whole file name.
    pub fn media_type(mut self, rule: &str) -> Builder {
        let parsed = parse_override(rule).map_err(|error| self.refuse(rule, error));
        self.site.types.extend(parsed);
        self
    }

    /// `PATTERN=VALUE`: the Cache-Control of the paths that match; the first rule that matches
    /// counts.
    pub fn cache_control(mut self, rule: &str) -> Builder {
        let parsed = CacheRule::parse(rule).map_err(|error| self.refuse(rule, error));
        self.site.cache_control.extend(parsed);
        self
    }

    /// `Name: value`, a field line for every answer.
    pub fn header(mut self, line: &str) -> Builder {
        let parsed = parse_field(line).map_err(|error| self.refuse(line, error));
        self.site.fields.extend(parsed);
        self
    }

    /// Whether scripts of every origin may read the answers.
    pub fn cors(mut self, is_for_all: bool) -> Builder {
        self.site.cross_origin = is_for_all;
        self
    }

    /// Whether clients may create, replace and remove files. They have to ask by an address,
    /// `localhost`, or a name of this machine, and not by a page of another site.
    pub fn writable(mut self, is_writable: bool) -> Builder {
        self.site.writable = is_writable;
        self
    }

    /// One more name of this server, by which clients may write. Once one is given, reading by
    /// another name is refused too.
    pub fn host(mut self, name: &str) -> Builder {
        let parsed = parse_host(name).map_err(|error| self.refuse(name, error));
        self.site.hosts.extend(parsed);
        self
    }

    /// Bytes of one request's body at most.
    pub fn max_body(mut self, bytes: u64) -> Builder {
        self.site.body_bytes_max = bytes;
        self
    }

    /// Workers for connections, at least 1.
    pub fn threads(mut self, count: usize) -> Builder {
        self.server.threads = count.max(1);
        self
    }

    /// Connections held at a time, at least 1.
    pub fn max_connections(mut self, count: usize) -> Builder {
        self.connections_max = count.max(1);
        self
    }

    /// The kernel's queue of connections that wait to be accepted (listen(2)).
    pub fn backlog(mut self, count: i32) -> Builder {
        self.backlog = count;
        self
    }

    /// The time that a connection may rest between two requests; zero closes it after each.
    pub fn keep_alive(mut self, time: Duration) -> Builder {
        self.server.idle_time = time;
        self
    }

    /// The time in which a client must take something of its answer.
    pub fn write_timeout(mut self, time: Duration) -> Builder {
        self.server.write_time = time;
        self
    }

    /// The time that requests in flight have when the server is stopped; zero cuts them off.
    pub fn grace(mut self, time: Duration) -> Builder {
        self.server.grace_time = time;
        self
    }

    /// Bytes of files kept in memory; 0 keeps none.
    pub fn cache_size(mut self, bytes: u64) -> Builder {
        self.site.kept.bytes_max = bytes;
        self
    }

    /// Bytes that answers may hold in memory while their clients do not read.
    pub fn body_memory(mut self, bytes: u64) -> Builder {
        self.server.memory_max = bytes;
        self
    }

    /// What every path begins with, such as `/files`: it is cut off, and other paths are 404.
    pub fn prefix(mut self, path: &str) -> Builder {
        let parsed = Prefix::parse(path).map_err(|error| self.refuse(path, error));
        self.site.prefix = parsed.unwrap_or_default();
        self
    }

    /// One more proxy whose X-Forwarded-For names the client in the access log: an address, a
    /// network such as `10.0.0.0/8`, or `unix`.
    pub fn trusted_proxy(mut self, network: &str) -> Builder {
        let parsed = TrustedProxy::parse(network).map_err(|error| self.refuse(network, error));
        self.server.trusted_proxies.extend(parsed);
        self
    }

    /// The path that is answered with 200 and without a look at a file.
    pub fn health(mut self, path: &str) -> Builder {
        let parsed = parse_health(path).map_err(|error| self.refuse(path, error));
        self.site.health = parsed.ok();
        self
    }

    /// Starts the server. It accepts connections when this returns.
    ///
    /// # Errors
    ///
    /// `InvalidInput` where a method was given what it cannot be, with a sentence that says so;
    /// else the error of the call that failed, with what it was about: the root cannot be opened,
    /// an address cannot be bound, the process is out of threads or descriptors.
    pub fn start(mut self) -> io::Result<RunningServer> {
        if let Some(refused) = self.refused {
            return Err(io::Error::new(ErrorKind::InvalidInput, refused));
        }
        if self.addresses.is_empty() {
            self.addresses.push(BindAddress::Host("127.0.0.1".to_owned()));
        }
        let (kept, is_writable) = (self.site.kept.descriptors_max, self.site.writable);
        let settings = self.server.sharing_descriptors(descriptors_max(), kept, is_writable);
        let connections_max = settings.connections_max.min(self.connections_max);
        let settings = server::Settings { connections_max, ..settings };
        let site = Site::open(self.site)?;
        let listeners = bind_all(&self.addresses, self.port, self.backlog, &settings)
            .map_err(io::Error::other)?;
        Server::start(listeners, site, settings).and_then(RunningServer::new)
    }

    /// Notes why `text` cannot be used, for [`Builder::start`] to tell.
    fn refuse(&mut self, text: &str, reason: String) {
        self.refused.get_or_insert_with(|| format!("{text:?}: {reason}"));
    }
}

/// Descriptors that this process may have open; its limit stays as it is.
fn descriptors_max() -> usize {
    let limit = getrlimit(Resource::Nofile).current;
    limit.and_then(|count| usize::try_from(count).ok()).unwrap_or(usize::MAX).min(1 << 20)
}

/// A server that runs until it is dropped.
///
/// A drop takes milliseconds, whatever connections clients keep, and leaves neither a thread nor a
/// socket behind: resting connections are closed, and what is in flight after [`Builder::grace`] is
/// cut off. Only a disk that holds a read up holds the drop up.
#[must_use = "it stops when it is dropped"]
pub struct RunningServer {
    /// `None` in `drop` only.
    server: Option<Server>,
    /// What comes before a path in a URL; a Unix socket's own name where none is on TCP.
    base: String,
    address: Option<SocketAddr>,
}

impl RunningServer {
    fn new(server: Server) -> io::Result<RunningServer> {
        let address = server.listeners().find_map(|listener| listener.local_address());
        let base = match (address, server.listeners().next()) {
            (Some(address), _) => format!("http://{address}"),
            (None, Some(listener)) => listener.url()?,
            (None, None) => String::new(),
        };
        Ok(RunningServer { server: Some(server), base, address })
    }

    /// The URL of `path`, which starts with a slash, at the first TCP address.
    ///
    /// A server of Unix sockets alone has no URLs; this is `unix:` with the socket's path and then
    /// `path`.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The first TCP address; `None` where all sockets are Unix ones.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Connections now, those that rest among them.
    pub fn connections(&self) -> usize {
        self.server.as_ref().map_or(0, Server::connections)
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop_and_join();
        }
    }
}
