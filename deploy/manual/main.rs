//! Writes `deploy/man/` and `deploy/completions/` anew: `cargo run --example manual`.

mod render;

use std::path::Path;
use std::{fs, io};

fn main() -> io::Result<()> {
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy");
    for (name, content) in render::files() {
        let file = deploy.join(name);
        fs::write(&file, content).map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", file.display()))
        })?;
    }
    Ok(())
}
