//! The floor: what is left of a server without HTTP, a loop per core that answers whatever it is
//! asked with the same bytes.
//!
//! It runs as a process of its own (this program again, with [`ARGUMENT`] first), so that its time
//! is counted like any server's.

use crate::support::wrong;
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::fs::sendfile;
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::thread;

/// The first argument, which makes this program the bare loop; status, bytes of the body, `keep` or
/// `close`, and at times a file follow.
pub const ARGUMENT: &str = "--bare-loop";

/// As many as the peers have workers, on fewer cores fewer.
const LOOPS_MAX: usize = 2;
const LISTENER: u64 = u64::MAX;

/// Serves for ever.
pub fn serve(mut arguments: impl Iterator<Item = String>) -> io::Result<()> {
    let mut next = || arguments.next().ok_or_else(|| wrong("the bare loop lacks an argument"));
    let status = next()?;
    let length: usize = next()?.parse().map_err(|_| wrong("not a length"))?;
    let keeps = next()? == "keep";
    let file = next().ok();
    let listener = TcpListener::bind("127.0.0.1:0")?;
    rustix::net::sockopt::set_tcp_nodelay(&listener, true)?;
    println!("listening on http://{}/", listener.local_addr()?);
    let head = head(&status, length, keeps);
    if let Some(path) = file {
        return send_files(&listener, &head, &path, length);
    }
    let answer = [head.into_bytes(), vec![b'x'; length]].concat();
    listener.set_nonblocking(true)?;
    let loops = thread::available_parallelism()?.get().min(LOOPS_MAX);
    thread::scope(|scope| {
        let loops: Vec<_> = (0..loops)
            .map(|_| scope.spawn(|| Loop::new(&listener, &answer, keeps)?.turn()))
            .collect();
        let mut ended = loops.into_iter().map(|each| each.join());
        ended.try_for_each(|end| end.unwrap_or_else(|_| Err(wrong("a loop panicked"))))
    })
}

fn head(status: &str, length: usize, keeps: bool) -> String {
    let connection = if keeps { "keep-alive" } else { "close" };
    let length = match status {
        "304" => String::new(),
        _ => format!("Content-Length: {length}\r\n"),
    };
    format!("HTTP/1.1 {status} OK\r\n{length}Connection: {connection}\r\n\r\n")
}

/// For a large file: a thread for each connection, blocked in one `sendfile`.
fn send_files(listener: &TcpListener, head: &str, path: &str, length: usize) -> io::Result<()> {
    thread::scope(|scope| {
        loop {
            let (mut stream, _) = listener.accept()?;
            scope.spawn(move || -> io::Result<()> {
                let file = File::open(path)?;
                let mut request = [0; 4096];
                while stream.read(&mut request)? > 0 {
                    stream.write_all(head.as_bytes())?;
                    let mut position = 0;
                    while (position as usize) < length {
                        sendfile(&stream, &file, Some(&mut position), length)?;
                    }
                }
                Ok(())
            });
        }
    })
}

/// One thread's connections. Each is a place in `connections`, whose number is the event's data.
struct Loop<'a> {
    ready: OwnedFd,
    listener: &'a TcpListener,
    answer: &'a [u8],
    keeps: bool,
    connections: Vec<Option<TcpStream>>,
    free: Vec<usize>,
}

impl<'a> Loop<'a> {
    fn new(listener: &'a TcpListener, answer: &'a [u8], keeps: bool) -> io::Result<Loop<'a>> {
        let ready = epoll::create(CreateFlags::CLOEXEC)?;
        let events = EventFlags::IN | EventFlags::EXCLUSIVE;
        epoll::add(&ready, listener, EventData::new_u64(LISTENER), events)?;
        Ok(Loop { ready, listener, answer, keeps, connections: Vec::new(), free: Vec::new() })
    }

    fn turn(&mut self) -> io::Result<()> {
        let mut events = Vec::with_capacity(64);
        loop {
            events.clear();
            epoll::wait(&self.ready, spare_capacity(&mut events), None)?;
            for event in &events {
                match event.data.u64() {
                    LISTENER => self.accept()?,
                    place => self.answer(place as usize),
                }
            }
        }
    }

    /// Takes all connections that have come, unless the other loop was faster.
    fn accept(&mut self) -> io::Result<()> {
        while let Ok((stream, _)) = self.listener.accept() {
            let place = self.free.pop().unwrap_or(self.connections.len());
            epoll::add(&self.ready, &stream, EventData::new_u64(place as u64), EventFlags::IN)?;
            match self.connections.get_mut(place) {
                Some(free) => *free = Some(stream),
                None => self.connections.push(Some(stream)),
            }
        }
        Ok(())
    }

    /// Answers what has come as one request; forgets a connection that has ended or shall end.
    fn answer(&mut self, place: usize) {
        let Some(stream) = &mut self.connections[place] else {
            return;
        };
        let mut request = [0; 4096];
        let goes_on = match stream.read(&mut request) {
            Ok(0) | Err(_) => false,
            Ok(_) => stream.write_all(self.answer).is_ok() && self.keeps,
        };
        if !goes_on {
            self.connections[place] = None;
            self.free.push(place);
        }
    }
}
