//! A connection's states, turn by turn, without threads.

use super::super::testing::Room;
use super::*;
use crate::limits::HEAD_BYTES_MAX;
use crate::server::tickets::{Dear, Role};
use std::fs;
use std::time::{Duration, Instant};

const GET: &str = "GET /file HTTP/1.1\r\nHost: a\r\n\r\n";

/// How many answers with this status line there are in `text`.
fn count(text: &str, status_line: &str) -> usize {
    text.matches(&format!("HTTP/1.1 {status_line}\r\n")).count()
}

#[test]
fn a_request_is_answered_and_the_connection_rests() {
    let room = Room::new();
    let mut worker = room.worker();
    let (mut connection, mut client) = room.connect(&mut worker);
    client.send(GET);
    assert_eq!(room.go_on(&mut connection, News::READY, &mut worker), Fate::Wait);
    assert_eq!(count(&client.received(), "200 OK"), 1);
    assert!(connection.rests());
}

#[test]
fn a_head_that_comes_byte_by_byte_is_kept_in_a_buffer_that_grows_three_times() {
    let room = Room::new();
    let mut worker = room.worker();
    let (mut connection, mut client) = room.connect(&mut worker);
    let head = format!("GET /file HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(9000));
    let mut capacities = vec![];
    for byte in head.bytes() {
        client.send([byte]);
        assert_eq!(room.go_on(&mut connection, News::READY, &mut worker), Fate::Wait);
        if let State::Head(head) = &connection.state {
            capacities.push(head.capacity());
        }
    }
    assert_eq!(count(&client.received(), "200 OK"), 1);
    capacities.dedup();
    assert_eq!(capacities, [512, 4096, HEAD_BYTES_MAX, 0]);
}

#[test]
fn half_a_head_that_is_late_gets_408_and_nothing_at_all_gets_nothing() {
    let room = Room::with(|_, server| server.head_time = Duration::ZERO);
    let mut worker = room.worker();
    let (mut connection, mut client) = room.connect(&mut worker);
    client.send("GET / HT");
    assert_eq!(room.go_on(&mut connection, News::READY, &mut worker), Fate::Wait);
    assert!(matches!(connection.state, State::Linger(_)));
    assert!(client.received().starts_with("HTTP/1.0 408 "));
    let (mut connection, mut client) = room.connect(&mut worker);
    assert_eq!(room.go_on(&mut connection, News::LOOK, &mut worker), Fate::Close);
    assert_eq!(client.received(), "");
}

#[test]
fn the_time_to_rest_begins_with_the_end_of_an_answer() {
    let room = Room::with(|_, server| server.idle_time = Duration::from_secs(100));
    let mut worker = room.worker();
    let (mut connection, mut client) = room.connect(&mut worker);
    let began = Instant::now();
    let now = || began.elapsed().as_millis() as u64;
    client.send(GET);
    room.go_on(&mut connection, News::READY, &mut worker);
    let deadline = connection.deadline().expect("a deadline");
    assert!(deadline >= 100_000 && deadline <= 100_000 + now() + 1000, "{deadline}");
}

#[test]
fn a_body_is_taken_as_it_comes_and_its_end_waits_in_line() {
    let room = Room::with(|site, _| site.writable = true);
    let mut worker = room.worker();
    let (mut connection, mut client) = room.connect(&mut worker);
    client.send("PUT /new HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\n\r\nabc");
    assert_eq!(room.go_on(&mut connection, News::READY, &mut worker), Fate::Wait);
    assert!(matches!(connection.state, State::Body(_)) && connection.deadline().is_some());
    // What follows the body is the next request.
    client.send(format!("def{GET}"));
    assert_eq!(room.go_on(&mut connection, News::READY, &mut worker), Fate::Wait);
    assert!(matches!(connection.state, State::WholeBody(_)) && connection.deadline().is_none());
    let number = connection.io.number();
    assert_eq!(room.pool.shared.tickets.next(Dear::Change), Some(number));
    // Whatever it is told meanwhile, it keeps its place.
    assert_eq!(room.go_on(&mut connection, News::READY, &mut worker), Fate::Wait);
    assert_eq!(client.received(), "");
    let dear = Some(Dear::Change);
    assert_eq!(room.go_on_for(&mut connection, News::DEAR, dear, &mut worker), Fate::Wait);
    assert_eq!(count(&client.received(), "201 Created"), 1);
    assert_eq!(fs::read(room.root.path().join("new")).expect("a file"), b"abcdef");
    assert_eq!(room.go_on(&mut connection, News::READY, &mut worker), Fate::Wait);
    assert_eq!(count(&client.received(), "200 OK"), 1);
}

#[test]
fn a_body_that_ends_early_leaves_nothing() {
    let room = Room::with(|site, _| site.writable = true);
    let mut worker = room.worker();
    let (mut connection, mut client) = room.connect(&mut worker);
    client.send("PUT /new HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\n\r\nabc");
    room.go_on(&mut connection, News::READY, &mut worker);
    drop(client);
    assert_eq!(room.go_on(&mut connection, News::HUNG_UP, &mut worker), Fate::Close);
    assert!(!room.root.path().join("new").exists());
}

#[test]
fn who_is_told_of_its_turn_by_the_wrong_worker_is_queued_again() {
    let room = Room::with(|site, _| site.lists = true);
    let mut worker = room.worker();
    let (mut connection, mut client) = room.connect(&mut worker);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(room.go_on(&mut connection, News::READY, &mut worker), Fate::Wait);
    let tickets = &room.pool.shared.tickets;
    let number = connection.io.number();
    assert_eq!(tickets.next(Dear::Listing), Some(number));
    assert_eq!(room.go_on(&mut connection, News::DEAR, &mut worker), Fate::Wait);
    assert_eq!(client.received(), "");
    assert_eq!(tickets.next(Dear::Listing), Some(number));
    let dear = Some(Dear::Listing);
    assert_eq!(room.go_on_for(&mut connection, News::DEAR, dear, &mut worker), Fate::Wait);
    assert_eq!(count(&client.received(), "200 OK"), 1);
}

#[test]
fn an_archive_waits_in_line_and_while_memory_is_short() {
    let room = Room::with(|site, server| {
        site.archives = true;
        server.memory_max = 100;
    });
    let mut worker = room.worker();
    let (mut connection, mut client) = room.connect(&mut worker);
    client.send("GET /?archive=tar HTTP/1.1\r\nHost: a\r\n\r\n".to_owned() + GET);
    assert_eq!(room.go_on(&mut connection, News::READY, &mut worker), Fate::Wait);
    assert!(matches!(connection.state, State::Gather(_)) && connection.deadline().is_none());
    let tickets = &room.pool.shared.tickets;
    let number = connection.io.number();
    assert_eq!(tickets.next(Dear::Archive), Some(number));
    // Told of its turn by the wrong worker, it is queued again.
    assert_eq!(room.go_on(&mut connection, News::DEAR, &mut worker), Fate::Wait);
    assert_eq!(tickets.next(Dear::Archive), Some(number));
    let held = room.pool.shared.memory.hold(100);
    let dear = Some(Dear::Archive);
    assert_eq!(room.go_on_for(&mut connection, News::DEAR, dear, &mut worker), Fate::Wait);
    assert!(connection.deadline().is_some() && client.received().is_empty());
    drop(held);
    connection.io.deadline = Some(0);
    assert_eq!(room.go_on(&mut connection, News::LOOK, &mut worker), Fate::Wait);
    assert_eq!(tickets.next(Dear::Archive), Some(number));
    assert_eq!(room.go_on_for(&mut connection, News::DEAR, dear, &mut worker), Fate::Wait);
    // Another worker may gather while this one waits for the files.
    assert_eq!(tickets.take().map(|ticket| ticket.role), Some(Role::Dear(Dear::Archive)));
    while !connection.rests() {
        assert_eq!(room.go_on(&mut connection, News::READY, &mut worker), Fate::Wait);
    }
    let received = client.received();
    assert_eq!(count(&received, "200 OK"), 2);
    assert!(received.contains("Content-Length: 2560\r\n"), "{received}");
}

#[test]
fn a_listing_waits_while_memory_is_short() {
    let room = Room::with(|site, server| {
        site.lists = true;
        server.memory_max = 100;
    });
    let mut worker = room.worker();
    let (mut connection, mut client) = room.connect(&mut worker);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    room.go_on(&mut connection, News::READY, &mut worker);
    assert_eq!(connection.deadline(), None);
    let held = room.pool.shared.memory.hold(100);
    let dear = Some(Dear::Listing);
    assert_eq!(room.go_on_for(&mut connection, News::DEAR, dear, &mut worker), Fate::Wait);
    assert_eq!(client.received(), "");
    assert!(connection.deadline().is_some(), "it asks again");
    drop(held);
    assert_eq!(room.go_on_for(&mut connection, News::DEAR, dear, &mut worker), Fate::Wait);
    assert_eq!(count(&client.received(), "200 OK"), 1);
}

#[test]
fn a_request_waits_while_descriptors_are_short() {
    let room = Room::with(|_, server| server.connection_descriptors_max = 2);
    let mut worker = room.worker();
    let (mut connection, mut client) = room.connect(&mut worker);
    let held = room.pool.shared.descriptors.hold(1);
    client.send(GET);
    assert_eq!(room.go_on(&mut connection, News::READY, &mut worker), Fate::Wait);
    assert_eq!(client.received(), "");
    assert!(connection.deadline().is_some() && connection.yields().is_none());
    drop(held);
    connection.io.deadline = Some(0);
    assert_eq!(room.go_on(&mut connection, News::LOOK, &mut worker), Fate::Wait);
    assert_eq!(room.go_on(&mut connection, News::READY, &mut worker), Fate::Wait);
    assert_eq!(count(&client.received(), "200 OK"), 1);
}

#[test]
fn requests_behind_an_unread_answer_are_no_more_than_a_head_may_be() {
    let room = Room::new();
    fs::write(room.root.path().join("long"), vec![b'x'; 1 << 20]).expect("a file");
    let mut worker = room.worker();
    let (mut connection, mut client) = room.connect(&mut worker);
    client.send("GET /long HTTP/1.1\r\nHost: a\r\n\r\n".to_owned() + &GET.repeat(1500));
    assert_eq!(room.go_on(&mut connection, News::READY, &mut worker), Fate::Wait);
    let State::Answer(answer) = &connection.state else { panic!("it is all sent") };
    assert!(answer.unread_bytes() > 0 && answer.unread_bytes() <= HEAD_BYTES_MAX);
}

#[test]
fn interest_in_room_is_taken_back_after_a_blocked_answer() {
    let room = Room::new();
    fs::write(room.root.path().join("long"), vec![b'x'; 4 << 20]).expect("a file");
    let mut worker = room.worker();
    let (mut connection, mut client) = room.connect(&mut worker);
    client.send("GET /long HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(room.go_on(&mut connection, News::READY, &mut worker), Fate::Wait);
    assert_eq!(connection.io.interest, Some(Interest::ReadableOrWritable));
    while !connection.rests() {
        client.received();
        assert_eq!(room.go_on(&mut connection, News::READY, &mut worker), Fate::Wait);
    }
    assert_eq!(connection.io.interest, Some(Interest::Readable));
}
