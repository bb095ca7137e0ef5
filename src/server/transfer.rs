//! An answer's bytes on their way: what of its head and body is still to be sent.

use super::drained::Drained;
use super::socket::{Blocking, Sent, Socket};
use crate::limits::{BLOCKING_BYTES_MAX, JOINED_BYTES_MAX, SENDFILE_BYTES_MAX};
use crate::site::archive::{Archive, Part};
use crate::site::response::Body;
use std::borrow::Cow;
use std::io;
use std::sync::Arc;

/// Parts of an archive that one push may send: with small files, they take about as long as a turn
/// may last.
const PARTS_MAX: usize = 64;

/// How far a push came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pushed {
    /// All is with the kernel.
    Whole,
    /// The socket takes no more now.
    Blocked(Drained),
    /// The socket would take more, but others should have their turn.
    Paused,
    /// The client has not kept up with a call that waited for it.
    Slow,
}

/// One answer being sent.
#[derive(Debug)]
pub(super) struct Transfer<'a> {
    /// The head, and a short body behind it.
    front: Cow<'a, [u8]>,
    /// Bytes of `front` that were sent.
    front_sent: usize,
    /// What is left of the body behind `front`; of an archive, of its part.
    body: Body,
    /// What of an archive comes behind `body`.
    archive: Option<Box<Archive>>,
    /// Bytes of the head.
    head_bytes: u64,
    /// Bytes of head and body sent so far.
    sent: u64,
}

impl<'a> Transfer<'a> {
    /// `head` is to go out, then `body`. A short body is copied behind the head, to be sent as one
    /// piece.
    pub(super) fn new(head: &'a mut Vec<u8>, body: Body) -> Transfer<'a> {
        let head_bytes = head.len() as u64;
        let (body, archive) = match body {
            Body::Archive(archive) => (Body::Empty, Some(archive)),
            body => (body, None),
        };
        let body = match in_memory(&body) {
            Some(bytes) if bytes.len() <= JOINED_BYTES_MAX => {
                head.extend_from_slice(bytes);
                Body::Empty
            }
            _ => body,
        };
        Transfer { front: Cow::Borrowed(head), front_sent: 0, body, archive, head_bytes, sent: 0 }
    }

    /// The same transfer with a copy of what it borrowed and has not sent, for an answer that
    /// waits.
    pub(super) fn into_owned(self) -> Transfer<'static> {
        let rest = self.front[self.front_sent..].to_vec();
        Transfer {
            front: Cow::Owned(rest),
            front_sent: 0,
            body: self.body,
            archive: self.archive,
            head_bytes: self.head_bytes,
            sent: self.sent,
        }
    }

    /// Bytes of head and body sent so far.
    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    /// Bytes of the body sent so far.
    pub(super) fn body_sent(&self) -> u64 {
        self.sent.saturating_sub(self.head_bytes)
    }

    /// Bytes that it holds in memory while it waits.
    pub(super) fn held_bytes(&self) -> u64 {
        let body = match &self.body {
            // However little of them is left, all of them are held.
            Body::Bytes(bytes, _) => bytes.len(),
            Body::Empty | Body::File(..) | Body::Archive(_) => 0,
        };
        let archive = self.archive.as_ref().map_or(0, |archive| archive.held_bytes());
        (self.front.len() + body) as u64 + archive
    }

    /// Descriptors that it holds while it waits.
    pub(super) fn held_descriptors(&self) -> u64 {
        u64::from(matches!(self.body, Body::File(..)) || self.archive.is_some())
    }

    /// Sends what the socket takes: at most [`SENDFILE_BYTES_MAX`] of a file, [`PARTS_MAX`] parts
    /// of an archive, and with `blocking` at most [`BLOCKING_BYTES_MAX`] from memory.
    ///
    /// With `blocking` it waits for the client within the bound of SO_SNDTIMEO.
    ///
    /// # Errors
    ///
    /// The socket's; `UnexpectedEof` where the file has become shorter than was promised; and that
    /// of an archive whose next file is not as it was.
    pub(super) fn push(&mut self, socket: &mut Socket, blocking: Blocking) -> io::Result<Pushed> {
        let pause = self.sent.saturating_add(SENDFILE_BYTES_MAX);
        for _ in 0..PARTS_MAX {
            match self.push_part(socket, blocking)? {
                Pushed::Whole if self.archive.is_none() => return Ok(Pushed::Whole),
                Pushed::Whole => self.begin_part()?,
                pushed => return Ok(pushed),
            }
            if self.sent >= pause {
                break;
            }
        }
        Ok(Pushed::Paused)
    }

