//! The document roots as they are now. If the path of a root leads to another directory than
//! before, the root is opened anew. So a build that removes its directory and makes it again, or a
//! symlink that is switched to the next release, needs no signal.
//!
//! To look costs a system call or two. A request that finds a file does not look: it loads one
//! pointer, and takes no lock. The former roots, and what is kept of them, go when the last request
//! that uses them is answered.

use super::document_root::DocumentRoot;
use super::hosts::{Hosts, host_names, plain_name};
use super::lock::lock;
use super::openat::{self, DirectoryId};
use super::settings::Settings;
use arc_swap::{ArcSwap, Guard};
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// The open roots, until others take their place.
pub(super) struct Roots {
    opened: ArcSwap<Opened>,
    /// Held while they are opened anew.
    renewing: Mutex<()>,
}

/// Roots as they were opened at one time.
pub(super) struct Opened {
    /// `None` while there is no document root.
    hosts: Option<Hosts>,
    places: Vec<Place>,
}

/// A directory that was opened as a root, and how it was found.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    path: PathBuf,
    /// `None` if the path led to no directory.
    directory: Option<DirectoryId>,
}

impl Roots {
    /// # Errors
    ///
    /// If a root is missing, is no directory or cannot be read.
    pub(super) fn open(settings: &Settings) -> io::Result<Roots> {
        let opened = ArcSwap::from_pointee(Opened::open(settings)?);
        Ok(Roots { opened, renewing: Mutex::new(()) })
    }

    /// The present roots, for one request.
    pub(super) fn current(&self) -> Guard<Arc<Opened>> {
        self.opened.load()
    }

    /// Looks at the path of each root, and opens all of them anew if one leads elsewhere than
    /// before, or has gone or come. Returns whether one has.
    pub(super) fn look(&self, settings: &Settings) -> bool {
        let opened = self.current();
        opened.places != places(settings) && self.renew(settings, &opened)
    }

    /// As [`Roots::look`], for a request to `host` that has found nothing in `asked`: looks at the
    /// root for that host only. Another thread may have opened the roots anew meanwhile.
    pub(super) fn look_for(
        &self,
        settings: &Settings,
        host: Option<&[u8]>,
        asked: &Opened,
    ) -> bool {
        let opened = self.current();
        let is_former = !std::ptr::eq(asked, &**opened);
        is_former || !opened.is_in_place(host) && self.renew(settings, &opened)
    }

    fn renew(&self, settings: &Settings, former: &Arc<Opened>) -> bool {
        let _alone = lock(&self.renewing);
        if !Arc::ptr_eq(&self.current(), former) {
            return true;
        }
        let name = settings.root.display();
        match Opened::open(settings) {
            Ok(opened) => {
                self.opened.store(Arc::new(opened));
                log::info!("{name} is another directory now: the document root was opened anew");
                true
            }
            // One of the hosts: the others are served.
            Err(error) if settings.by_host && openat::identify(&settings.root).is_some() => {
                log::debug!("cannot open anew: {error}");
                false
            }
            Err(_) if former.hosts.is_none() => false,
            Err(error) => {
                log::warn!("{error}: every answer is 404 until {name} is back");
                let places = places(settings);
                self.opened.store(Arc::new(Opened { hosts: None, places }));
                true
            }
        }
    }
}

impl Opened {
    fn open(settings: &Settings) -> io::Result<Opened> {
        // Before they are opened: if one is replaced in between, the next look will tell.
        let places = places(settings);
        Ok(Opened { hosts: Some(Hosts::open(settings)?), places })
    }

    /// The root for a request to `host`; `None` if there is none.
    pub(super) fn root(&self, host: Option<&[u8]>) -> Option<&DocumentRoot> {
        self.hosts.as_ref()?.root(host)
    }

    /// Every root.
    pub(super) fn roots(&self) -> impl Iterator<Item = &DocumentRoot> {
        self.hosts.iter().flat_map(Hosts::roots)
    }

    /// Whether the path of the root for `host` still leads to it.
    pub(super) fn is_in_place(&self, host: Option<&[u8]>) -> bool {
        let host = host.map(plain_name).unwrap_or_default();
        let is_of_host = |place: &&Place| {
            let name = place.path.file_name().unwrap_or_default();
            name.as_bytes().eq_ignore_ascii_case(&host)
        };
        let (above, named) = self.places.split_at(self.places.len().min(1));
        above.iter().chain(named.iter().filter(is_of_host)).all(Place::is_taken)
    }
}

impl Place {
    fn new(path: PathBuf) -> Place {
        Place { directory: openat::identify(&path), path }
    }

    /// Whether its path still leads to the same directory.
    fn is_taken(&self) -> bool {
        openat::identify(&self.path) == self.directory
    }
}

/// Where the roots are now: the document root, and with `--vhosts` the directories of hosts in it.
fn places(settings: &Settings) -> Vec<Place> {
    let root = Path::new(&settings.root);
    let mut names = match settings.by_host {
        true => host_names(root).unwrap_or_default(),
        false => Vec::new(),
    };
    names.sort();
    let named = names.iter().map(|name| root.join(OsStr::from_bytes(name)));
    [root.to_owned()].into_iter().chain(named).map(Place::new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{create_dir, rename};

    #[test]
    fn a_request_that_has_found_nothing_learns_that_others_have_opened_the_root_anew() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("root");
        create_dir(&root).unwrap();
        let settings = Settings { root: root.clone(), ..Settings::default() };
        let roots = Roots::open(&settings).unwrap();
        let asked = roots.current();
        assert!(!roots.look_for(&settings, None, &asked));
        rename(&root, directory.path().join("former")).unwrap();
        create_dir(&root).unwrap();
        // As the housekeeper does.
        assert!(roots.look(&settings));
        assert!(roots.look_for(&settings, None, &asked));
        assert!(!roots.look_for(&settings, None, &roots.current()));
    }
}
