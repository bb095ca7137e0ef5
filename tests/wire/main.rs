//! The server over real sockets, and the program as a user runs it: one file a subject, one client
//! for all.

mod accept;
mod access_file;
mod blocked;
mod calls;
mod check;
mod chunked;
mod collection;
mod command;
mod deadlines;
mod denied;
mod descriptors;
mod disk;
mod document_root;
mod drain;
mod environment;
mod forwarded;
mod hangup;
mod head;
mod health;
mod hostile;
mod inherited;
mod leftovers;
mod limits;
mod log;
mod malformed;
mod memory;
mod notify;
mod other_sites;
mod passwords;
mod permissions;
mod persistence;
mod prefix;
mod put;
#[path = "../refused/mod.rs"]
mod refused;
mod refused_openat2;
mod removal;
mod reuse_port;
mod roots;
mod shutdown;
mod sockets;
mod stop;
mod support;
mod turn;
mod unread_log;
