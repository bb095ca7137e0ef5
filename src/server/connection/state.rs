//! The states of a connection, as data. The files beside this one go on with them, one each.

use crate::http::body::BodyReader;
use crate::http::version::Version;
use crate::server::access_log::Entry;
use crate::server::budget::Held;
use crate::server::drained::{Drained, InLine};
use crate::server::pace::Pace;
use crate::server::transfer::Transfer;
use crate::site::Leave;
use crate::site::upload::Upload;

/// What a connection waits for, or could go on with.
pub(super) enum State {
    /// A request, or the rest of its head.
    Head(Head),
    /// The rest of a request's body.
    Body(Box<Body>),
    /// Its turn to put an upload in its place.
    WholeBody(Box<WholeBody>),
    /// Room in the socket for the rest of an answer.
    Answer(Box<Answer>),
    /// The client's end, after an answer that ends the connection.
    Linger(Linger),
}

/// The result of going on with a state.
pub(super) enum Next {
    /// There may be more to do at once, in this state.
    Now(State),
    /// There is nothing to do before news comes.
    Wait(State, Drained),
    /// There may be more to do at once, but others have their turn first.
    GiveWay(State),
    /// The connection is over.
    Close,
}

/// A connection that waits for a request, or for its turn to have dear work done.
#[derive(Default)]
pub(super) struct Head {
    /// Bytes received and not yet answered: a part of a head, or whole requests.
    pub unread: Vec<u8>,
    /// How many of them the parser has judged to be a good beginning.
    pub judged: usize,
    /// When the first byte of the present head came, in milliseconds of the server's clock.
    pub began: u64,
    pub queued: Option<Queued>,
    /// Whether a whole request is among the bytes that waits for a descriptor.
    pub lacks_descriptor: bool,
}

/// The first request in the unread bytes takes dear work, and waits for its turn.
pub(super) struct Queued {
    pub leave: Leave,
    pub in_line: InLine,
}

/// A body that is being received.
pub(super) struct Body {
    pub upload: Box<Upload>,
    pub reader: BodyReader,
    /// For the answer, whatever it will be.
    pub entry: Option<Entry<'static>>,
    pub version: Version,
    pub wants_persistence: bool,
    pub pace: Pace,
    /// The descriptors of its file and of the file's directory.
    pub _held: Held,
    /// Bytes received behind the body: the next request.
    pub unread: Vec<u8>,
}

/// A body that is whole. To put its file in its place waits for the disk, so it waits for its turn.
pub(super) struct WholeBody {
    pub body: Box<Body>,
    pub in_line: InLine,
}

/// What becomes of the connection after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// It goes on with the next request.
    Persist,
    /// It is closed; the client has nothing more to say.
    Close,
    /// It is closed so that the answer arrives although the client may still be sending.
    Linger,
}

/// An answer that the client has not taken at once.
pub(super) struct Answer {
    pub transfer: Transfer<'static>,
    pub after: After,
    pub entry: Option<Entry<'static>>,
    pub pace: Pace,
    /// Whether the client was too slow for a worker to block on it.
    pub is_slow: bool,
    /// Requests behind the one that is answered, as they were received.
    pub unread: Vec<u8>,
    /// Its shares of the budgets of memory and of descriptors.
    pub _held: [Held; 2],
}

/// A connection that waits for its client's end.
#[derive(Default)]
pub(super) struct Linger {
    /// Bytes thrown away so far.
    pub drained: u64,
}

impl Head {
    /// A connection with these bytes to be read.
    pub(super) fn with(unread: Vec<u8>) -> Head {
        Head { unread, ..Head::default() }
    }
}

impl Default for State {
    /// A connection without a byte of a request.
    fn default() -> State {
        State::Head(Head::default())
    }
}
