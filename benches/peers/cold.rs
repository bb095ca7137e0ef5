//! A set of files that no cache has: each is asked for once, in an order that no disk expects.

use crate::sets::Set;
use crate::support::ring::Ring;
use crate::support::server::Server;
use crate::support::{site::Site, wrong};
use rustix::fs::{Advice, fadvise, syncfs};
use std::fs::File;
use std::io;
use std::net::TcpStream;

/// A step through all numbers below a power of two, since it is odd.
const STEP: usize = 7919;

/// Makes the files of `set` and has them written to the disk, as the kernel lets go only of what is.
pub fn make(set: &Set, site: &Site) -> io::Result<()> {
    set.make(site)?;
    Ok(syncfs(File::open(site.root())?)?)
}

/// Has the kernel let go of the bytes of all files of `set`. Its directories and inodes stay, which
/// only root could have it forget.
pub fn forget(set: &Set, site: &Site) -> io::Result<()> {
    for number in 0..set.count {
        fadvise(File::open(site.file(&set.file(number)))?, 0, None, Advice::DontNeed)?;
    }
    Ok(())
}

/// Asks for each file of `set` once, over so many connections. Returns how many there were; fails at
/// an answer that is none of the files, where bytes are missing, and where the kernel has had the
/// files after all, as those of a file system in memory.
pub fn ask_once(server: &Server, connections: usize, set: &Set) -> io::Result<u64> {
    let read_before = server.read_from_disk();
    let streams = (0..connections).map(|_| TcpStream::connect(server.address));
    let mut ring = Ring::of(streams.collect::<io::Result<_>>()?)?;
    let mut order = (0..set.count).map(|i| i * STEP % set.count);
    let next = || {
        let path = set.file(order.next()?);
        Some(format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", server.address))
    };
    let mut bytes: u64 = 0;
    let requests = ring.ask(connections, connections, next, |answer| {
        let start = answer.windows(4).position(|four| four == b"\r\n\r\n").map_or(0, |end| end + 4);
        bytes += (answer.len() - start) as u64;
        // Answers come in another order than requests; each file begins with its offset and path.
        match answer[start..].starts_with(b"0000000000000000 /cold/") {
            true => Ok(()),
            false => Err(wrong("an answer that is none of the files")),
        }
    })?;
    let want = set.bytes * set.count as u64;
    if bytes != want {
        return Err(wrong(format!("{bytes} of {want} bytes")));
    }
    let read = server.read_from_disk() - read_before;
    if read < want / 20 * 19 {
        return Err(wrong(format!("{read} of {want} bytes came from the disk")));
    }
    Ok(requests)
}
