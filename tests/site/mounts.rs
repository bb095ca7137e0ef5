//! File systems beneath the root: what is kept of them does not keep them busy for long.

use crate::support::alone::is_alone;
use crate::support::missing;
use crate::support::site::{Asked, NOW, Tree};
use std::path::Path;
use std::process::Command;
use tinyhttpd::http::date::Timestamp;

/// Whether this process has mounts of its own. If it has none, `test` is run by one that has, where
/// the system allows that.
fn has_own_mounts(test: &str) -> bool {
    let of_own: &[&str] = match rustix::process::geteuid().is_root() {
        true => &["--mount"],
        false => &["--mount", "--map-root-user"],
    };
    let tried = Command::new("unshare").args(of_own).arg("true").status();
    if !tried.is_ok_and(|status| status.success()) {
        missing("mounts are not allowed");
        return false;
    }
    is_alone(module_path!(), test, |command| {
        let mut unshare = Command::new("unshare");
        let variables = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
        unshare.args(of_own).arg(std::env::current_exe().unwrap());
        unshare.args(command.get_args()).envs(variables);
        unshare
    })
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
