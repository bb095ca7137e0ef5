//! A server in this process.

use super::{Client, names};
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use tempfile::TempDir;
use tinyhttpd::server::{BindAddress, Server, Settings, bind_all};
use tinyhttpd::site::{self, Site};

/// A server with a root of its own.
pub struct Fixture {
    pub server: Server,
    pub root: TempDir,
}

impl Fixture {
    pub fn new() -> Fixture {
        Fixture::with(|_, _| {})
    }

    pub fn with(change: impl FnOnce(&mut site::Settings, &mut Settings)) -> Fixture {
        Fixture::on(&BindAddress::Host("127.0.0.1".to_owned()), change)
    }

    /// A server that listens on this address.
    pub fn on(
        address: &BindAddress,
        change: impl FnOnce(&mut site::Settings, &mut Settings),
    ) -> Fixture {
        let root = tempfile::tempdir().expect("a directory");
        let mut of_site =
            site::Settings { root: root.path().to_owned(), ..site::Settings::default() };
        let mut of_server = Settings {
            threads: 4,
            // All tests of this process count their descriptors together.
            descriptors_max: 1 << 16,
            ..Settings::default()
        };
        change(&mut of_site, &mut of_server);
        if of_site.by_host {
            fs::create_dir(root.path().join("default")).expect("a directory");
        }
        let site = Site::open(of_site).expect("a site");
        let address = std::slice::from_ref(address);
        let listeners = bind_all(address, 0, 64, &of_server).expect("a socket");
        let server = Server::start(listeners, site, of_server).expect("a server");
        Fixture { server, root }
    }

    pub fn address(&self) -> SocketAddr {
        let listener = self.server.listeners().next().expect("a listener");
        listener.local_address().expect("an address")
    }

    pub fn client(&self) -> Client {
        Client::new(self.address())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub fn file(&self, name: &str, content: &str) {
        fs::write(self.path(name), content).expect("a file");
    }

    pub fn directory(&self, name: &str) {
        fs::create_dir_all(self.path(name)).expect("a directory");
    }

    pub fn content(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("a file in UTF-8")
    }

    pub fn names(&self) -> Vec<String> {
        names(self.root.path())
    }
}
