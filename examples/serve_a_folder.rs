//! Serves a folder until Enter is pressed: `cargo run --example serve_a_folder -- www`.

use std::io;

fn main() -> io::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let server = tinyhttpd::Builder::new(&folder).list(true).start()?;
    println!("{folder} is at {}; press Enter to stop", server.url("/"));
    io::stdin().read_line(&mut String::new())?;
    // The server stops here, as it is dropped.
    Ok(())
}
