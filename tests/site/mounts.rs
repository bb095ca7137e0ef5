//! File systems beneath the root: what is kept of them does not keep them busy for long.

use super::support::{Asked, NOW, Tree};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use tinyhttpd::http::date::Timestamp;

/// Set in the process that has mounts of its own.
const OWN_MOUNTS: &str = "TINYHTTPD_TEST_OWN_MOUNTS";

/// Whether this process has mounts of its own. If it has none, `test` is run by a child process
/// that has; where the system allows none, stderr says so, and with CI in the environment that
/// fails the test.
fn has_own_mounts(test: &str) -> bool {
    if std::env::var_os(OWN_MOUNTS).is_some() {
        return true;
    }
    let of_own: &[&str] = match rustix::process::geteuid().is_root() {
        true => &["--mount"],
        false => &["--mount", "--map-root-user"],
    };
    let tried = Command::new("unshare").args(of_own).arg("true").status();
    if !tried.is_ok_and(|status| status.success()) {
        let mut stderr = std::io::stderr();
        writeln!(stderr, "NOT TESTED: {test}: mounts are not allowed").unwrap();
        assert!(std::env::var_os("CI").is_none(), "mounts are not allowed");
        return false;
    }
    let (_, module) = module_path!().split_once("::").unwrap();
    let program = std::env::current_exe().unwrap();
    let output = Command::new("unshare")
        .args(of_own)
        .arg(program)
        .args([&format!("{module}::{test}"), "--exact"])
        .env(OWN_MOUNTS, "1")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("1 passed"), "{told}");
    false
}

#[track_caller]
fn mount(path: &Path) {
    let mounted = Command::new("mount").args(["-t", "tmpfs", "none"]).arg(path).status();
    assert!(mounted.unwrap().success());
}

/// Whether the file system could be unmounted; it could not while something of it is open.
fn unmount(path: &Path) -> bool {
    Command::new("umount").arg(path).output().unwrap().status.success()
}

fn in_seconds(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(NOW.seconds + seconds)
}

/// Asks for all of `targets`, so that they are kept.
fn ask(site: &Asked, targets: &[&str]) {
    for target in targets {
        site.get(target).expect_status("200 OK");
    }
}

#[test]
fn file_system_can_be_unmounted_a_minute_after_its_last_use() {
    if !has_own_mounts("file_system_can_be_unmounted_a_minute_after_its_last_use") {
        return;
    }
    let tree = Tree::new();
    tree.directory("mounted");
    mount(&tree.path("mounted"));
    tree.file("mounted/small", "content");
    tree.file("mounted/a/b/small", "content");
    tree.file("mounted/large", vec![b'x'; 1 << 20]);
    tree.file("beside", "content");
    let site = tree.default_site();
    for targets in
        [&["/mounted/small"][..], &["/mounted/large"], &["/mounted/a/b/small", "/beside"]]
    {
        ask(&site, targets);
        site.let_go(in_seconds(59));
        assert!(!unmount(&tree.path("mounted")), "{targets:?} are not kept");
        site.let_go(in_seconds(60));
        assert!(unmount(&tree.path("mounted")), "{targets:?} are kept");
        site.get("/mounted/small").expect_status("404 Not Found");
        mount(&tree.path("mounted"));
        tree.file("mounted/small", "content");
        tree.file("mounted/a/b/small", "content");
        tree.file("mounted/large", vec![b'x'; 1 << 20]);
    }
    assert!(unmount(&tree.path("mounted")));
}
