//! Deadlines: from when they count, and what they end.

use crate::support::{Client, Program, get, tampered, wait_until};
use std::fs::{self, File};
use std::mem;
use std::process::Command;
use tempfile::TempDir;

/// Bytes of `/long`, which is sent with sendfile and fits into the sockets.
const LONG: u64 = 300 * 1024;

fn root() -> TempDir {
    let root = tempfile::tempdir().expect("a directory");
    fs::write(root.path().join("a"), "content").expect("a file");
    let long = File::create(root.path().join("long")).expect("a file");
    long.set_len(LONG).expect("a sparse file");
    let big = File::create(root.path().join("big")).expect("a file");
    big.set_len(1 << 30).expect("a sparse file");
    root
}

fn ask(client: &mut Client) {
    client.send(get("/a"));
    client.reply().expect_status(200);
}

/// Whether the whole of the long answer is there.
fn has_come(client: &Client) -> bool {
    let mut bytes = vec![0; 2 * LONG as usize];
    let stream = client.stream.get_ref();
    stream.set_nonblocking(true).expect("an option");
    let count = stream.peek(&mut bytes).unwrap_or(0);
    stream.set_nonblocking(false).expect("an option");
    count as u64 > LONG
}

/// Whether a connection whose long answer has ended just now is closed before one whose last answer
/// was a little earlier.
fn long_answer_is_closed_first(program: &Program) -> bool {
    let mut long = Client::new(program.address);
    long.widen();
    ask(&mut long);
    long.send(get("/long"));
    let [mut earlier, mut latest] = [0, 1].map(|_| Client::new(program.address));
    loop {
        ask(&mut latest);
        if has_come(&long) {
            break;
        }
        mem::swap(&mut earlier, &mut latest);
    }
    assert_eq!(long.reply().expect_status(200).body.len() as u64, LONG);
    long.expect_closed();
    // It has rested for longer, so it is closed too: by the same sweep, or one before.
    let mut other = Client::new(program.address);
    (0..100).for_each(|_| ask(&mut other));
    !earlier.is_answered()
}

/// The disk takes longer for an answer than a connection may rest.
#[test]
fn idle_time_counts_from_the_end_of_the_answer() {
    let root = root();
    let tampering = ["-e", "trace=sendfile", "-e", "inject=sendfile:delay_enter=1500ms"];
    let arguments = ["-q", "--keep-alive", "1", "--threads", "4"];
    let Some(program) = tampered(root.path(), &tampering, &arguments) else { return };
    // One sweep closes both, but may be held up in between; not each time.
    let is_closed_first = (0..3).all(|_| long_answer_is_closed_first(&program));
    assert!(!is_closed_first);
}

#[test]
fn who_takes_nothing_for_the_write_time_is_cut() {
    let root = root();
    let arguments = ["-q", "--write-timeout", "1", "--threads", "4"];
    let program = Program::start(root.path(), &arguments);
    let mut other = Client::new(program.address);
    ask(&mut other);
    let before = program.descriptors().len();
    let mut deaf: Vec<_> = (0..5).map(|_| Client::with_small_buffer(program.address)).collect();
    for client in &mut deaf {
        client.send(get("/big"));
    }
    wait_until("they have begun", || deaf.iter().all(Client::is_answered));
    assert!(program.descriptors().len() >= before + deaf.len());
    // A file that is asked for often may be kept open.
    wait_until("they are cut", || program.descriptors().len() <= before + 1);
}

#[test]
fn write_time_is_two_minutes_unless_the_user_says_otherwise() {
    let program = env!("CARGO_BIN_EXE_tinyhttpd");
    let help = Command::new(program).arg("--help").output().expect("the program");
    let help = String::from_utf8(help.stdout).expect("UTF-8");
    let option = help.split("--write-timeout ").nth(1).expect("the option");
    let option = option.split("\n      --").next().expect("its text");
    // The help is wrapped, inside of this too.
    let words: Vec<_> = option.split_whitespace().collect();
    assert!(words.join(" ").contains("[default: 120]"), "{option}");
}
