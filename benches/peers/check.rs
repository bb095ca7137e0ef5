//! Whether a server gives the answers that a workload asks for, byte by byte.

use crate::recipes::FLOOR;
use crate::support::client::Client;
use crate::support::server::Server;
use crate::support::{download, site::Site, wrong};
use crate::workload::{Answer, Load, MANY_FILES, Workload, many_path};
use std::fs;
use std::io;

/// Fails unless `server` answers `workload` as it must. Returns the field lines that its requests
/// need.
pub fn check(server: &Server, workload: &Workload, site: &Site) -> io::Result<Vec<String>> {
    if server.name == FLOOR {
        return Ok(fields(workload, ""));
    }
    let mut client = Client::connect(server.address)?;
    match workload.load {
        Load::Requests(_, Answer::OneOfMany) => {
            (0..MANY_FILES).try_for_each(|n| same_bytes(&mut client, &many_path(n), site))?;
        }
        Load::Requests(_, Answer::NotModified) => {
            let modified = client.get(workload.path, "")?.field("Last-Modified").to_owned();
            let fields = fields(workload, &modified);
            let answer = client.get(workload.path, &format!("{}\r\n", fields.join("\r\n")))?;
            expect(workload.path, 304, answer.status)?;
            return Ok(fields);
        }
        Load::Requests(_, Answer::Missing) => {
            expect(workload.path, 404, client.get(workload.path, "")?.status)?;
        }
        Load::Downloads(_) => {
            download::compare(server.address, workload.path, &site.file(workload.path))?;
        }
        _ => same_bytes(&mut client, workload.path, site)?,
    }
    Ok(fields(workload, ""))
}

/// The field lines of a request of `workload`.
fn fields(workload: &Workload, last_modified: &str) -> Vec<String> {
    match workload.load {
        Load::Requests(_, Answer::NotModified) => {
            vec![format!("If-Modified-Since: {last_modified}")]
        }
        Load::Requests(_, Answer::WholeThenClose) => vec!["Connection: close".to_owned()],
        _ => Vec::new(),
    }
}

fn same_bytes(client: &mut Client, path: &str, site: &Site) -> io::Result<()> {
    let answer = client.get(path, "")?;
    expect(path, 200, answer.status)?;
    if answer.body != fs::read(site.file(path))? {
        return Err(wrong(format!("{path}: other bytes")));
    }
    Ok(())
}

fn expect(path: &str, want: u16, have: u16) -> io::Result<()> {
    if want == have {
        return Ok(());
    }
    Err(wrong(format!("{path}: {have} in place of {want}")))
}
