//! What the room's own tests share: a pool without threads, whose turns the test takes itself.

use super::budget::Budget;
use super::connection::{Connection, Fate};
use super::current_site::CurrentSite;
use super::pool::Pool;
use super::posts::Watch;
use super::ready_set::ReadySet;
use super::settings::Settings;
use super::shared::Shared;
use super::slot::News;
use super::socket::{Peer, Socket};
use super::tickets::{Dear, Tickets};
use super::worker::Worker;
use crate::site::{self, Site};
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;
use tempfile::TempDir;

/// A pool over a root with `/file`, which is `content`.
pub(super) struct Room {
    pub pool: Pool,
    pub root: TempDir,
}

impl Room {
    pub(super) fn new() -> Room {
        Room::with(|_, _| {})
    }

    pub(super) fn with(change: impl FnOnce(&mut site::Settings, &mut Settings)) -> Room {
        let root = tempfile::tempdir().expect("a directory");
        fs::write(root.path().join("file"), "content").expect("a file");
        let mut of_site =
            site::Settings { root: root.path().to_owned(), ..site::Settings::default() };
        let mut settings = Settings::default();
        change(&mut of_site, &mut settings);
        let shared = Shared {
            ready: ReadySet::new().expect("a set"),
            tickets: Tickets::new([], 1, 1),
            watch: Watch::new(2),
            memory: Arc::new(Budget::new(settings.memory_max)),
            descriptors: Arc::new(Budget::new(settings.connection_descriptors_max as u64)),
            site: CurrentSite::new(Arc::new(Site::open(of_site).expect("a site"))),
            leaving: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            started: Instant::now(),
            settings,
        };
        Room { pool: Pool::new(shared, Vec::new()), root }
    }

    pub(super) fn worker(&self) -> Worker<'_> {
        Worker::new(&self.pool, 0)
    }

    /// A connection fresh from accept, and its client.
    pub(super) fn connect(&self, worker: &mut Worker) -> (Connection, Client) {
        let (client, socket) = UnixStream::pair().expect("sockets");
        client.set_nonblocking(true).expect("an option");
        let socket = Socket::new(OwnedFd::from(socket), Peer::Unix).expect("a socket");
        let mut connection = None;
        worker.turn(None, |turn, _| {
            connection = Some(Connection::new(socket, turn.clock, &self.pool.shared));
        });
        (connection.expect("a turn"), Client(client))
    }

    /// One turn of a waiter for the connection.
    pub(super) fn go_on(
        &self,
        connection: &mut Connection,
        news: News,
        worker: &mut Worker,
    ) -> Fate {
        self.go_on_for(connection, news, None, worker)
    }

    /// One turn for the connection, for dear work where that is given.
    pub(super) fn go_on_for(
        &self,
        connection: &mut Connection,
        news: News,
        dear: Option<Dear>,
        worker: &mut Worker,
    ) -> Fate {
        let mut fate = Fate::Close;
        worker.turn(dear, |turn, buffers| {
            fate = connection.go_on(news, turn, buffers);
        });
        fate
    }
}

/// The other end of a connection, which never waits.
pub(super) struct Client(UnixStream);

impl Client {
    pub(super) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).expect("room");
    }

    /// All that has come and was not read yet.
    pub(super) fn received(&mut self) -> String {
        let mut bytes = Vec::new();
        match self.0.read_to_end(&mut bytes) {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
        String::from_utf8(bytes).expect("UTF-8")
    }
}
