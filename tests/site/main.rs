//! The site without a socket: a temporary document root is asked by raw heads, and its responses
//! are looked at as values.

mod archive;
mod conditional;
mod fallbacks;
mod fields;
mod hosts;
mod listing;
mod mounts;
mod paths;
mod precompressed;
mod prefix;
mod range;
#[path = "../refused/mod.rs"]
mod refused;
mod refused_openat2;
mod roots;
mod support;
