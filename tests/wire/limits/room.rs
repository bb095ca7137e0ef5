//! The limit of connections: who makes room, and who is waited for.

use super::{HALF_HEAD, begin_download, expect_answer, fixture, put_files};
use crate::support::{Client, Fixture, Program, get, serving, under, wait_until};
use std::io::Read;
use std::thread;
use std::time::{Duration, Instant};

/// No time of the server ends what is tested: only the event itself can.
const AN_HOUR: Duration = Duration::from_secs(3600);

/// Waits until the clock of the server, which counts milliseconds, has gone on.
fn let_a_millisecond_pass() {
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(2) {
        thread::yield_now();
    }
}

#[test]
fn idle_ones_stay_while_nobody_needs_their_place() {
    let fixture = fixture(|server| server.connections_max = 2);
    let mut first = fixture.client();
    expect_answer(&mut first);
    let_a_millisecond_pass();
    let mut second = fixture.client();
    for _ in 0..100 {
        expect_answer(&mut second);
    }
    expect_answer(&mut first);
    assert_eq!(fixture.server.connections(), 2);
}

#[test]
fn longest_idle_makes_room() {
    let fixture = fixture(|server| server.connections_max = 3);
    let mut idle: Vec<_> = (0..3).map(|_| fixture.client()).collect();
    for client in &mut idle {
        expect_answer(client);
        let_a_millisecond_pass();
    }
    let mut new = fixture.client();
    expect_answer(&mut new);
    idle.remove(0).expect_closed();
    idle.iter_mut().for_each(expect_answer);
    expect_answer(&mut new);
}

#[test]
fn without_an_idle_one_the_backlog_holds() {
    let fixture = fixture(|server| server.connections_max = 2);
    let mut half = fixture.client();
    half.send(HALF_HEAD);
    let mut download = fixture.client();
    begin_download(&mut download, "/endless");
    wait_until("both are taken in", || fixture.server.connections() == 2);
    let mut waiting = [fixture.client(), fixture.client()];
    for client in &mut waiting {
        client.send(get("/file"));
    }
    half.send("Connection: close\r\n\r\n");
    half.reply().expect_status(200);
    for client in &mut waiting {
        client.reply().expect_status(200);
        assert!(fixture.server.connections() <= 2);
    }
    let mut some = vec![0; 1 << 20];
    download.stream.read_exact(&mut some).expect("more of it");
}

#[test]
fn connection_that_never_asked_makes_room_too() {
    let fixture = Fixture::with(|_, server| {
        server.connections_max = 3;
        server.head_time = AN_HOUR;
        server.idle_time = AN_HOUR;
    });
    let connect = |count| {
        let client = fixture.client();
        wait_until("it is taken in", || fixture.server.connections() == count);
        client
    };
    let silent = [1, 2, 3].map(connect);
    let mut new = fixture.client();
    new.send(get("/missing"));
    new.reply().expect_status(404);
    let has_ended = |client: &&Client| {
        let stream = client.stream.get_ref();
        stream.set_nonblocking(true).expect("an option");
        matches!(stream.peek(&mut [0]), Ok(0))
    };
    wait_until("one has ended", || silent.iter().any(|client| has_ended(&client)));
    assert_eq!(silent.iter().filter(has_ended).count(), 1);
}

/// At the limit of connections, a client that has sent next to nothing on many of them keeps nobody
/// out until its heads are late: the oldest of them makes room.
#[test]
fn half_sent_heads_of_one_client_keep_nobody_out() {
    // Nothing but room for another ends a head.
    let fixture = fixture(|server| {
        server.connections_max = 4;
        server.head_time = Duration::from_secs(3600);
    });
    let mut half_heads: Vec<_> = (0..4).map(|_| fixture.client()).collect();
    for client in &mut half_heads {
        client.send("G");
    }
    wait_until("all are in", || fixture.server.connections() == 4);
    expect_answer(&mut fixture.client());
    // Which of them it is, is for the clock to say: they began within a millisecond.
    let mut closed = None;
    wait_until("one of them is closed", || {
        closed = half_heads.iter().position(Client::is_answered);
        closed.is_some()
    });
    half_heads.remove(closed.expect("one of them")).expect_closed();
    half_heads[2].send("ET /file HTTP/1.0\r\n\r\n");
    half_heads[2].reply().expect_status(200);
}

/// And whoever only waits for its client's end makes room at once.
#[test]
fn connections_that_linger_keep_nobody_out() {
    let fixture = fixture(|server| {
        server.connections_max = 4;
        server.linger_time = Duration::from_secs(3600);
    });
    let mut lingering: Vec<_> = (0..4).map(|_| fixture.client()).collect();
    for client in &mut lingering {
        client.send("is no request\r\n\r\n");
        client.reply().expect_status(400);
    }
    for _ in 0..8 {
        expect_answer(&mut fixture.client());
    }
}

#[test]
fn connections_default_to_what_the_limit_of_open_files_allows() {
    let root = tempfile::tempdir().expect("a directory");
    put_files(root.path());
    let command = serving(root.path(), &["-v", "--threads", "4"]);
    let program = Program::spawn(&mut under("ulimit -n 64", &command));
    let before = program.descriptors().len();
    // Each from an address of its own, so that none of them has to make room.
    let client = |number| Client::numbered(number, program.address);
    let mut clients: Vec<_> = (1..=50).map(client).collect();
    for client in &mut clients {
        client.send(HALF_HEAD);
    }
    // 64 without 24 for the process, 4 for its workers, and 8 for kept files; and one is left for
    // the file that the last of them may ask for.
    wait_until("27 are in", || program.descriptors().len() >= before + 27);
    for client in &mut clients {
        client.send("Connection: close\r\n\r\n");
        client.reply().expect_status(200);
        assert!(program.descriptors().len() <= before + 28 + 4 + 4 + 8);
    }
    drop(clients);
    let said = program.stop();
    assert!(said.contains("open files: Some(64) at most"), "{said}");
}
