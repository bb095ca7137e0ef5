//! Browsers that load a page with its assets: the page on one connection, then five more
//! connections, and each asset on the first that is free; all of them closed at the end.

use super::ring::{Ring, whole_length};
use super::wrong;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// Connections of a browser to one host.
const CONNECTIONS: usize = 6;

/// What a browser asks for, and what it must get.
pub struct Page {
    /// Whole requests; the first is for the page itself.
    pub requests: Vec<Vec<u8>>,
    /// Of each answer.
    pub status: u16,
    /// Bytes of all bodies.
    pub body_bytes: usize,
}

/// What came of some browsers' work.
pub struct Browsed {
    /// Microseconds from the first connection to the last byte of each page, in order of size.
    pub times: Vec<u64>,
    pub seconds: f64,
}

impl Browsed {
    /// Microseconds in which a `part` of all pages was there.
    pub fn percentile(&self, part: f64) -> f64 {
        let place = (self.times.len() as f64 * part) as usize;
        self.times
            .get(place.min(self.times.len().saturating_sub(1)))
            .map_or(f64::NAN, |t| *t as f64)
    }
}

/// Lets `browsers` load `page` again and again for some seconds, each beside the others. Fails where
/// an answer is not as it must be.
pub fn browse(
    address: SocketAddr,
    page: &Page,
    browsers: usize,
    seconds: u64,
) -> io::Result<Browsed> {
    let start = Instant::now();
    let end = start + Duration::from_secs(seconds);
    let load_until_end = || {
        let mut times = Vec::new();
        while Instant::now() < end {
            let begun = Instant::now();
            load(address, page)?;
            times.push(begun.elapsed().as_micros() as u64);
        }
        Ok(times)
    };
    let mut times = thread::scope(|scope| {
        let threads: Vec<_> = (0..browsers).map(|_| scope.spawn(load_until_end)).collect();
        let ended = threads.into_iter().map(|thread| thread.join());
        ended
            .map(|end| end.unwrap_or_else(|_| Err(wrong("a browser panicked"))))
            .collect::<io::Result<Vec<Vec<u64>>>>()
    })?
    .concat();
    times.sort_unstable();
    Ok(Browsed { times, seconds: start.elapsed().as_secs_f64() })
}

fn load(address: SocketAddr, page: &Page) -> io::Result<()> {
    let status = format!("HTTP/1.1 {} ", page.status);
    let mut body_bytes = 0;
    let mut take = |answer: &[u8]| {
        if !answer.starts_with(status.as_bytes()) {
            let line = String::from_utf8_lossy(&answer[..answer.len().min(40)]).into_owned();
            return Err(wrong(format!("another answer: {line:?}")));
        }
        body_bytes += whole_length(answer)?.map_or(0, |whole| whole.body);
        Ok(())
    };
    let mut ring = Ring::of(vec![connect(address)?])?;
    let mut itself = page.requests[..1].iter();
    ring.ask(1, 1, || itself.next(), &mut take)?;
    for _ in 1..CONNECTIONS {
        ring.add(connect(address)?)?;
    }
    let mut assets = page.requests[1..].iter();
    ring.ask(CONNECTIONS, CONNECTIONS, || assets.next(), &mut take)?;
    if body_bytes != page.body_bytes {
        return Err(wrong(format!("{body_bytes} of {} bytes", page.body_bytes)));
    }
    Ok(())
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
