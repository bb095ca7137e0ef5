//! The site that requests are answered from, until another takes its place.
//!
//! A worker holds the site during a turn. Between two turns it leaves it in a place of its own, so
//! that the next turn touches nothing that workers share; and an exchange empties the places of
//! all, so that no sleeping worker keeps the former site, its descriptors and its file system.

use crate::site::Site;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The present site.
pub(super) struct CurrentSite {
    /// Counts the exchanges.
    generation: AtomicU64,
    site: Mutex<Arc<Site>>,
}

/// A site in somebody's hands, and which one it is.
#[derive(Clone)]
pub(super) struct HeldSite {
    generation: u64,
    site: Arc<Site>,
}

/// Where one worker leaves the site between two turns.
#[derive(Default)]
pub(super) struct SitePlace(Mutex<Option<HeldSite>>);

impl HeldSite {
    pub(super) fn site(&self) -> &Arc<Site> {
        &self.site
    }
}

impl CurrentSite {
    pub(super) fn new(site: Arc<Site>) -> CurrentSite {
        CurrentSite { generation: AtomicU64::new(0), site: Mutex::new(site) }
    }

    /// The present site, out of `place` where it is there.
    pub(super) fn take(&self, place: &SitePlace) -> HeldSite {
        let left = lock(&place.0).take();
        left.filter(|held| held.generation == self.generation.load(Ordering::Acquire))
            .unwrap_or_else(|| self.get())
    }

    /// Leaves the site in `place`, unless another has taken its place.
    ///
    /// [`CurrentSite::replace`] counts first and then empties the places. So either this sees the
    /// new count, or what it leaves is taken out.
    pub(super) fn leave(&self, held: HeldSite, place: &SitePlace) {
        let mut place = lock(&place.0);
        if held.generation == self.generation.load(Ordering::Acquire) {
            *place = Some(held);
        }
    }

    /// Puts another site in its place, and empties the places. Turns that have begun end with the
    /// former one.
    pub(super) fn replace<'a>(&self, site: Arc<Site>, places: impl Iterator<Item = &'a SitePlace>) {
        let former = std::mem::replace(&mut *lock(&self.site), site);
        self.generation.fetch_add(1, Ordering::AcqRel);
        places.for_each(|place| drop(lock(&place.0).take()));
        drop(former);
    }

    /// The present site, for a caller that keeps it for a moment only.
    pub(super) fn get(&self) -> HeldSite {
        let site = lock(&self.site);
        HeldSite { generation: self.generation.load(Ordering::Acquire), site: Arc::clone(&site) }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn site(root: &std::path::Path) -> Arc<Site> {
        let root = root.to_owned();
        let settings = crate::site::Settings { root, ..crate::site::Settings::default() };
        Arc::new(Site::open(settings).expect("a site"))
    }

    #[test]
    fn a_cache_keeps_the_present_site_and_no_former_one() {
        let root = tempfile::tempdir().expect("a directory");
        let former = site(root.path());
        let weak = Arc::downgrade(&former);
        let current = CurrentSite::new(former);
        let (sleeping, working) = (SitePlace::default(), SitePlace::default());
        current.leave(current.take(&sleeping), &sleeping);
        assert!(lock(&sleeping.0).is_some());
        let in_a_turn = current.take(&working);
        current.replace(site(root.path()), [&sleeping, &working].into_iter());
        assert!(lock(&sleeping.0).is_none());
        assert!(weak.upgrade().is_some(), "a turn ends with the site that it began with");
        current.leave(in_a_turn, &working);
        assert!(lock(&working.0).is_none());
        assert!(weak.upgrade().is_none());
        assert_eq!(current.take(&working).generation, 1);
    }
}