    /// Begins with the next part of an archive.
    fn begin_part(&mut self) -> io::Result<()> {
        let Some(mut archive) = self.archive.take() else { return Ok(()) };
        let Part { bytes, file } = archive.next_part()?;
        self.archive = (!archive.is_over()).then_some(archive);
        (self.front, self.front_sent) = (Cow::Owned(bytes), 0);
        self.body = match file {
            Some((file, length)) => Body::File(Arc::new(file), 0..length),
            None => Body::Empty,
        };
        Ok(())
    }

    /// Sends what the socket takes of `front` and `body`.
    fn push_part(&mut self, socket: &mut Socket, blocking: Blocking) -> io::Result<Pushed> {
        while self.has_memory() {
            match self.push_memory(socket, blocking)? {
                Sent::WouldBlock(drained) => return Ok(Pushed::Blocked(drained)),
                Sent::Bytes(count) if blocking == Blocking::Yes => {
                    let kept_up = count >= BLOCKING_BYTES_MAX || !self.has_memory();
                    return Ok(self.after_blocking(kept_up));
                }
                Sent::Bytes(_) => {}
            }
        }
        self.push_file(socket, blocking)
    }

    /// Whether bytes in memory are to be sent next.
    fn has_memory(&self) -> bool {
        self.front_sent < self.front.len() || in_memory(&self.body).is_some()
    }

    /// What a call that waited for the client says of it; `kept_up` that it took all it was
    /// offered.
    fn after_blocking(&self, kept_up: bool) -> Pushed {
        match (self.body.length() == 0 && self.front_sent == self.front.len(), kept_up) {
            (true, _) => Pushed::Whole,
            (false, true) => Pushed::Paused,
            (false, false) => Pushed::Slow,
        }
    }

    /// The rest of the front and, where the body is in memory, of the body, in one call.
    fn push_memory(&mut self, socket: &Socket, blocking: Blocking) -> io::Result<Sent> {
        let front = &self.front[self.front_sent..];
        let body = in_memory(&self.body).unwrap_or_default();
        let body = match blocking {
            Blocking::No => body,
            Blocking::Yes => &body[..body.len().min(BLOCKING_BYTES_MAX)],
        };
        let sent = match (front, body) {
            (front, b"") => {
                let more = matches!(self.body, Body::File(..)) || self.archive.is_some();
                socket.send(front, more, blocking)?
            }
            (b"", body) => socket.send(body, false, blocking)?,
            (front, body) => socket.send_both(front, body, blocking)?,
        };
        if let Sent::Bytes(count) = sent {
            let of_front = count.min(front.len());
            self.front_sent += of_front;
            self.sent += of_front as u64;
            self.note_body_sent((count - of_front) as u64);
        }
        Ok(sent)
    }

    fn push_file(&mut self, socket: &mut Socket, blocking: Blocking) -> io::Result<Pushed> {
        let Body::File(file, interval) = &self.body else { return Ok(Pushed::Whole) };
        let file = Arc::clone(file);
        let mut position = interval.start;
        let end = interval.end;
        let pause = end.min(position + SENDFILE_BYTES_MAX);
        while position < pause {
            let count = usize::try_from(pause - position).unwrap_or(usize::MAX);
            match socket.send_file(&file, position, count, blocking)? {
                Sent::WouldBlock(drained) => return Ok(Pushed::Blocked(drained)),
                Sent::Bytes(0) => {
                    let message = "the file has become shorter";
                    return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
                }
                Sent::Bytes(sent) => {
                    position += sent as u64;
                    self.note_body_sent(sent as u64);
                    if blocking == Blocking::Yes && sent < count {
                        return Ok(Pushed::Slow);
                    }
                }
            }
        }
        Ok(if position < end { Pushed::Paused } else { Pushed::Whole })
    }

    fn note_body_sent(&mut self, sent: u64) {
        self.sent += sent;
        self.body.advance(sent);
    }
}

