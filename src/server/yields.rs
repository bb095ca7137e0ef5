//! How little is lost when a connection makes room for another.

/// What is lost when a connection makes room for another; the least comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Yields {
    /// It only lingers after its last answer.
    Lingering,
    /// It rests between two requests, or never had one.
    Resting,
    /// It has sent a part of a head: taken only from the client with the most connections.
    HalfAHead,
}
