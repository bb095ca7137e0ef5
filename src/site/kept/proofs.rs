//! Proofs that are good for a moment: what was looked at lately, and found as it was kept.
//!
//! If the server looks at a file after a request has come, the answer was true at a time between
//! request and answer. So one look can serve several requests, if all of them had come before it.
//! The owner of the proofs knows whether they had: it says so before each request, and clears the
//! proofs when they are old.

use super::directory::Directory;
use super::file::KeptFile;
use std::cell::{Cell, RefCell};
use std::sync::Arc;

/// What was looked at, and found as it was kept.
#[derive(Default)]
pub struct Proofs {
    /// Kept files that are unchanged and in their place.
    files: RefCell<Vec<Arc<KeptFile>>>,
    /// Directories on the way to them that are in their place.
    directories: RefCell<Vec<Arc<Directory>>>,
    facts: Cell<Facts>,
    /// Whether the proofs are good for the present request.
    are_usable: Cell<bool>,
}

/// Facts about document roots, each named by its address, which is its own for as long as a turn
/// lasts; 0 stands for none.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The roots ([`Opened`](super::super::roots::Opened)) that are where they were opened.
    pub in_place: usize,
    /// A root that has no page of its own for 404.
    pub without_page: usize,
    /// A root in which no name has come or gone since its times were noted.
    pub unchanged: usize,
}

/// Files, and directories, of which proofs are held at most: one wait reports few requests.
const PROOFS_MAX: usize = 16;

impl Proofs {
    /// No proof.
    pub fn new() -> Proofs {
        Proofs::default()
    }

    /// Says whether the proofs are good for the present request.
    pub fn set_usable(&self, are_usable: bool) {
        self.are_usable.set(are_usable);
    }

    /// Whether there is no proof at all.
    pub fn is_empty(&self) -> bool {
        self.facts.get() == Facts::default()
            && self.files.borrow().is_empty()
            && self.directories.borrow().is_empty()
    }

    /// Forgets all proofs.
    pub fn clear(&self) {
        self.files.borrow_mut().clear();
        self.directories.borrow_mut().clear();
        self.facts.set(Facts::default());
    }

    /// The facts that are good for the present request.
    pub(in crate::site) fn facts(&self) -> Facts {
        if self.are_usable.get() { self.facts.get() } else { Facts::default() }
    }

    /// Notes what was found just now.
    pub(in crate::site) fn note_facts(&self, note: impl FnOnce(&mut Facts)) {
        let mut facts = self.facts.get();
        note(&mut facts);
        self.facts.set(facts);
    }

    /// Whether this very file was proved.
    pub(super) fn have_file(&self, file: &Arc<KeptFile>) -> bool {
        self.are_usable.get() && self.files.borrow().iter().any(|have| Arc::ptr_eq(have, file))
    }

    /// Whether this very directory was proved.
    pub(super) fn have_directory(&self, directory: &Arc<Directory>) -> bool {
        let is_it = |have: &Arc<Directory>| Arc::ptr_eq(have, directory);
        self.are_usable.get() && self.directories.borrow().iter().any(is_it)
    }

    /// Notes that this file was proved just now.
    pub(super) fn note_file(&self, file: Arc<KeptFile>) {
        push(&mut self.files.borrow_mut(), file);
    }

    /// Notes that this directory was proved just now.
    pub(super) fn note_directory(&self, directory: &Arc<Directory>) {
        if !directory.is_root() && !self.have_directory(directory) {
            push(&mut self.directories.borrow_mut(), Arc::clone(directory));
        }
    }
}

fn push<T>(proofs: &mut Vec<T>, proof: T) {
    if proofs.len() < PROOFS_MAX {
        proofs.push(proof);
    }
}
