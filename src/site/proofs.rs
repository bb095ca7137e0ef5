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

/// Kept files, and directories on the way to them, that were proved to be in place.
#[derive(Default)]
pub struct Proofs {
    files: RefCell<Vec<Arc<Kept>>>,
    directories: RefCell<Vec<Arc<Directory>>>,
    /// Whether they are good for the present request.
    are_usable: Cell<bool>,
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
        self.files.borrow().is_empty() && self.directories.borrow().is_empty()
    }

    /// Forgets all proofs.
    pub fn clear(&self) {
        self.files.borrow_mut().clear();
        self.directories.borrow_mut().clear();
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
