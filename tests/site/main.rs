//! The site without a socket: a temporary document root is asked by raw heads, and its responses
//! are looked at as values.

mod archive;
mod conditional;
mod errors;
mod fallbacks;
mod fields;
mod filter;
mod hosts;
mod kodi;
mod listing;
mod mounts;
mod paths;
mod precompressed;
mod prefix;
mod range;
mod readme;
mod refused_openat2;
mod roots;
#[path = "../support/mod.rs"]
mod support;
mod upload_page;
mod validators;
