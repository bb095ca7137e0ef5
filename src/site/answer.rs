//! What becomes of a request.

use super::archive::Gathering;
use super::leave::Leave;
use super::response::Response;
use super::upload::Upload;

/// What becomes of a request.
pub enum Answer {
    /// The whole answer.
    Response(Response),
    /// The same, but without a line in the access log.
    Unlogged(Response),
    /// None yet, because it takes dear work: a worker that may do it asks again, with this.
    Dear(Leave),
    /// An archive, once it is known what is in it: for a worker that may take the time.
    Archive(Box<Gathering>),
    /// None yet: the dear work is done, and any worker may ask again without a leave.
    Again,
    /// A file for the request's body. It gives the response when the body is whole.
    Upload(Box<Upload>),
}
