//! Everything at once, over IPv4, IPv6 and a Unix socket: whole files and parts, listings, uploads,
//! slow readers, resets and nonsense, under a hail of SIGHUPs. Every body is compared with what it
//! must be.

use crate::Stage;
use crate::soak_client::{Address, Connection};
use crate::support::{table, wrong};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

const CLIENTS_A_SOCKET: usize = 2;

/// Between two SIGHUPs.
const MOMENT: Duration = Duration::from_millis(20);

/// Names and lengths of files that stay as they are: empty, kept in memory, sent by `sendfile`.
const FILES: [(&str, usize); 5] =
    [("empty", 0), ("byte", 1), ("page", 4000), ("long", 100_000), ("longest", 700_000)];

/// One client's view: where it connects, what only it uploads, and its own chance.
struct Visitor<'a> {
    address: &'a Address,
    listing: &'a [u8],
    /// The path that nobody else writes to.
    own: String,
    /// What is there: the number of the upload that made it.
    version: Option<usize>,
    uploads: usize,
    chance: u64,
}

type Act = fn(&mut Visitor) -> io::Result<()>;

const ACTS: [(&str, Act); 11] = [
    ("a whole file", whole_file),
    ("a part of a file", part_of_a_file),
    ("what is not modified", not_modified),
    ("a listing", listing),
    ("many at once", many_at_once),
    ("a slow reader", slow_reader),
    ("an upload", upload),
    ("an upload that breaks off", upload_that_breaks_off),
    ("a reset in a head", reset_in_a_head),
    ("a reset in a download", reset_in_a_download),
    ("nonsense", nonsense),
];

/// Visits the server for the seconds of the options. Returns what failed.
pub fn show(stage: &Stage) -> io::Result<Vec<String>> {
    let seconds = stage.options.seconds;
    let root = stage.site.scratch().join("soak");
    build(&root)?;
    println!("All kinds of requests under SIGHUPs for {seconds} s:\n");
    let server = Soaked::start(&stage.options.server, &root)?;
    let counts = [const { AtomicUsize::new(0) }; ACTS.len()];
    let (mut failures, hangups) = visit(&server, Duration::from_secs(seconds), &counts)?;
    failures.extend(server.stop(&root)?);
    let row = |((name, _), count): (&(&str, Act), &AtomicUsize)| {
        vec![name.to_string(), count.load(Ordering::Relaxed).to_string()]
    };
    let mut rows: Vec<_> = ACTS.iter().zip(&counts).map(row).collect();
    rows.push(vec!["SIGHUP".to_owned(), hangups.to_string()]);
    table::print(&["what", "times"], &rows);
    Ok(failures.into_iter().map(|failure| format!("soak: {failure}")).collect())
}

/// Has all clients act until the time is over. Returns what failed, and the count of SIGHUPs.
fn visit(
    server: &Soaked,
    time: Duration,
    counts: &[AtomicUsize],
) -> io::Result<(Vec<String>, usize)> {
    let listing = Connection::open(&server.addresses[0])?.get("/list/", LISTING)?.body;
    let end = Instant::now() + time;
    let visitors = server.addresses.iter().flat_map(|address| [address; CLIENTS_A_SOCKET]);
    thread::scope(|scope| {
        let visits: Vec<_> = visitors
            .enumerate()
            .map(|(number, address)| {
                let visitor = Visitor::new(number, address, &listing);
                scope.spawn(move || visitor.act_until(end, counts))
            })
            .collect();
        let mut hangups = 0;
        while visits.iter().any(|visit| !visit.is_finished()) {
            server.signal(Signal::HUP)?;
            hangups += 1;
            thread::sleep(MOMENT);
        }
        let failed = |visit: thread::ScopedJoinHandle<Option<String>>| {
            visit.join().unwrap_or_else(|_| Some("a client panicked".to_owned()))
        };
        Ok((visits.into_iter().filter_map(failed).collect(), hangups))
    })
}

/// The program over three sockets. It is ended when this is dropped.
struct Soaked {
    child: Child,
    addresses: Vec<Address>,
}

