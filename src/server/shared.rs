//! What all workers have in common, beside the connections.

use super::budget::Budget;
use super::current_site::CurrentSite;
use super::posts::Watch;
use super::ready_set::ReadySet;
use super::settings::Settings;
use super::tickets::Tickets;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

/// What all workers have in common.
pub(super) struct Shared {
    pub ready: ReadySet,
    pub settings: Settings,
    pub tickets: Tickets,
    pub watch: Watch,
    /// Bytes that answers hold in memory.
    pub memory: Arc<Budget>,
    /// Descriptors that connections hold: sockets, and files beside them.
    pub descriptors: Arc<Budget>,
    pub site: CurrentSite,
    /// Whether each answer is the last of its connection. Stays so once the server is stopping.
    pub leaving: AtomicBool,
    pub stopping: AtomicBool,
    pub started: Instant,
}
