//! Readers of one large file: one that compares each byte, and some that only count.

use super::client::Client;
use super::wrong;
use rustix::net::RecvFlags;
use std::fs::File;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::thread;

/// Asks for `path` and fails unless its bytes are those of `file`.
pub fn compare(address: SocketAddr, path: &str, file: &Path) -> io::Result<()> {
    let mut client = Client::connect(address)?;
    client.ask("GET", path, "")?;
    let head = client.head()?;
    let mut left = head.body_bytes()?;
    let mut file = File::open(file)?;
    if head.status()? != 200 || left != file.metadata()?.len() {
        return Err(wrong(format!("{path}: not a 200 with the whole file")));
    }
    let (first, stream) = client.into_parts();
    let mut body = first.as_slice().chain(stream);
    let (mut got, mut want) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    while left > 0 {
        let length = left.min(1 << 20) as usize;
        body.read_exact(&mut got[..length])?;
        file.read_exact(&mut want[..length])?;
        if got[..length] != want[..length] {
            return Err(wrong(format!("{path}: other bytes, {left} before its end")));
        }
        left -= length as u64;
    }
    Ok(())
}

/// Lets `readers` clients receive `path` at once, each as fast as it can. Fails unless each
/// received `bytes` bytes.
pub fn discard(address: SocketAddr, path: &str, readers: usize, bytes: u64) -> io::Result<()> {
    let received = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..readers).map(|_| scope.spawn(|| discard_one(address, path))).collect();
        let joined = threads.into_iter().map(|reader| reader.join());
        joined
            .map(|received| received.unwrap_or_else(|_| Err(wrong("a reader panicked"))))
            .collect::<io::Result<Vec<u64>>>()
    })?;
    match received.iter().find(|&&received| received != bytes) {
        Some(received) => Err(wrong(format!("{path}: {received} of {bytes} bytes"))),
        None => Ok(()),
    }
}

/// Bytes of the body received before it was whole or the connection ended. The kernel drops them
/// (MSG_TRUNC) without a copy, so that the client takes as little as possible of the cores that it
/// shares with the server.
fn discard_one(address: SocketAddr, path: &str) -> io::Result<u64> {
    let mut client = Client::connect(address)?;
    client.ask("GET", path, "")?;
    let bytes = client.head()?.body_bytes()?;
    let (first, stream) = client.into_parts();
    let mut received = first.len() as u64;
    let mut nowhere = vec![0; 1 << 20];
    while received < bytes {
        match rustix::net::recv(&stream, &mut nowhere[..], RecvFlags::TRUNC)?.1 {
            0 => break,
            dropped => received += dropped as u64,
        }
    }
    Ok(received)
}
