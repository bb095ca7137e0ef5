//! Proofs that are good for a moment: what was looked at lately and found to be as it was kept.
//!
//! A look at a file that was made after a request had come gives an answer that was true between
//! request and answer. So one look can serve several requests, if all of them had come before it.
//! Whether they had is known to whoever holds the proofs: it says so before each request, and clears
//! the proofs when they are old.

use super::directory::Directory;
use super::kept::Kept;
use std::cell::{Cell, RefCell};
use std::sync::Arc;

/// What was looked at and found to be so.
#[derive(Default)]
pub struct Proofs {
    /// Kept files that are unchanged and in place.
    files: RefCell<Vec<Arc<Kept>>>,
    /// Directories on the way to them that are in place.
    directories: RefCell<Vec<Arc<Directory>>>,
    facts: Cell<Facts>,
    /// Whether they are good for the present request.
    are_usable: Cell<bool>,
}

/// Facts about document roots, each known by its address as long as a turn lasts; 0 stands for none.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// The roots that are where they were opened.
    pub in_place: usize,
    /// A root that has no page for what is not found.
    pub without_page: usize,
}

/// Files and directories of which a proof is held at most: a few requests are told at once.
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
    pub(super) fn facts(&self) -> Facts {
        if self.are_usable.get() { self.facts.get() } else { Facts::default() }
    }

    /// Notes what was found just now.
    pub(super) fn note_facts(&self, note: impl FnOnce(&mut Facts)) {
        let mut facts = self.facts.get();
        note(&mut facts);
        self.facts.set(facts);
    }

    /// Whether this very file was proved.
    pub(super) fn have_file(&self, file: &Arc<Kept>) -> bool {
        self.are_usable.get() && self.files.borrow().iter().any(|have| Arc::ptr_eq(have, file))
    }

    /// Whether this very directory was proved.
    pub(super) fn have_directory(&self, directory: &Arc<Directory>) -> bool {
        let is_it = |have: &Arc<Directory>| Arc::ptr_eq(have, directory);
        self.are_usable.get() && self.directories.borrow().iter().any(is_it)
    }

    /// Notes that this file was proved just now.
    pub(super) fn note_file(&self, file: Arc<Kept>) {
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
