//! What waits holds no worker.

use super::{HALF_HEAD, begin_download, expect_answer, fixture};
use crate::support::{Fixture, PATIENCE, wait_until};
use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Has `count` clients take an endless answer as fast as they can while `act` is called.
fn beside_downloads(fixture: &Fixture, count: usize, act: impl FnOnce()) {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..count {
            let mut client = fixture.client();
            begin_download(&mut client, "/endless");
            let is_over = &is_over;
            scope.spawn(move || {
                let mut buffer = vec![0; 1 << 20];
                while !is_over.load(Ordering::Relaxed) {
                    client.stream.read_exact(&mut buffer).expect("more");
                }
            });
        }
        act();
        is_over.store(true, Ordering::Relaxed);
    });
}

#[test]
fn fast_endless_downloads_hold_up_nobody() {
    let fixture = fixture(|server| server.threads = 4);
    beside_downloads(&fixture, 6, || {
        let mut client = fixture.client();
        for _ in 0..100 {
            expect_answer(&mut client);
            expect_answer(&mut fixture.client());
        }
    });
}

#[test]
fn one_worker_is_enough_beside_endless_downloads() {
    let fixture = fixture(|server| server.threads = 1);
    beside_downloads(&fixture, 2, || {
        for _ in 0..50 {
            expect_answer(&mut fixture.client());
        }
    });
}

#[test]
fn clients_that_read_nothing_hold_up_nobody() {
    let fixture = fixture(|server| server.threads = 4);
    let mut deaf: Vec<_> = (0..6).map(|_| fixture.client()).collect();
    deaf.iter_mut().for_each(|client| begin_download(client, "/endless"));
    let mut client = fixture.client();
    for _ in 0..100 {
        expect_answer(&mut client);
        expect_answer(&mut fixture.client());
    }
    let mut some = vec![0; 8 << 20];
    for client in &mut deaf {
        client.stream.read_exact(&mut some).expect("more of it");
    }
}

#[test]
fn half_heads_hold_no_worker_and_end_with_408() {
    let fixture = fixture(|server| {
        server.threads = 4;
        server.connections_max = 1000;
        server.head_time = Duration::from_millis(500);
    });
    let half_head = |_| {
        let mut client = fixture.client();
        client.send(HALF_HEAD);
        client
    };
    let halves: Vec<_> = (0..500).map(half_head).collect();
    let mut client = fixture.client();
    for _ in 0..100 {
        expect_answer(&mut client);
    }
    for mut client in halves {
        client.reply().expect_status(408);
        client.expect_closed();
    }
    expect_answer(&mut client);
}

#[test]
fn refused_clients_that_still_send_hold_no_worker() {
    let fixture = fixture(|server| {
        server.threads = 2;
        server.linger_time = PATIENCE;
    });
    let mut refused: Vec<_> = (0..8).map(|_| fixture.client()).collect();
    for client in &mut refused {
        client.send("GET /file HTTP/1.1\r\n\r\n");
        client.send("x".repeat(100_000));
        client.reply().expect_status(400);
    }
    let mut client = fixture.client();
    for _ in 0..10 {
        expect_answer(&mut client);
        for client in &mut refused {
            client.send("x".repeat(1000));
        }
    }
    assert_eq!(fixture.server.connections(), 9);
    for client in refused {
        client.end_sending();
        client.expect_closed();
    }
    wait_until("they are gone", || fixture.server.connections() == 1);
}
