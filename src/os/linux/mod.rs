//! Linux's own calls.

pub(crate) mod descriptors;
pub(crate) mod files;
pub(crate) mod listening;
pub(crate) mod programs;
pub(crate) mod ready_set;
pub(crate) mod sockets;
pub(crate) mod stream;
