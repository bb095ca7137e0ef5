//! Whether a server gives the answers that a workload asks for, byte by byte.

use crate::recipes::FLOOR;
use crate::sets::{Set, TREE, UPLOAD_NAMES, UPLOADS, listed_name, page_paths};
use crate::support::browser::Page;
use crate::support::client::Client;
use crate::support::server::Server;
use crate::support::{download, site::Site, wrong};
use crate::workload::{Answer, Load, Workload};
use std::collections::HashSet;
use std::fs;
use std::io;

/// What a server is asked, as its first answers have shown.
#[derive(Default)]
pub struct Asked {
    /// The field lines of each request.
    pub fields: Vec<String>,
    /// The page, where browsers ask.
    pub page: Option<Page>,
}

/// Fails unless `server` answers `workload` as it must. Returns what it is to be asked.
pub fn check(server: &Server, workload: &Workload, site: &Site) -> io::Result<Asked> {
    let mut asked = Asked { fields: fields(workload, ""), page: None };
    if server.name == FLOOR {
        return Ok(asked);
    }
    let mut client = Client::connect(server.address)?;
    match workload.load {
        Load::Requests(_, Answer::OneOf(set)) => same_set(&mut client, &set, site)?,
        // The server shall not have seen these files before.
        Load::Once(..) => (),
        Load::Requests(_, Answer::NotModified) => {
            asked.fields = not_modified(&mut client, workload)?;
        }
        Load::Requests(_, Answer::Missing) => {
            expect(workload.path, 404, client.get(workload.path, "")?.status)?;
        }
        Load::Requests(_, Answer::Listing(entries)) => {
            names_all(&mut client, workload.path, entries)?;
        }
        Load::Requests(_, Answer::Stored(bytes)) => stores(&mut client, bytes)?,
        Load::Downloads(_) => {
            download::compare(server.address, workload.path, &site.file(workload.path))?;
        }
        Load::Pages { have_all, .. } => {
            asked.page = Some(page(&mut client, server, have_all, site)?);
        }
        _ => same_bytes(&mut client, workload.path, site)?,
    }
    Ok(asked)
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

fn not_modified(client: &mut Client, workload: &Workload) -> io::Result<Vec<String>> {
    let modified = client.get(workload.path, "")?.field("Last-Modified").to_owned();
    let fields = fields(workload, &modified);
    let answer = client.get(workload.path, &format!("{}\r\n", fields.join("\r\n")))?;
    expect(workload.path, 304, answer.status)?;
    Ok(fields)
}

/// All of a set; of a million, a thousand from all over it.
fn same_set(client: &mut Client, set: &Set, site: &Site) -> io::Result<()> {
    let step = if *set == TREE { 997 } else { 1 };
    (0..set.count).step_by(step).try_for_each(|n| same_bytes(client, &set.file(n), site))
}

/// The names of all entries stand in the answer; what else does is for the server to choose.
fn names_all(client: &mut Client, path: &str, entries: usize) -> io::Result<()> {
    let answer = client.get(path, "")?;
    expect(path, 200, answer.status)?;
    let text = String::from_utf8_lossy(&answer.body);
    let words: HashSet<&str> = text.split(['"', '<', '>', '/']).collect();
    match (0..entries).map(listed_name).find(|name| !words.contains(name.as_str())) {
        Some(name) => Err(wrong(format!("{path}: {name} is not in the list"))),
        None => Ok(()),
    }
}

/// Files of `bytes` bytes are new at first and replaced afterwards, and have the bytes that were
/// sent.
fn stores(client: &mut Client, bytes: usize) -> io::Result<()> {
    for number in 0..UPLOAD_NAMES {
        let path = UPLOADS.replace("{file}", &format!("{number:05}"));
        let body: Vec<u8> = (0..bytes).map(|at| (at + number) as u8).collect();
        let status = client.put(&path, &body)?.status;
        if !matches!(status, 201 | 204) {
            return Err(wrong(format!("{path}: {status} in place of 201 or 204")));
        }
        if client.get(&path, "")?.body != body {
            return Err(wrong(format!("{path}: other bytes than were stored")));
        }
    }
    Ok(())
}

/// What a browser sends besides.
const BROWSER_FIELDS: &str = "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r
Accept-Language: en-GB,en;q=0.9\r
Accept-Encoding: gzip, deflate, br, zstd\r
Sec-Fetch-Dest: empty\r
Sec-Fetch-Mode: no-cors\r
Sec-Fetch-Site: same-origin\r
";

/// The page with its assets, once each of them was answered with its bytes or, if a browser has
/// them all, with 304 to the validators that this server gives.
fn page(client: &mut Client, server: &Server, have_all: bool, site: &Site) -> io::Result<Page> {
    let mut page =
        Page { requests: Vec::new(), status: if have_all { 304 } else { 200 }, body_bytes: 0 };
    for path in page_paths() {
        same_bytes(client, &path, site)?;
        let mut fields = BROWSER_FIELDS.to_owned();
        if have_all {
            let answer = client.get(&path, "")?;
            for (name, validator) in
                [("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")]
            {
                if !answer.field(validator).is_empty() {
                    fields += &format!("{name}: {}\r\n", answer.field(validator));
                }
            }
        }
        let answer = client.get(&path, &fields)?;
        expect(&path, page.status, answer.status)?;
        page.body_bytes += answer.body.len();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{fields}\r\n", server.address);
        page.requests.push(request.into_bytes());
    }
    Ok(page)
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
