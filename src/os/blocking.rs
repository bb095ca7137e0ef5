//! Whether a call may wait.

/// Whether a call may wait for the client, for [`BLOCK_TIME`](crate::limits::BLOCK_TIME) at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocking {
    No,
    Yes,
}
