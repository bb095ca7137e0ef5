//! A document root in a temporary directory, whose bytes name their own offset.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// The answer to start-up checks and to `/`.
pub const INDEX: &str = "/index.html";
/// 1 KiB.
pub const SMALL: &str = "/1k.html";
/// 64 MiB.
pub const LARGE: &str = "/64m.bin";
/// 1 GiB.
pub const HUGE: &str = "/1g.bin";
/// Bytes of [`HUGE`].
pub const HUGE_BYTES: u64 = 1 << 30;

const PAGE: usize = 4096;

/// A document root with a place for configurations and logs beside it; both are removed when this
/// is dropped.
pub struct Site {
    directory: TempDir,
}

impl Site {
    /// A root that holds the files named above. Its directories can be read by whoever the servers
    /// run as.
    pub fn create() -> io::Result<Site> {
        let site = Site::small(&std::env::temp_dir())?;
        site.add(LARGE, 64 << 20)?;
        site.add(HUGE, HUGE_BYTES)?;
        Ok(site)
    }

    /// A root below `parent` that holds [`INDEX`] and [`SMALL`].
    pub fn small(parent: &Path) -> io::Result<Site> {
        let directory = tempfile::Builder::new().prefix("tinyhttpd-bench-").tempdir_in(parent)?;
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755))?;
        let site = Site { directory };
        fs::create_dir(site.root())?;
        site.add(INDEX, 512)?;
        site.add(SMALL, 1024)?;
        Ok(site)
    }

    /// The document root.
    pub fn root(&self) -> PathBuf {
        self.directory.path().join("root")
    }

    /// Where configurations, scripts and logs go.
    pub fn scratch(&self) -> &Path {
        self.directory.path()
    }

    /// Where the file behind `path` lies.
    pub fn file(&self, path: &str) -> PathBuf {
        self.root().join(path.trim_start_matches('/'))
    }

    /// Writes a file of `bytes` bytes, dated an hour ago, so that no server takes it for one that
    /// is being written.
    pub fn add(&self, path: &str, bytes: u64) -> io::Result<()> {
        let mut file = BufWriter::with_capacity(1 << 20, File::create(self.file(path))?);
        for offset in (0..bytes).step_by(PAGE) {
            let length = (bytes - offset).min(PAGE as u64) as usize;
            file.write_all(&page(path, offset)[..length])?;
        }
        let file = file.into_inner().map_err(|error| error.into_error())?;
        file.set_modified(SystemTime::now() - Duration::from_secs(3600))
    }
}

/// A page that starts with its offset and the file's path and goes on with positions inside itself.
fn page(path: &str, offset: u64) -> [u8; PAGE] {
    const POSITIONS: [u8; PAGE] = positions();
    let mut page = POSITIONS;
    let title = format!("{offset:016} {path} ");
    page[..title.len()].copy_from_slice(title.as_bytes());
    page
}

/// `0000 0008 0016 ...`, each number at the position that it names, with three blanks after it.
const fn positions() -> [u8; PAGE] {
    let mut page = [b' '; PAGE];
    let mut at = 0;
    while at < PAGE {
        let digits = [at / 1000, at / 100 % 10, at / 10 % 10, at % 10];
        let mut i = 0;
        while i < digits.len() {
            page[at + i] = b'0' + digits[i] as u8;
            i += 1;
        }
        at += 8;
    }
    page
}
