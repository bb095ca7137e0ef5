//! The files that workloads ask for, made when the first of them runs.

use crate::support::site::{HUGE, HUGE_BYTES, Site};
use crate::support::tree;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;

/// Files of one size, of which one is asked for at random. `{file}` in their path is a number of
/// five digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Set {
    pub path: &'static str,
    pub count: usize,
    pub bytes: u64,
}

/// In one directory.
pub const MANY: Set = Set { path: "/many/{file}.html", count: 10_000, bytes: 4096 };
/// Four times what tinyhttpd keeps in memory.
pub const COLD: Set = Set { path: "/cold/{file}.html", count: 8192, bytes: 32 * 1024 };
/// In directories of a thousand.
pub const TREE: Set = Set { path: tree::PATH, count: 1_000_000, bytes: tree::BYTES as u64 };

/// 100 KiB.
pub const MIDDLE: &str = "/100k.bin";
/// A page, with the sizes of what it needs: styles, scripts, images, fonts.
pub const PAGE: &str = "/page/index.html";
const PAGE_BYTES: u64 = 24 * 1024;
const ASSETS: [(&str, usize, u64); 4] =
    [("css", 4, 8 * 1024), ("js", 8, 24 * 1024), ("png", 16, 12 * 1024), ("woff2", 2, 48 * 1024)];

/// Where files are sent with PUT.
pub const UPLOADS: &str = "/put/{file}.bin";
/// Under how many names.
pub const UPLOAD_NAMES: usize = 64;

/// A directory without an index file.
pub fn listed(entries: usize) -> String {
    format!("/list-{entries}/")
}

/// The name of one of its entries.
pub fn listed_name(number: usize) -> String {
    format!("file-{number:05}.txt")
}

impl Set {
    /// The path of one of its files.
    pub fn file(&self, number: usize) -> String {
        match self.path {
            tree::PATH => tree::path(number),
            path => path.replace("{file}", &format!("{number:05}")),
        }
    }

    /// Makes the files unless they are there.
    pub fn make(&self, site: &Site) -> io::Result<()> {
        let directory = self.path.split('/').nth(1).unwrap_or_default();
        if site.root().join(directory).exists() {
            return Ok(());
        }
        if self.path == tree::PATH {
            println!("making {} files", self.count);
            return tree::create(site, 0..self.count);
        }
        fs::create_dir(site.root().join(directory))?;
        (0..self.count).try_for_each(|number| site.add(&self.file(number), self.bytes))
    }
}

/// The paths of the page and of its thirty assets.
pub fn page_paths() -> Vec<String> {
    let assets = ASSETS.into_iter().flat_map(|(extension, count, _)| {
        (0..count).map(move |number| format!("/page/{number:02}.{extension}"))
    });
    [PAGE.to_owned()].into_iter().chain(assets).collect()
}

/// Makes the page unless it is there.
pub fn make_page(site: &Site) -> io::Result<()> {
    if site.file(PAGE).exists() {
        return Ok(());
    }
    fs::create_dir(site.root().join("page"))?;
    site.add(PAGE, PAGE_BYTES)?;
    for path in &page_paths()[1..] {
        let kind = ASSETS.iter().find(|(extension, ..)| path.ends_with(extension));
        site.add(path, kind.map_or(PAGE_BYTES, |(.., bytes)| *bytes))?;
    }
    Ok(())
}

/// Makes a directory of `entries` files, unless it is there.
pub fn make_listed(site: &Site, entries: usize) -> io::Result<()> {
    let directory = site.file(&listed(entries));
    if directory.exists() {
        return Ok(());
    }
    fs::create_dir(directory)?;
    (0..entries).try_for_each(|n| site.add(&format!("{}{}", listed(entries), listed_name(n)), 16))
}

/// Makes a directory in which every server may write, whoever it runs as.
pub fn make_writable(site: &Site) -> io::Result<()> {
    let directory = site.root().join("put");
    if !directory.exists() {
        fs::create_dir(&directory)?;
        fs::set_permissions(&directory, Permissions::from_mode(0o777))?;
    }
    Ok(())
}

/// Makes what is asked for by its own path, unless it is there.
pub fn make_single(site: &Site, path: &str) -> io::Result<()> {
    match path {
        MIDDLE if !site.file(path).exists() => site.add(path, 100 * 1024),
        HUGE if !site.file(path).exists() => site.add(path, HUGE_BYTES),
        _ => Ok(()),
    }
}
