//! What the server is told about itself: how many workers and connections, and how long anything
//! may take.

use crate::http::forwarded::TrustedProxies;
use crate::limits;
use std::time::Duration;

/// Numbers and times of one server. Tests make them small.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Workers for connections, all of them started at once; at least one.
    pub threads: usize,
    /// Connections held at a time; beyond it the kernel's backlog holds them.
    pub connections_max: usize,
    /// Descriptors the process may have open (RLIMIT_NOFILE): no connection's number reaches it.
    pub descriptors_max: usize,
    /// Descriptors that connections may hold together: a socket each, and files beside it.
    pub connection_descriptors_max: usize,
    /// Descriptors that must be left for a connection to be let in, so that it can be answered.
    pub descriptors_each: usize,
    /// Whether other processes may listen on the same ports (SO_REUSEPORT).
    pub reuse_port: bool,
    /// See [`limits::HEAD_TIME`].
    pub head_time: Duration,
    /// See [`limits::IDLE_TIME`]; zero turns persistence off.
    pub idle_time: Duration,
    /// See [`limits::WRITE_TIME`].
    pub write_time: Duration,
    /// Bytes that answers may hold in memory while their clients do not read; see
    /// [`limits::MEMORY_BYTES`].
    pub memory_max: u64,
    /// See [`limits::BODY_TIME`].
    pub body_time: Duration,
    /// See [`limits::LINGER_TIME`].
    pub linger_time: Duration,
    /// See [`limits::GRACE_TIME`].
    pub grace_time: Duration,
    /// The proxies whose X-Forwarded-For names the client in the access log.
    pub trusted_proxies: TrustedProxies,
}

impl Settings {
    /// The same for a process that may have `descriptors_max` descriptors, of which `kept` are for
    /// kept files.
    ///
    /// What is not kept back for the process and its workers is for connections: a socket each, and
    /// beside it the file that it is sent, or while it uploads two more. There are as many
    /// connections at a time as fit.
    pub fn sharing_descriptors(
        self,
        descriptors_max: usize,
        kept: usize,
        is_writable: bool,
    ) -> Settings {
        let reserved =
            limits::DESCRIPTORS_RESERVED.saturating_add(self.threads).saturating_add(kept);
        let each = match is_writable {
            true => limits::UPLOAD_DESCRIPTORS,
            false => limits::ANSWER_DESCRIPTORS,
        };
        let left = descriptors_max.saturating_sub(reserved).max(each);
        Settings {
            descriptors_max,
            connection_descriptors_max: left,
            descriptors_each: each,
            connections_max: left - each + 1,
            ..self
        }
    }
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            threads: 16,
            connections_max: 512,
            descriptors_max: 1024,
            connection_descriptors_max: 1024,
            descriptors_each: limits::ANSWER_DESCRIPTORS,
            reuse_port: false,
            head_time: limits::HEAD_TIME,
            idle_time: limits::IDLE_TIME,
            write_time: limits::WRITE_TIME,
            memory_max: limits::MEMORY_BYTES,
            body_time: limits::BODY_TIME,
            linger_time: limits::LINGER_TIME,
            grace_time: limits::GRACE_TIME,
            trusted_proxies: TrustedProxies::default(),
        }
    }
}
