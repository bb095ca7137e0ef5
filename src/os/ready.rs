//! What a connection may wait for in the ready set, and what it is told.

/// What a connection may wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interest {
    /// Bytes from the client, or its end.
    Readable,
    /// That, and room for more of the answer.
    ReadableOrWritable,
}

/// A change that the kernel tells one waiter of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A connection can go on.
    Ready {
        /// The number that the connection was added with.
        number: usize,
        /// Whether the client has ended its side, or the connection has failed.
        hung_up: bool,
    },
    /// Something was announced (see `ReadySet::announce`).
    Announced,
}
