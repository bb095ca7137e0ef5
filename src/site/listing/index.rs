//! The answer for a directory: its index file, else its listing.
//!
//! This file decides which entries are listed; [`page`](super::page) and [`json`](super::json) how
//! they look.

use super::listed::{ENTRIES_MAX, Listed};
use super::made::{Key, Made};
use super::reading::Wanted;
use crate::http::path::is_hidden_name;
use crate::http::status::Status;
use crate::site::document_root::{Absent, Found};
use crate::site::get::{Asked, Unanswered};
use crate::site::refusal::status_of;
use crate::site::response::Response;

impl Asked<'_> {
    /// The directory's index file, else its listing, else the answer for an unknown path.
    pub(in crate::site) fn get_directory(&self, relative: &[u8]) -> Result<Response, Unanswered> {
        for name in &self.site.settings.index {
            if let Some(response) = self.get_file(&join(relative, name.as_bytes()))? {
                return Ok(response);
            }
        }
        match self.list(relative)? {
            Some(response) => Ok(response),
            None => Ok(self.get_fallback()?),
        }
    }

    /// The listing of the directory; `None` where there is none, or where `--list` is not given.
    fn list(&self, relative: &[u8]) -> Result<Option<Response>, Unanswered> {
        if !self.site.settings.lists {
            // A root that was removed or replaced needs no hint.
            if self.site.roots.current().is_in_place(self.request.host) {
                hint_at_list(self, relative);
            }
            return Ok(None);
        }
        let Some(leave) = self.conditions.listing else {
            return Err(Unanswered::Listing(self.site.listings.ask()));
        };
        let key = Key::of(self, relative);
        let made = match self.site.listings.find(&key, leave) {
            Some(made) => made,
            None => {
                let began = self.site.listings.begin();
                let Some(entries) = self.entries(&key)? else { return Ok(None) };
                self.site.listings.keep(began, Made::new(&key, &entries), key)
            }
        };
        Ok(Some(self.precluded(&made.representation).unwrap_or_else(|| made.response())))
    }

    /// The entries to list; `None` where there is no such directory.
    fn entries(&self, key: &Key) -> Result<Option<Vec<Listed>>, Status> {
        let wanted = Wanted {
            order: key.order,
            // One more than is shown: it tells that there are more.
            entries_max: ENTRIES_MAX + 1,
            admits: &|name| self.site.settings.serves_hidden || !is_hidden_name(name),
        };
        match self.root.read_in_order(&key.relative, wanted) {
            Ok(entries) => Ok(Some(entries)),
            Err(Absent::NotFound) => Ok(None),
            Err(absent) => Err(status_of(absent)),
        }
    }
}

/// Says in the log, not to the client, why a directory is answered with 404.
fn hint_at_list(asked: &Asked, relative: &[u8]) {
    if matches!(asked.find(relative), Ok(Found::Directory)) {
        log::info!("a directory without an index file was asked for: --list would list it");
    }
}

fn join(directory: &[u8], name: &[u8]) -> Vec<u8> {
    match directory {
        b"" => name.to_vec(),
        directory => [directory, b"/", name].concat(),
    }
}
