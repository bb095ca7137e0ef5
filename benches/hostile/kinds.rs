//! Kinds of connections: good ones that are answered, and others that leave the server in the
//! middle of something.

use crate::support::client::Client;
use crate::support::site::{LARGE, SMALL};
use crate::support::wrong;
use rustix::net::sockopt::set_socket_linger;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// Makes one connection, asks for what the kind asks for, and ends it. Fails where an answer is not
/// the one that any server owes. The bytes are the body of [`SMALL`].
pub type Kind = fn(SocketAddr, &[u8]) -> io::Result<()>;

/// All kinds with their names.
pub const KINDS: [(&str, Kind); 10] = [
    ("asks twice", asks_twice),
    ("asks and closes", asks_and_closes),
    ("asks for what is not there", asks_for_nothing_there),
    ("asks many at once", asks_many_at_once),
    ("says nothing", says_nothing),
    ("leaves in a head", leaves_in_a_head),
    ("resets in a head", resets_in_a_head),
    ("sends nonsense", sends_nonsense),
    ("leaves in a download", leaves_in_a_download),
    ("resets in a download", resets_in_a_download),
];

fn asks_twice(address: SocketAddr, body: &[u8]) -> io::Result<()> {
    let mut client = Client::connect(address)?;
    (0..2).try_for_each(|_| expect(&mut client, SMALL, 200, Some(body)))
}

fn asks_and_closes(address: SocketAddr, body: &[u8]) -> io::Result<()> {
    let mut client = Client::connect(address)?;
    let answer = client.get(SMALL, "Connection: close\r\n")?;
    judge(answer.body == body && answer.field("Connection") == "close")?;
    expect_end(client.into_parts().1)
}

fn asks_for_nothing_there(address: SocketAddr, _: &[u8]) -> io::Result<()> {
    expect(&mut Client::connect(address)?, "/nothing", 404, None)
}

fn asks_many_at_once(address: SocketAddr, body: &[u8]) -> io::Result<()> {
    let mut client = Client::connect(address)?;
    (0..10).try_for_each(|_| client.ask("GET", SMALL, ""))?;
    (0..10).try_for_each(|_| {
        let answer = client.answer()?;
        judge(answer.status == 200 && answer.body == body)
    })
}

fn says_nothing(address: SocketAddr, _: &[u8]) -> io::Result<()> {
    TcpStream::connect(address).map(drop)
}

fn leaves_in_a_head(address: SocketAddr, _: &[u8]) -> io::Result<()> {
    TcpStream::connect(address)?.write_all(b"GET / HTTP/1.1\r\nHos")
}

fn resets_in_a_head(address: SocketAddr, _: &[u8]) -> io::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    set_socket_linger(&stream, Some(Duration::ZERO))?;
    stream.write_all(b"GET / HTTP/1.1\r\nHos")
}

fn sends_nonsense(address: SocketAddr, _: &[u8]) -> io::Result<()> {
    let mut client = Client::connect(address)?;
    client.ask("GET", "/ and more", "")?;
    judge(client.head()?.status()? == 400)?;
    let stream = client.into_parts().1;
    stream.shutdown(Shutdown::Write)?;
    expect_end(stream)
}

fn leaves_in_a_download(address: SocketAddr, _: &[u8]) -> io::Result<()> {
    let mut client = Client::connect(address)?;
    client.ask("GET", LARGE, "")?;
    judge(client.head()?.status()? == 200)
}

fn resets_in_a_download(address: SocketAddr, _: &[u8]) -> io::Result<()> {
    let mut client = Client::connect(address)?;
    client.ask("GET", LARGE, "")?;
    judge(client.head()?.status()? == 200)?;
    set_socket_linger(client.into_parts().1, Some(Duration::ZERO))?;
    Ok(())
}

/// Fails unless a GET is answered with `status`, and with `body` where there is one to compare
/// with.
fn expect(client: &mut Client, path: &str, status: u16, body: Option<&[u8]>) -> io::Result<()> {
    let answer = client.get(path, "")?;
    judge(answer.status == status && body.is_none_or(|body| answer.body == body))
}

/// Fails unless the server closes the connection.
fn expect_end(mut stream: TcpStream) -> io::Result<()> {
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).map(drop)
}

fn judge(good: bool) -> io::Result<()> {
    good.then_some(()).ok_or_else(|| wrong("another answer"))
}
