//! HTTP as bytes and values: no socket, no file, no thread and no clock is known here.
pub mod authority;
pub mod body;
pub mod chunked;
pub mod date;
pub mod field;
mod line;
pub mod method;
pub mod negotiation;
pub mod path;
pub mod precondition;
pub mod range;
pub mod reject;
pub mod request;
pub mod response;
pub mod status;
pub mod target;
pub mod validator;
pub mod version;