impl Soaked {
    fn start(program: &Path, root: &Path) -> io::Result<Soaked> {
        let socket = beside(root, "socket");
        let mut child = Command::new(program)
            .args(["--list", "--writable", "--port", "0", "-q", "--bind", "127.0.0.1"])
            .args(["--bind", "::1", "--bind", &format!("unix:{}", socket.display()), "--root"])
            .arg(root)
            .stdout(Stdio::piped())
            .stderr(File::create(beside(root, "stderr"))?)
            .spawn()?;
        let stdout = child.stdout.take().ok_or_else(|| wrong("no pipe"))?;
        let mut server = Soaked { child, addresses: Vec::new() };
        for line in BufReader::new(stdout).lines().take(3) {
            let line = line?;
            let place = line.strip_prefix("listening on ").unwrap_or_default();
            let inet = place.strip_prefix("http://").map(|place| place.trim_end_matches('/'));
            let address = inet.map_or(Some(Address::Unix(socket.clone())), |place| {
                place.parse().ok().map(Address::Inet)
            });
            server.addresses.push(address.ok_or_else(|| wrong(format!("no address: {line:?}")))?);
        }
        match server.addresses.len() {
            3 => Ok(server),
            _ => Err(wrong("it does not listen on three sockets")),
        }
    }

    fn signal(&self, signal: Signal) -> io::Result<()> {
        Ok(kill_process(Pid::from_child(&self.child), signal)?)
    }

    /// Ends the program. Returns what is wrong with its end and with what it leaves.
    fn stop(mut self, root: &Path) -> io::Result<Vec<String>> {
        self.signal(Signal::TERM)?;
        let status = self.child.wait()?;
        let said = fs::read_to_string(beside(root, "stderr"))?;
        let left = fs::read_dir(root)?.map(|entry| Ok(entry?.file_name()));
        let left: Vec<_> = left.collect::<io::Result<_>>()?;
        let is_hidden = |name: &&std::ffi::OsString| name.to_string_lossy().starts_with('.');
        let mut failures = Vec::new();
        if !status.success() || !said.is_empty() {
            failures.push(format!("it ended with {status} and said: {said}"));
        }
        failures.extend(left.iter().filter(is_hidden).map(|name| format!("it left {name:?}")));
        Ok(failures)
    }
}

impl Drop for Soaked {
    fn drop(&mut self) {
        // It has ended, or is to.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn beside(root: &Path, name: &str) -> PathBuf {
    root.with_file_name(format!("soak.{name}"))
}

/// The document root, dated an hour ago, so that its files may be kept.
fn build(root: &Path) -> io::Result<()> {
    fs::create_dir_all(root.join("list"))?;
    let listed = (0..50).map(|number| (format!("list/{number}"), number));
    let files = FILES.iter().map(|&(name, length)| (name.to_owned(), length));
    for (name, length) in files.chain(listed) {
        fs::write(root.join(&name), content(&name, length))?;
        let date = SystemTime::now() - Duration::from_secs(3600);
        File::open(root.join(&name))?.set_modified(date)?;
    }
    Ok(())
}

/// Bytes that name their own position, and whose they are.
fn content(name: &str, length: usize) -> Vec<u8> {
    let line = |at: usize| format!("{at:08} {name}\n").into_bytes();
    let mut bytes = Vec::with_capacity(length + 64);
    while bytes.len() < length {
        bytes.extend(line(bytes.len()));
    }
    bytes.truncate(length);
    bytes
}

const LISTING: &str = "Accept: application/json\r\n";

impl<'a> Visitor<'a> {
    fn new(number: usize, address: &'a Address, listing: &'a [u8]) -> Visitor<'a> {
        let own = format!("/own-{number}");
        let chance = 0x9E37_79B9_7F4A_7C15 ^ (number as u64 + 1);
        Visitor { address, listing, own, version: None, uploads: 0, chance }
    }

    /// Returns what failed first.
    fn act_until(mut self, end: Instant, counts: &[AtomicUsize]) -> Option<String> {
        while Instant::now() < end {
            let number = self.below(ACTS.len());
            let (name, act) = ACTS[number];
            if let Err(error) = act(&mut self) {
                return Some(format!("{name}, {:?}: {error}", self.address));
            }
            counts[number].fetch_add(1, Ordering::Relaxed);
        }
        None
    }

    /// A number below `count` (xorshift64).
    fn below(&mut self, count: usize) -> usize {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        (self.chance % count as u64) as usize
    }

    fn file(&mut self) -> (String, Vec<u8>) {
        let (name, length) = FILES[self.below(FILES.len())];
        (format!("/{name}"), content(name, length))
    }

    /// What an upload of this number holds; some are in memory, some sent by `sendfile`.
    fn upload(&self, number: usize) -> Vec<u8> {
        content(&format!("{} {number}", self.own), [10, 5000, 300_000][number % 3])
    }

