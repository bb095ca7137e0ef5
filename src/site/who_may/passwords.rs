//! The file of `--auth-file`: lines of `user:hash`, as `htpasswd -B` writes them.
//!
//! A hash is bcrypt's, which is slow by design. So it is dear work, and whoever asks has leave for
//! it. A user that is not in the file costs the same, so that time does not tell who is.

use super::lately::Lately;
use crate::http::credentials::Credentials;
use crate::http::date::Timestamp;
use crate::http::validator::FileFacts;
use crate::limits::{HASH_COSTS, PASSWORDS_BYTES_MAX};
use crate::site::openat;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The users and their passwords' hashes.
pub(in crate::site) struct Passwords {
    hashes: HashMap<Vec<u8>, String>,
    /// What the password of a user that is not there is compared with: none has this hash.
    hash_of_nobody: String,
    lately: Lately,
    path: PathBuf,
    /// Device and inode of the file when it was read.
    read: (u64, u64),
}

/// What is known of a request's credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Right,
    Wrong,
    /// It takes a hash to know.
    Unknown,
}

impl Passwords {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or a line is not `user:hash`. The error names the file and the line,
    /// and nothing of what is in it.
    pub(in crate::site) fn read(path: &Path) -> io::Result<Passwords> {
        let named =
            |kind, what: String| io::Error::new(kind, format!("{}: {what}", path.display()));
        let failed = |error: io::Error| named(error.kind(), error.to_string());
        let file = File::open(path).map_err(failed)?;
        let identity = openat::status_of(&file).map_err(|errno| failed(errno.into()))?;
        let mut text = Vec::new();
        file.take(PASSWORDS_BYTES_MAX + 1).read_to_end(&mut text).map_err(failed)?;
        if text.len() as u64 > PASSWORDS_BYTES_MAX {
            return Err(named(
                io::ErrorKind::InvalidData,
                "this is no file of passwords".to_owned(),
            ));
        }
        let hashes = parse(&text).map_err(|what| named(io::ErrorKind::InvalidData, what))?;
        Ok(Passwords {
            hash_of_nobody: hash_of_nobody(hashes.values()),
            hashes,
            lately: Lately::new(),
            path: path.to_owned(),
            read: (identity.facts.device, identity.facts.inode),
        })
    }

    /// Says so if the file lies beneath `root`: it is not served, but whoever may write could make
    /// it anew once it is removed.
    pub(in crate::site) fn warn_if_beneath(&self, root: &Path) {
        let (file, root) = (self.path.canonicalize(), root.canonicalize());
        if matches!((file, root), (Ok(file), Ok(root)) if file.starts_with(&root)) {
            let file = self.path.display();
            log::warn!("{file} lies beneath the root: it is not served, but better kept elsewhere");
        }
    }

    /// Judges a request's credentials at `now`; with a hash only if it `may_hash`.
    pub(super) fn judge(
        &self,
        credentials: Option<&Credentials>,
        may_hash: bool,
        now: Timestamp,
    ) -> Verdict {
        let Some(credentials) = credentials else { return Verdict::Wrong };
        if self.were_right(credentials, now) {
            return Verdict::Right;
        }
        if !may_hash {
            return Verdict::Unknown;
        }
        let (user, password) = (credentials.user(), credentials.password());
        let hash = self.hashes.get(user).unwrap_or(&self.hash_of_nobody);
        match bcrypt::verify(password, hash) {
            Ok(true) if self.hashes.contains_key(user) => {
                self.lately.note(user, password, now);
                Verdict::Right
            }
            Ok(_) => Verdict::Wrong,
            Err(error) => {
                log::error!("cannot hash a password: {error}");
                Verdict::Wrong
            }
        }
    }

    /// Whether the credentials were found right lately.
    pub(super) fn were_right(&self, credentials: &Credentials, now: Timestamp) -> bool {
        self.lately.has(credentials.user(), credentials.password(), now)
    }

    /// Whether a file is the one that the passwords are from, or has taken its place.
    pub(in crate::site) fn are_in(&self, facts: &FileFacts) -> bool {
        let file = (facts.device, facts.inode);
        let in_place = || {
            let stat = rustix::fs::stat(&self.path).ok()?;
            let FileFacts { device, inode, .. } = openat::status(&stat).facts;
            Some((device, inode))
        };
        file == self.read || Some(file) == in_place()
    }
}

/// The hashes by user. The error says which line is wrong.
fn parse(text: &[u8]) -> Result<HashMap<Vec<u8>, String>, String> {
    let mut hashes = HashMap::new();
    for (number, line) in (1..).zip(text.split(|&byte| byte == b'\n')) {
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        let (user, hash) = parse_line(line)
            .ok_or_else(|| format!("line {number} is no user:hash as 'htpasswd -B' writes it"))?;
        if hashes.insert(user.to_vec(), hash.to_owned()).is_some() {
            return Err(format!("line {number} has a user that is there already"));
        }
    }
    Ok(hashes)
}

fn parse_line(line: &[u8]) -> Option<(&[u8], &str)> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let (user, hash) = (&line[..colon], str::from_utf8(&line[colon + 1..]).ok()?);
    let is_name = !user.is_empty() && !user.iter().any(u8::is_ascii_control);
    let is_known = ["$2y$", "$2b$", "$2a$"].iter().any(|prefix| hash.starts_with(prefix));
    let is_hash = hash.parse::<bcrypt::HashParts>().is_ok() && HASH_COSTS.contains(&cost(hash)?);
    (is_name && is_known && is_hash).then_some((user, hash))
}

/// The cost in a hash: its logarithm, two digits.
fn cost(hash: &str) -> Option<u32> {
    let digits = hash.get(4..6)?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// A hash that costs as much as the dearest of these.
fn hash_of_nobody<'a>(hashes: impl Iterator<Item = &'a String>) -> String {
    let cost = hashes.filter_map(|hash| cost(hash)).max().unwrap_or(*HASH_COSTS.start());
    format!("$2b${cost:02}${}", ".".repeat(53))
}

#[cfg(test)]
mod tests;
