//! What answers for a directory without an index file: its listing.
//!
//! This file decides which entries are listed; [`page`] and [`json`] how they look.

use super::json;
use super::listed::Listed;
use super::made::{Key, Made};
use super::page::{self, Contents};
use super::reading::{self, Wanted};
use super::readme::Readme;
use super::upload_page;
use crate::http::path::is_hidden_name;
use crate::http::status::Status;
use crate::limits::ENTRIES_MAX;
use crate::site::asked::{Asked, Unanswered};
use crate::site::leave::Leave;
use crate::site::open_file::Found;
use crate::site::relative_path::or_dot;
use crate::site::response::Response;
use crate::site::status_code;

const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json; charset=utf-8";

impl Asked<'_> {
    /// The listing of the directory; `None` where there is none, or where `--list` is not given.
    pub(in crate::site) fn list(&self, relative: &[u8]) -> Result<Option<Response>, Unanswered> {
        if !self.site.rules.settings.lists {
            // Not about a root that is gone.
            if self.site.roots.current().is_in_place(self.request.host) {
                hint_at_list(self, relative);
            }
            return Ok(None);
        }
        let Some(leave) = self.conditions.leave.and_then(Leave::listing) else {
            return Err(Unanswered::Listing(self.site.listings.ask()));
        };
        let key = Key::of(self.root, relative, self.query, &self.request.fields);
        let made = match self.site.listings.find(&key, leave) {
            Some(made) => made,
            None => {
                let began = self.site.listings.begin();
                let Some(entries) = self.entries(&key)? else { return Ok(None) };
                self.site.listings.keep(began, self.make(&key, &entries), key)
            }
        };
        Ok(Some(self.precluded(&made.representation).unwrap_or_else(|| made.response())))
    }

    /// The listing of `entries`, in the form that the client prefers.
    fn make(&self, key: &Key, entries: &[Listed]) -> Made {
        if key.is_json {
            return Made::new(json::document(&key.relative, entries), JSON, None);
        }
        let settings = &self.site.rules.settings;
        let page = page::page(&Contents {
            path: &key.relative,
            view: &key.view,
            entries,
            readme: Readme::find(self, &key.relative),
            has_archive: settings.archives,
            upload_bytes_max: settings.writable.then_some(settings.body_bytes_max),
        });
        // Two policies would have to allow the script both: the user's own counts alone.
        let needs_policy = settings.writable && !settings.sets("Content-Security-Policy");
        Made::new(page, HTML, needs_policy.then_some(upload_page::POLICY))
    }

    /// The entries to list; `None` where there is no such directory.
    fn entries(&self, key: &Key) -> Result<Option<Vec<Listed>>, Status> {
        let wanted = Wanted {
            order: key.view.order,
            // One more, which tells that there are more.
            entries_max: ENTRIES_MAX + 1,
            admits: &|name| {
                let is_served = self.site.rules.settings.serves_hidden || !is_hidden_name(name);
                is_served && key.view.filter.admits(name)
            },
        };
        let read = reading::entries(self.root.descriptor(), or_dot(&key.relative), wanted);
        match read.map_err(|errno| status_code::for_reading(errno, &key.relative)) {
            Ok(entries) => Ok(Some(entries)),
            Err(Status::NotFound) => Ok(None),
            Err(status) => Err(status),
        }
    }
}

/// Says in the log, not to the client, why a directory is answered with 404.
fn hint_at_list(asked: &Asked, relative: &[u8]) {
    if matches!(asked.find(relative), Ok(Found::Directory)) {
        log::info!("a directory without an index file was asked for: --list would list it");
    }
}
