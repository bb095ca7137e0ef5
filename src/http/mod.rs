//! HTTP as bytes and values: no socket, no file, no thread and no clock is known here.
pub mod body;
pub mod chunked;
pub mod date;
pub mod field;
pub mod forwarded;
mod line;
pub mod method;
pub mod negotiation;
pub mod precondition;
pub mod prefix;
pub mod range;
pub mod reject;
pub mod request;
pub mod response;
pub mod target;
pub mod validator;
pub mod version;
