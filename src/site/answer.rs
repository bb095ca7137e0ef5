//! What becomes of a request.

use super::archive::Gathering;
use super::listing::ListingAsked;
use super::response::Response;
use super::upload::Upload;

/// What becomes of a request.
pub enum Answer {
    /// The whole answer.
    Response(Response),
    /// The same, but without a line in the access log.
    Unlogged(Response),
    /// A listing, which is dear: a worker that may take the time asks again, with this.
    Listing(ListingAsked),
    /// An archive, once it is known what is in it: for a worker that may take the time.
    Archive(Box<Gathering>),
    /// A file for the request's body. It gives the response when the body is whole.
    Upload(Box<Upload>),
}
