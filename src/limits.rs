//! The limits and times that a client, a file system or an option can meet: each with its unit, its
//! reason, and what happens when it is reached. A number that only one algorithm knows (how often
//! it tries anew, in how many parts it works) stands beside that algorithm.
//!
//! What a user may set (`--keep-alive`, `--threads`, ...) starts from the value here.

use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Bytes of the request line without its line end; a longer one is answered with 414 (RFC 9112 §3
/// asks for 8000 at least).
pub const REQUEST_LINE_BYTES_MAX: usize = 8 * 1024;

/// Bytes of a whole head, from its first byte to the empty line; a longer one is answered with 431.
/// It is also what one waiting connection can make the server remember.
pub const HEAD_BYTES_MAX: usize = 32 * 1024;

/// Field lines in one head; more are answered with 431. Browsers send about 15.
pub const FIELD_LINES_MAX: usize = 100;

/// Empty lines skipped before a request line (RFC 9112 §2.2 asks for one at least); more are
/// answered with 400.
pub const EMPTY_LINES_MAX: usize = 4;

/// The time for a whole head, from accept or from its first byte; no byte restarts it. Answers
/// slowloris with 408.
pub const HEAD_TIME: Duration = Duration::from_secs(10);

/// The time a persistent connection may rest between two requests, unless `--keep-alive` says
/// otherwise.
pub const IDLE_TIME: Duration = Duration::from_secs(15);

/// The time in which the client must take at least one byte of its answer, unless `--write-timeout`
/// says otherwise; then the connection is closed. A browser's paused download and a laptop's short
/// sleep live through it.
pub const WRITE_TIME: Duration = Duration::from_secs(120);

/// A regular file of this many bytes or more goes out with `sendfile` and is never held in memory;
/// a smaller one is sent from memory in one call with its head. At 100 KiB `sendfile` costs 22 to
/// 27 µs of CPU where memory costs 18.5 (16 connections on loopback, whose receiver pays for
/// page-sized fragments).
pub const SENDFILE_BYTES_MIN: u64 = 256 * 1024;

/// A file of more bytes is sent as a long one is while memory is short, or if it is not kept and its
/// entity-tag is known. A socket takes as many at once.
pub const THRIFTY_BYTES_MIN: u64 = 16 * 1024;

/// Bytes of a body in memory that are copied behind the head to be sent as one piece. At 1 KiB this
/// costs 2 to 4% less CPU a request than to give the kernel a list of two pieces.
pub const JOINED_BYTES_MAX: usize = 4096;

/// The average rate, in bytes a second, that an answer must keep after [`WRITE_TIME`]; a slower one
/// is cut. It ends a trickle that would otherwise live for ever, and is below the slowest modem.
pub const WRITE_RATE_MIN: u64 = 1024;

/// The time a body of a request may take without a byte; then it is answered with 408.
pub const BODY_TIME: Duration = Duration::from_secs(30);

/// The average rate, in bytes a second, that a body must keep after [`BODY_TIME`]; a slower one is
/// answered with 408. As [`WRITE_RATE_MIN`] it ends a trickle.
pub const BODY_RATE_MIN: u64 = 1024;

/// Bytes of a body received in one turn; between two, the worker looks at the clock and at what
/// waits.
pub const RECEIVE_BYTES_MAX: u64 = 1024 * 1024;

/// The time a refused client has to read its answer and close, before the server does (RFC 9112
/// §9.6).
pub const LINGER_TIME: Duration = Duration::from_secs(5);

/// Bytes read and thrown away from a refused client at most, so that an endless body costs a
/// bounded amount of work.
pub const LINGER_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// The time that requests in flight have at shutdown, unless `--grace` says otherwise.
pub const GRACE_TIME: Duration = Duration::from_secs(10);

/// The time that the process may take to end once the grace is over, whatever the disk does; then
/// it ends without its last lines in the log.
pub const END_TIME: Duration = Duration::from_secs(1);

/// The kernel's queue of connections that wait for accept, unless `--backlog` says otherwise.
pub const BACKLOG: i32 = 1024;

/// How often late connections are looked for, and so how late a deadline may be noticed.
pub const SWEEP_INTERVAL: Duration = Duration::from_millis(500);

/// How often the site looks after what it keeps.
pub const HOUSEKEEPING_INTERVAL: Duration = Duration::from_millis(500);

/// How often the watcher looks at the workers while there is work. One that is seen twice in the
/// same turn is held up, so a spare steps in after twice this time at the latest.
pub const LOOK_INTERVAL: Duration = Duration::from_millis(2);

/// Looks without any work after which the watcher sleeps until somebody begins: a wake-up costs
/// some microseconds, so it is not worth it between two requests.
pub const LOOKS_BEFORE_SLEEP: u32 = 25;

/// The time after which a connection that has more to do gives way to others.
pub const TURN_TIME: Duration = Duration::from_millis(2);

/// The time for which a look at a file that was made in a turn is good for further requests of the
/// same turn.
pub const PROOF_TIME: Duration = Duration::from_millis(2);

/// Bytes that answers may hold in memory while their clients do not read, unless `--body-memory`
/// says otherwise. Beyond it a short file is sent as a long one is, and a listing waits.
pub const MEMORY_BYTES: u64 = 64 * 1024 * 1024;

/// The time after which an answer that had no memory, or no descriptor, is tried again.
pub const RETRY_TIME: Duration = Duration::from_millis(500);

/// Threads at most. Each takes three mappings of memory, of which Linux gives a process 65,530
/// (vm.max_map_count), and a thread that gets none of its own cannot even say so.
pub const THREADS_MAX: usize = 16_384;

/// The time after which a connection that has never sent a byte may make room for a new one. It is
/// well above the time between a client's connect and its first byte, so that no honest request is
/// lost.
pub const FRESH_TIME_MIN: Duration = Duration::from_secs(1);

/// Seconds that a new connection stays with the kernel until its first byte; then accept returns it
/// all the same (TCP_DEFER_ACCEPT, tcp(7)). The kernel counts them in its own attempts to reach the
/// client, so it is one at least.
pub const DEFER_SECONDS: usize = 1;

/// Bytes of the access log that a thread gathers before it gives them to the log in one write.
pub const GATHERED_BYTES_MAX: usize = 16 * 1024;

/// The time for which a thread that is never idle gathers lines of the access log; an idle one
/// gives them away at once.
pub const GATHER_TIME: Duration = Duration::from_millis(100);

/// Bytes of the log that wait to be written, where stderr or the access log's file takes none;
/// further lines are lost, and counted. Some 2,500 lines of the access log: a reader that has to
/// wait for a core loses none.
pub const LOG_BYTES_MAX: usize = 256 * 1024;

/// The pause after which stderr is tried again where the kernel says that it takes bytes, and then
/// it takes none.
pub const LOG_PAUSE: Duration = Duration::from_millis(50);

/// The time that the log may take at the start and at the end of the process, or at the end of a file
/// that was moved away, where a disk holds it up.
pub const LOG_END_TIME: Duration = Duration::from_millis(500);

/// The time that `--check` gives a server for its answer, with the look-up of its name; after it
/// there is none.
pub const CHECK_TIME: Duration = Duration::from_secs(5);

/// The pause of an accept loop that the kernel refuses a descriptor or memory; a connection that
/// ends cuts it short.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Errors in a row after which an accept loop pauses, though none says that something has run out.
pub const ACCEPT_ERRORS_MAX: u32 = 16;

/// The time without a new connection after which the kernel's queue is taken for empty, when the
/// server stops: a client needs it between connecting and its first byte.
pub const QUIET_TIME: Duration = Duration::from_millis(20);

/// The time that workers have, after the grace, to end what they are just ending.
pub const SETTLE_TIME: Duration = Duration::from_millis(50);

/// The time without a failed accept that ends a burst of them: only the first of a burst is logged.
pub const BURST_TIME: Duration = Duration::from_secs(5);

/// Bytes that one `sendfile` may send; between two, the worker looks at the clock and at what
/// waits. Measured with 1 GiB to one reader: 256 KiB costs about 400 ms of CPU a GB, 1 MiB 330 and
/// 4 MiB 270; 64 MiB save nothing more.
pub const SENDFILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Bytes from memory that one `send` which may block is given. A Unix socket starts SO_SNDTIMEO
/// anew for each buffer of some 32 KiB, so such a call blocks for three times [`BLOCK_TIME`] at the
/// worst.
pub const BLOCKING_BYTES_MAX: usize = 64 * 1024;

/// The time that one `send` or part of a `sendfile` may block on a client (SO_SNDTIMEO). The kernel
/// starts it anew for each 64 KiB, so one `sendfile` blocks for 64 times as long at the worst.
pub const BLOCK_TIME: Duration = Duration::from_millis(100);

/// The time that a worker stays with one client's answer by blocking; after it, the connection is
/// put back.
pub const STAY_TIME: Duration = Duration::from_secs(1);

/// Descriptors kept back for the process itself: standard streams, the ready set, listening
/// sockets, the root.
pub const DESCRIPTORS_RESERVED: usize = 24;

/// Bytes of one request's body at most, unless `--max-body` says otherwise; a longer one is
/// answered with 413.
pub const BODY_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// Names looked at to find what broken-off uploads have left; what lies beyond them stays, and the
/// log says so.
pub const LEFTOVER_NAMES_MAX: usize = 1_000_000;

/// Descriptors that one connection has open at most while it is answered: its socket, and the file
/// that its client has not taken yet.
pub const ANSWER_DESCRIPTORS: usize = 2;

/// Descriptors that one connection has open at most while it uploads: its socket, the new file, the
/// directory.
pub const UPLOAD_DESCRIPTORS: usize = 3;

/// Bytes of files kept in memory, unless `--cache-size` says otherwise: ten thousand pages.
pub const KEPT_BYTES: u64 = 64 * 1024 * 1024;

/// Connections held at a time at most, unless `--max-connections` says otherwise, however many
/// descriptors there are: half-sent heads of that many take 2 GiB at the worst.
pub const CONNECTIONS_MAX: usize = 65_536;

/// Descriptors of files and directories kept open, at most an eighth of all.
pub const KEPT_DESCRIPTORS_MAX: usize = 1024;

/// The time after which a kept file that nobody asks for is let go of, with the descriptors of the
/// directories on its way; until then, a file system that it lies on cannot be unmounted.
pub const KEPT_TIME: Duration = Duration::from_secs(60);

/// Names looked at for one archive; a folder with more is answered with 403. So many take half a
/// second of one worker, and some 8 MB for as long as the archive is sent.
pub const ARCHIVE_NAMES_MAX: usize = 100_000;

/// Seconds for which a password that was right costs no hash. One that is taken back counts for as
/// long, unless SIGHUP has all of them forgotten.
pub const RIGHT_PASSWORD_SECONDS: i64 = 600;

/// Users, with their passwords, that are known to be right at a time; of more, the one that was
/// used last the longest ago costs a hash again.
pub const RIGHT_PASSWORDS_MAX: NonZeroUsize = NonZeroUsize::new(256).unwrap();

/// Costs of a password's hash, by its logarithm: those of `htpasswd -B`. At 5, its default, a hash
/// takes 2 ms, at 10 some 50 ms, at 17 some seconds. Others are refused when they are read.
pub const HASH_COSTS: RangeInclusive<u32> = 4..=17;

/// Bytes of the file of passwords: 10,000 users. A longer one is refused.
pub const PASSWORDS_BYTES_MAX: u64 = 1024 * 1024;

/// Entries in one listing; of more, the first in the order asked for are shown, and the listing
/// says so. A page with 10,000 has about 2 MB, and is still quick in a browser.
pub const ENTRIES_MAX: usize = 10_000;

/// Bytes of a README that its folder's listing shows; of a longer one it shows the beginning, with
/// a link to the whole.
pub const README_BYTES_MAX: usize = 32 * 1024;
