//! The listing as the place to upload, in Chromium: what a user chooses, drops, presses and reads
//! there, and what then lies in the root.

mod desk;
mod files;
mod filter;
mod keyboard;
mod questions;
#[path = "../support/mod.rs"]
mod support;
mod trouble;
