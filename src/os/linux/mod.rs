//! Linux's own calls.

pub(crate) mod ready_set;
pub(crate) mod stream;