    /// What is at the own path must be the last upload that was whole.
    fn check_own(&mut self) -> io::Result<()> {
        let answer = Connection::open(self.address)?.get(&self.own, "")?;
        match self.version {
            Some(number) => judge(answer.status == 200 && answer.body == self.upload(number)),
            None => judge(answer.status == 404),
        }
    }
}

fn judge(is_right: bool) -> io::Result<()> {
    is_right.then_some(()).ok_or_else(|| wrong("another answer"))
}

fn whole_file(visitor: &mut Visitor) -> io::Result<()> {
    let (path, content) = visitor.file();
    let mut connection = Connection::open(visitor.address)?;
    for _ in 0..3 {
        let answer = connection.get(&path, "")?;
        judge(answer.status == 200 && answer.body == content)?;
    }
    Ok(())
}

fn part_of_a_file(visitor: &mut Visitor) -> io::Result<()> {
    let (path, content) = visitor.file();
    if content.is_empty() {
        return Ok(());
    }
    let first = visitor.below(content.len());
    let last = first + visitor.below(content.len() - first);
    let range = format!("Range: bytes={first}-{last}\r\n");
    let answer = Connection::open(visitor.address)?.get(&path, &range)?;
    judge(answer.status == 206 && answer.body == content[first..=last])
}

fn not_modified(visitor: &mut Visitor) -> io::Result<()> {
    let (path, _) = visitor.file();
    let mut connection = Connection::open(visitor.address)?;
    let tag = connection.get(&path, "")?.field("ETag");
    let answer = connection.get(&path, &format!("If-None-Match: {tag}\r\n"))?;
    judge(answer.status == 304 && answer.body.is_empty())
}

fn listing(visitor: &mut Visitor) -> io::Result<()> {
    let answer = Connection::open(visitor.address)?.get("/list/", LISTING)?;
    judge(answer.status == 200 && answer.body == visitor.listing)
}

fn many_at_once(visitor: &mut Visitor) -> io::Result<()> {
    let files: Vec<_> = (0..20).map(|_| visitor.file()).collect();
    let mut connection = Connection::open(visitor.address)?;
    // Less than what the sockets hold, so that asking never waits for the answers.
    files.iter().try_for_each(|(path, _)| connection.ask("GET", path, ""))?;
    files.iter().try_for_each(|(_, content)| {
        let answer = connection.answer()?;
        judge(answer.status == 200 && answer.body == *content)
    })
}

fn slow_reader(visitor: &mut Visitor) -> io::Result<()> {
    let (name, length) = FILES[FILES.len() - 1];
    let mut connection = Connection::open(visitor.address)?;
    connection.ask("GET", &format!("/{name}"), "")?;
    let answer = connection.answer_by(64 * 1024, || thread::sleep(Duration::from_millis(2)))?;
    judge(answer.status == 200 && answer.body == content(name, length))
}

fn upload(visitor: &mut Visitor) -> io::Result<()> {
    visitor.uploads += 1;
    let number = visitor.uploads;
    let body = visitor.upload(number);
    let mut connection = Connection::open(visitor.address)?;
    let length = format!("Content-Length: {}\r\n", body.len());
    connection.ask("PUT", &visitor.own, &length)?;
    connection.send(&body)?;
    let expected = if visitor.version.is_some() { 204 } else { 201 };
    judge(connection.answer()?.status == expected)?;
    visitor.version = Some(number);
    visitor.check_own()
}

fn upload_that_breaks_off(visitor: &mut Visitor) -> io::Result<()> {
    let mut connection = Connection::open(visitor.address)?;
    connection.ask("PUT", &visitor.own, "Content-Length: 100000\r\n")?;
    connection.send(&[b'x'; 50_000])?;
    connection.reset()?;
    visitor.check_own()
}

fn reset_in_a_head(visitor: &mut Visitor) -> io::Result<()> {
    let mut connection = Connection::open(visitor.address)?;
    connection.send(b"GET / HTTP/1.1\r\nHos")?;
    connection.reset()
}

fn reset_in_a_download(visitor: &mut Visitor) -> io::Result<()> {
    let mut connection = Connection::open(visitor.address)?;
    connection.ask("GET", "/longest", "")?;
    connection.reset()
}

fn nonsense(visitor: &mut Visitor) -> io::Result<()> {
    let mut connection = Connection::open(visitor.address)?;
    connection.send(b"GET / and more HTTP/1.1\r\n\r\n")?;
    judge(connection.answer()?.status == 400)
}