/// The bytes of a body that is in memory; `None` of one that is not, or has no bytes.
fn in_memory(body: &Body) -> Option<&[u8]> {
    let bytes = match body {
        Body::Bytes(bytes, interval) => &bytes[interval.clone()],
        Body::Empty | Body::File(..) | Body::Archive(_) => return None,
    };
    (!bytes.is_empty()).then_some(bytes)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::http::date::Timestamp;
    use crate::http::request::{Parsed, parse};
    use crate::server::socket::Peer;
    use crate::site::response::InMemory;
    use crate::site::{Settings, Site};
    use rustix::net::sockopt::{Timeout, set_socket_timeout};
    use std::fs::{self, File};
    use std::io::{Read, Write};
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;
    use std::time::Duration;
    use tempfile::TempDir;

    /// Bytes that no socket holds.
    const LONG: usize = 4 << 20;

    fn pair() -> (UnixStream, Socket) {
        let (client, socket) = UnixStream::pair().expect("sockets");
        // As every accepted socket has it.
        let time = Some(Duration::from_millis(10));
        set_socket_timeout(&socket, Timeout::Send, time).expect("an option");
        (client, Socket::new(OwnedFd::from(socket), Peer::Unix).expect("a socket"))
    }

    fn bytes(length: usize) -> Vec<u8> {
        (0..length).map(|at| (at / 7) as u8).collect()
    }

    fn file(length: usize) -> File {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(&bytes(length)).expect("room");
        file
    }

    /// Pushes until all is sent, to a client that reads whenever no more goes; what has come.
    fn push_all(mut transfer: Transfer, socket: &mut Socket, client: &mut UnixStream) -> Vec<u8> {
        client.set_nonblocking(true).expect("an option");
        let mut received = Vec::new();
        let mut blocked = 0;
        loop {
            let pushed = transfer.push(socket, Blocking::No).expect("no error");
            let _ = client.read_to_end(&mut received);
            match pushed {
                Pushed::Whole => break,
                Pushed::Blocked(_) => blocked += 1,
                Pushed::Paused => {}
                Pushed::Slow => panic!("nothing waits for the client"),
            }
        }
        assert!(blocked > 0, "short sends are what this is about");
        assert_eq!(transfer.sent(), received.len() as u64);
        received
    }

    #[test]
    fn a_short_body_goes_out_with_the_head_in_one_piece() {
        let (mut client, mut socket) = pair();
        let mut head = b"head".to_vec();
        let mut transfer = Transfer::new(&mut head, Body::text(b"body".to_vec()));
        assert_eq!(transfer.push(&mut socket, Blocking::No).expect("room"), Pushed::Whole);
        assert_eq!((transfer.sent(), transfer.body_sent()), (8, 4));
        let mut received = [0; 9];
        assert_eq!(client.read(&mut received).expect("bytes"), 8);
        assert_eq!(&received[..8], b"headbody");
    }

    #[test]
    fn what_is_sent_in_pieces_arrives_whole() {
        let whole = [b"head".to_vec(), bytes(LONG)].concat();
        let bodies = [Body::text(bytes(LONG)), Body::File(Arc::new(file(LONG)), 0..LONG as u64)];
        for body in bodies {
            let (mut client, mut socket) = pair();
            let mut head = b"head".to_vec();
            let mut transfer = Transfer::new(&mut head, body);
            let pushed = transfer.push(&mut socket, Blocking::No).expect("no error");
            assert!(matches!(pushed, Pushed::Blocked(_)), "{pushed:?}");
            let sent = transfer.sent();
            // Nothing goes without room, and nothing is counted.
            let pushed = transfer.push(&mut socket, Blocking::No).expect("no error");
            assert!(matches!(pushed, Pushed::Blocked(_)), "{pushed:?}");
            assert_eq!(transfer.sent(), sent);
            let transfer = transfer.into_owned();
            assert!(push_all(transfer, &mut socket, &mut client) == whole);
        }
    }

    /// The archive of a directory with a hundred short files and these, and all its bytes. Its
    /// files are in the directory.
    fn archive(others: &[(&str, usize)]) -> (TempDir, Body, Vec<u8>) {
        let root = tempfile::tempdir().expect("a directory");
        let write = |name: &str, length| fs::write(root.path().join(name), bytes(length));
        for (name, length) in others {
            write(name, *length).expect("a file");
        }
        for number in 0..100 {
            write(&format!("short{number}"), number * 5).expect("a file");
        }
        let settings =
            Settings { root: root.path().to_owned(), archives: true, ..Settings::default() };
        let site = Site::open(settings).expect("a site");
        let head = b"GET /?archive=tar HTTP/1.1\r\nHost: a\r\n\r\n";
        let Parsed::Complete { request, .. } = parse(head) else { panic!("it is a request") };
        let body = site.respond(&request, Timestamp::from_seconds(0)).body;
        let Body::Archive(mut archive) = body.clone() else { panic!("{body:?}") };
        let mut whole = Vec::new();
        while !archive.is_over() {
            let Part { bytes, file } = archive.next_part().expect("a part");
            whole.extend(bytes);
            if let Some((file, length)) = file {
                file.take(length).read_to_end(&mut whole).expect("bytes");
            }
        }
        (root, body, whole)
    }

    #[test]
    fn an_archive_arrives_whole_part_by_part() {
        let (_root, body, whole) = archive(&[("a", LONG), ("z", LONG + 1)]);
        assert_eq!(body.length(), whole.len() as u64);
        let (mut client, mut socket) = pair();
        let mut head = b"head".to_vec();
        let transfer = Transfer::new(&mut head, body);
        assert!(transfer.held_bytes() > 4 && transfer.held_descriptors() == 1);
        let received = push_all(transfer.into_owned(), &mut socket, &mut client);
        assert!(received[4..] == whole);
    }

    #[test]
    fn a_client_that_takes_an_archive_is_not_taken_for_slow() {
        let (_root, body, whole) = archive(&[]);
        let (mut client, mut socket) = pair();
        let mut head = b"head".to_vec();
        let mut transfer = Transfer::new(&mut head, body);
        client.set_nonblocking(true).expect("an option");
        let mut received = Vec::new();
        let mut pushed = Pushed::Paused;
        while pushed != Pushed::Whole {
            assert_eq!(pushed, Pushed::Paused);
            pushed = transfer.push(&mut socket, Blocking::Yes).expect("room");
            let _ = client.read_to_end(&mut received);
        }
        assert!(received[4..] == whole);
    }

    #[test]
    fn a_part_of_a_body_is_exactly_that_part() {
        let (mut client, mut socket) = pair();
        let body = Body::Bytes(InMemory::Page(Arc::from(bytes(LONG))), 5..LONG - 3);
        let mut head = Vec::new();
        let transfer = Transfer::new(&mut head, body);
        assert!(push_all(transfer, &mut socket, &mut client) == bytes(LONG)[5..LONG - 3]);
    }

    #[test]
    fn a_file_that_shrinks_is_an_error_and_nothing_is_padded() {
        let (mut client, mut socket) = pair();
        let mut head = b"head".to_vec();
        let mut transfer = Transfer::new(&mut head, Body::File(Arc::new(file(1000)), 0..2000));
        let error = transfer.push(&mut socket, Blocking::No).expect_err("it is too short");
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(transfer.body_sent(), 1000);
        drop(socket);
        let mut received = Vec::new();
        client.read_to_end(&mut received).expect("an end");
        assert_eq!(received.len(), 1004);
    }

    #[test]
    fn to_wait_for_a_client_that_does_not_read_has_an_end() {
        for body in [Body::text(bytes(LONG)), Body::File(Arc::new(file(LONG)), 0..LONG as u64)] {
            let (_client, mut socket) = pair();
            let mut head = Vec::new();
            let mut transfer = Transfer::new(&mut head, body);
            let mut pushes = 0;
            // It keeps up as long as the socket has room for whole pieces, and then no more.
            while transfer.push(&mut socket, Blocking::Yes).expect("no error") == Pushed::Paused {
                pushes += 1;
            }
            assert!(pushes <= LONG / BLOCKING_BYTES_MAX, "{pushes}");
            assert!(transfer.sent() < LONG as u64);
        }
    }

    /// The time that a call may block begins anew with each piece that the kernel takes, so it is
    /// given a bounded number of them.
    #[test]
    fn a_call_that_waits_for_a_client_is_given_few_bytes() {
        let (_client, mut socket) = pair();
        let mut head = Vec::new();
        let mut transfer = Transfer::new(&mut head, Body::text(bytes(LONG)));
        let first = transfer.push(&mut socket, Blocking::Yes).expect("no error");
        assert_eq!((first, transfer.sent()), (Pushed::Paused, BLOCKING_BYTES_MAX as u64));
    }

    #[test]
    fn an_answer_holds_its_bytes_and_no_file() {
        let mut head = b"head".to_vec();
        assert_eq!(Transfer::new(&mut head, Body::text(bytes(5000))).held_bytes(), 5004);
        head.truncate(4);
        let body = Body::File(Arc::new(file(5000)), 0..5000);
        assert_eq!(Transfer::new(&mut head, body).held_bytes(), 4);
    }
}
