//! A tree of up to a million short files in directories of a thousand.

use super::site::Site;
use super::wrong;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::Range;
use std::thread;
use std::time::{Duration, SystemTime};

/// The path of a file, as [`super::wrk::Load::path`] has it.
pub const PATH: &str = "/tree/{directory}/{file}.html";
/// Bytes of each file.
pub const BYTES: usize = 100;

const FILES_A_DIRECTORY: usize = 1000;
/// Makers, and clients that ask for all files, at a time.
const THREADS: usize = 2;
/// Requests sent before their answers are read.
const PIPELINED: usize = 100;

/// Makes the files that have these numbers below the root of `site`, dated an hour ago.
pub fn create(site: &Site, numbers: Range<usize>) -> io::Result<()> {
    let directories = numbers.end.div_ceil(FILES_A_DIRECTORY);
    let (first, last) = (numbers.start, numbers.end);
    in_parts(directories, |directory| {
        fs::create_dir_all(site.root().join(format!("tree/{directory:03}")))?;
        let own = directory * FILES_A_DIRECTORY..(directory + 1) * FILES_A_DIRECTORY;
        (first.max(own.start)..last.min(own.end)).try_for_each(|number| {
            let mut file = File::create(site.file(&path(number)))?;
            file.write_all(&body(number))?;
            file.set_modified(SystemTime::now() - Duration::from_secs(3600))
        })
    })
}

/// Asks once for each of the first `count` files; fails unless each is answered with its bytes.
/// What a server keeps of files, it has then.
pub fn ask_for_all(address: SocketAddr, count: usize) -> io::Result<()> {
    in_parts(count.div_ceil(PIPELINED), |part| {
        let first = part * PIPELINED;
        ask_for(address, first..count.min(first + PIPELINED))
    })
}

/// Calls `act` with each number below `parts`, in several threads. Returns an error of the first
/// thread that had one.
fn in_parts(parts: usize, act: impl Fn(usize) -> io::Result<()> + Sync) -> io::Result<()> {
    thread::scope(|scope| {
        let act = &act;
        let threads: Vec<_> = (0..THREADS)
            .map(|first| scope.spawn(move || (first..parts).step_by(THREADS).try_for_each(act)))
            .collect();
        let mut ended = threads.into_iter().map(|thread| thread.join());
        ended.try_for_each(|end| end.unwrap_or_else(|_| Err(wrong("a thread panicked"))))
    })
}

fn ask_for(address: SocketAddr, numbers: Range<usize>) -> io::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    let request = |number| format!("GET {} HTTP/1.1\r\nHost: {address}\r\n\r\n", path(number));
    stream.write_all(numbers.clone().map(request).collect::<String>().as_bytes())?;
    let mut answers = BufReader::with_capacity(64 * 1024, stream);
    for number in numbers {
        skip_head(&mut answers)?;
        let mut got = [0; BYTES];
        answers.read_exact(&mut got)?;
        if got != body(number) {
            return Err(wrong(format!("{}: other bytes", path(number))));
        }
    }
    Ok(())
}

/// A status other than 200 shows itself by the body that follows.
fn skip_head(answers: &mut impl BufRead) -> io::Result<()> {
    let mut line = Vec::new();
    while line != b"\r\n" {
        line.clear();
        if answers.read_until(b'\n', &mut line)? == 0 {
            return Err(wrong("the server closed the connection inside a head"));
        }
    }
    Ok(())
}

/// The path of one file.
pub fn path(number: usize) -> String {
    let (directory, file) = (number / FILES_A_DIRECTORY, number % FILES_A_DIRECTORY);
    format!("/tree/{directory:03}/{file:03}.html")
}

/// The bytes of one file: its path again and again.
fn body(number: usize) -> [u8; BYTES] {
    let path = path(number).into_bytes();
    std::array::from_fn(|at| path[at % path.len()])
}
