//! A part of a crowd: a process that holds connections and asks when it is told to.
//!
//! It is this program again, with [`ARGUMENT`] first. It says `held` once all its connections have
//! been answered with the right bytes. Then, for each line `ACTIVE MILLISECONDS` that it reads, it
//! lets the first ACTIVE connections ask in turn for so long, and says how many requests were
//! answered in how many microseconds.

use crate::support::ring::Ring;
use crate::support::site::SMALL;
use crate::support::wrong;
use std::fs;
use std::io::{self, BufRead, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::time::{Duration, Instant};

/// The first argument; the server's address, the number of connections, the first address that they
/// come from, the most requests in flight, and the file whose bytes are the answer follow.
pub const ARGUMENT: &str = "--crowd";

/// How many answers come between two looks at the clock.
const ANSWERS_A_LOOK: u64 = 16;

pub fn serve(mut arguments: impl Iterator<Item = String>) -> io::Result<()> {
    let address: SocketAddr = parse(arguments.next())?;
    let count: usize = parse(arguments.next())?;
    let source: Ipv4Addr = parse(arguments.next())?;
    let in_flight: usize = parse(arguments.next())?;
    let body = fs::read(parse::<String>(arguments.next())?)?;
    let request = format!("GET {SMALL} HTTP/1.1\r\nHost: {address}\r\n\r\n").into_bytes();
    let compare = |answer: &[u8]| compare(answer, &body);
    let mut ring = Ring::open(address, count, source, &request, compare)?;
    say("held")?;
    for line in io::stdin().lock().lines() {
        let line = line?;
        let mut numbers = line.split(' ').map(|number| parse::<u64>(Some(number.to_owned())));
        let mut next = || numbers.next().unwrap_or_else(|| Err(wrong("a line lacks a number")));
        let (active, milliseconds) = (next()? as usize, next()?);
        let start = Instant::now();
        let requests = ask_for(&mut ring, active, in_flight, &request, milliseconds)?;
        say(&format!("{requests} {}", start.elapsed().as_micros()))?;
    }
    Ok(())
}

fn ask_for(
    ring: &mut Ring,
    active: usize,
    in_flight: usize,
    request: &[u8],
    milliseconds: u64,
) -> io::Result<u64> {
    let start = Instant::now();
    let time = Duration::from_millis(milliseconds);
    let mut asked: u64 = 0;
    let next = || {
        asked += 1;
        let is_over = asked.is_multiple_of(ANSWERS_A_LOOK) && start.elapsed() >= time;
        (!is_over).then_some(request)
    };
    ring.ask(active, in_flight, next, |_| Ok(()))
}

fn compare(answer: &[u8], body: &[u8]) -> io::Result<()> {
    if answer.starts_with(b"HTTP/1.1 200 ") && answer.ends_with(body) {
        return Ok(());
    }
    Err(wrong("other bytes than the file's"))
}

fn say(line: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}

fn parse<T: FromStr>(argument: Option<String>) -> io::Result<T> {
    let value = argument.and_then(|argument| argument.parse().ok());
    value.ok_or_else(|| wrong("the crowd's client lacks a good argument"))
}
