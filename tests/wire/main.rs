//! The server over real sockets, and the program as a user runs it: one file a subject, one client
//! for all.

mod accept;
mod blocked;
mod calls;
mod chunked;
mod command;
mod deadlines;
mod denied;
mod descriptors;
mod disk;
mod document_root;
mod hangup;
mod head;
mod hostile;
mod inherited;
mod leftovers;
mod limits;
mod log;
mod malformed;
mod memory;
mod notify;
mod permissions;
mod persistence;
mod put;
mod reuse_port;
mod roots;
mod shutdown;
mod sockets;
mod stop;
mod support;
mod turn;
mod unread_log;
