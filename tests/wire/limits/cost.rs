//! What waits is cheap.

use super::{HALF_HEAD, expect_answer, put_files};
use crate::support::{Client, Program, wait_until};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::thread;

/// The test's own limit of descriptors, raised as far as it goes.
fn raise_descriptor_limit() {
    let hard = getrlimit(Resource::Nofile).maximum;
    let raised = Rlimit { current: hard, maximum: hard };
    setrlimit(Resource::Nofile, raised).expect("a limit");
}

#[test]
fn idle_connection_costs_at_most_1_kib() {
    raise_descriptor_limit();
    let root = tempfile::tempdir().expect("a directory");
    put_files(root.path());
    let arguments = ["-q", "--threads", "4", "--keep-alive", "600"];
    let program = Program::start(root.path(), &arguments);
    for _ in 0..100 {
        expect_answer(&mut Client::new(program.address));
    }
    let before = program.status("VmRSS");
    let mut clients: Vec<_> = (0..2000).map(|_| Client::new(program.address)).collect();
    clients.iter_mut().for_each(expect_answer);
    let grown = program.status("VmRSS").saturating_sub(before);
    // 1 MiB is for what workers touch for the first time: stacks, buffers, the allocator's rooms.
    assert!(grown <= 2000 + 1024, "{grown} KiB");
    // The main thread, the watcher, the housekeeper, and the workers: 4, one to begin with as a
    // spare, and one for each accept loop.
    let cores = thread::available_parallelism().map_or(1, usize::from);
    assert_eq!(program.status("Threads"), 3 + 4 + 1 + cores.min(3) as u64);
}

#[test]
fn half_read_head_costs_at_most_what_a_head_may_and_gives_it_back() {
    let root = tempfile::tempdir().expect("a directory");
    put_files(root.path());
    let program = Program::start(root.path(), &["-q", "--threads", "4"]);
    let mut clients: Vec<_> = (0..100).map(|_| Client::new(program.address)).collect();
    clients.iter_mut().for_each(expect_answer);
    let before = program.status("VmRSS");
    let field = format!("X: {}\r\n", "x".repeat(6000));
    for _ in 0..5 {
        for client in &mut clients {
            client.send(HALF_HEAD);
            client.send(field.repeat(5));
        }
        let grown = || program.status("VmRSS").saturating_sub(before);
        wait_until("they are read", || grown() > 100 * 24);
        assert!(grown() <= 100 * 32 + 1024, "{} KiB", grown());
        for client in &mut clients {
            client.send("\r\n");
            client.reply().expect_status(200);
        }
    }
    let grown = program.status("VmRSS").saturating_sub(before);
    assert!(grown <= 100 * 32 + 1024, "{grown} KiB");
}
