//! A well-behaved client: it asks for a small file again and again, and notes how long each answer
//! takes.

use crate::support::client::Client;
use crate::support::site::SMALL;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

/// What a client does between an answer and its next request.
const PAUSE: Duration = Duration::from_millis(5);

/// What guests found.
#[derive(Default)]
pub struct Visit {
    /// The time of each request that was answered well, a new connection included where one was
    /// made; sorted.
    times: Vec<Duration>,
    /// Requests not answered, or with other bytes.
    pub unanswered: usize,
}

/// Lets four guests make `requests` requests each: two on a persistent connection, two with a new
/// connection for each request.
pub fn visit(address: SocketAddr, requests: usize, body: &[u8]) -> Visit {
    let mut all = Visit::default();
    thread::scope(|scope| {
        let guests = [true, false, true, false];
        let threads: Vec<_> = guests
            .into_iter()
            .map(|stays| scope.spawn(move || visit_alone(address, requests, body, stays)))
            .collect();
        for guest in threads {
            match guest.join() {
                Ok(one) => all.add(one),
                Err(_) => all.unanswered += requests,
            }
        }
    });
    all.times.sort();
    all
}

fn visit_alone(address: SocketAddr, requests: usize, body: &[u8], stays: bool) -> Visit {
    let mut visit = Visit::default();
    let mut connection = None;
    for _ in 0..requests {
        let start = Instant::now();
        let client = match connection.take() {
            Some(client) => Ok(client),
            None => Client::connect(address),
        };
        let answered = client.and_then(|mut client| {
            let answer = client.get(SMALL, "")?;
            Ok((answer.status == 200 && answer.body == body, client))
        });
        match answered {
            Ok((true, client)) => {
                visit.times.push(start.elapsed());
                connection = stays.then_some(client);
            }
            _ => visit.unanswered += 1,
        }
        thread::sleep(PAUSE);
    }
    visit
}

impl Visit {
    /// The time, in microseconds, that `percent` of the answered requests did not exceed.
    pub fn percentile(&self, percent: usize) -> f64 {
        let last = self.times.len().saturating_sub(1);
        self.times.get(last * percent / 100).map_or(f64::NAN, |time| time.as_secs_f64() * 1e6)
    }

    fn add(&mut self, other: Visit) {
        self.times.extend(other.times);
        self.unanswered += other.unanswered;
    }
}
