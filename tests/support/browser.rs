//! Chromium without a window.

use super::Served;
use rustix::process::{Pid, Signal, kill_process_group};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A running Chromium with a profile of its own.
pub struct Browser {
    chromium: Child,
    _profile: TempDir,
}

impl Browser {
    pub fn open(chromium: &Path, url: &str) -> Browser {
        Browser::open_with(chromium, url, &[])
    }

    /// The same with more options.
    pub fn open_with(chromium: &Path, url: &str, options: &[&str]) -> Browser {
        let profile = TempDir::new().expect("a temporary directory");
        let mut command = Command::new(chromium);
        Browser::spawn(command.args(OPTIONS).args(options).arg(url), profile)
    }

    /// Starts what `command` runs, with this profile added.
    pub(super) fn spawn(command: &mut Command, profile: TempDir) -> Browser {
        let chromium = command
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .env("TMPDIR", profile.path())
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Chromium starts");
        Browser { chromium, _profile: profile }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The whole group, and only then the profile that its processes write to.
        let group = Pid::from_child(&self.chromium);
        kill_process_group(group, Signal::KILL).expect("a child that was not waited for");
        self.chromium.wait().expect("a killed child ends");
    }
}

pub(super) const OPTIONS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
];

/// The names and values after `/done?`, which a page sends when it has come to an end.
pub fn wait_until_done(server: &mut Served) -> String {
    let line = server.log.wait_for("/done?");
    let (_, told) = line.split_once("/done?").expect("what was waited for");
    told.split(' ').next().unwrap_or(told).to_owned()
}
