//! The commands by which `docs/many-machines.md` has a site published.

use crate::support::{Served, find, run, write};
use crate::{plain, text, wait_until};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// The commands of the page's block that begins after the line `heading`.
fn commands(heading: &str) -> Vec<String> {
    let page = text("docs/many-machines.md");
    let mut lines = page.lines().skip_while(|line| !line.starts_with(heading)).skip(1);
    let lines = lines.by_ref().skip_while(|line| !line.starts_with("    "));
    let block = lines.take_while(|line| line.starts_with("    "));
    let commands: Vec<_> = block.map(|line| line.trim().to_owned()).collect();
    assert!(!commands.is_empty(), "no block after {heading}");
    commands
}

/// Runs a command of the page, with directories here for those that it names.
fn shell(command: &str, build: &Path, machine: &Path) {
    let command = command
        .replace("dist/", &format!("{}/", plain(build)))
        .replace("web1:/srv/", &format!("{}/", plain(machine)))
        .replace("/srv/", &format!("{}/", plain(machine)));
    run(Path::new("sh"), &["-e", "-c", &command]);
}

/// A time in a second long ago.
fn nanoseconds(count: u32) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::new(1_000_000_000, count)
}

fn write_dated(root: &Path, name: &str, content: &str, date: SystemTime) {
    write(root, name, content.as_bytes());
    let file = fs::File::open(root.join(name)).expect("a file");
    file.set_modified(date).expect("a time");
}

/// The next release: a page that needs a file with a name of its own, as long as the former one and
/// of the same second.
fn release(build: &Path, version: &str, date: SystemTime) {
    let page = format!("<script src=/assets/{version}.js></script>");
    write_dated(build, "index.html", &page, date);
    for old in fs::read_dir(build.join("assets")).into_iter().flatten() {
        fs::remove_file(old.expect("an entry").path()).expect("an own file");
    }
    write(build, &format!("assets/{version}.js"), version.as_bytes());
}

#[test]
fn page_never_names_a_file_that_is_not_there_yet() {
    let (Some(_rsync), Some(curl)) = (find("rsync"), find("curl")) else { return };
    let [build, machine] = [(); 2].map(|()| TempDir::new().expect("a temporary directory"));
    write(machine.path(), "www/index.html", b"");
    let served = Served::start(&machine.path().join("www"), &[]);
    let get = |path: &str| run(&curl, &["--silent", "--fail", &served.url(path)]);
    let steps = commands("**Files in place**");
    assert_eq!(steps.len(), 3, "{steps:?}");
    release(build.path(), "one", nanoseconds(1));
    steps.iter().for_each(|step| shell(step, build.path(), machine.path()));
    assert_eq!(get("/assets/one.js"), "one");
    let inode = |name: &str| fs::metadata(machine.path().join(name)).expect("a file").ino();
    let before = inode("www/index.html");

    release(build.path(), "two", nanoseconds(2));
    shell(&steps[0], build.path(), machine.path());
    // The assets of both, and the page of the former.
    assert!(get("/").contains("one.js"));
    assert_eq!((get("/assets/one.js"), get("/assets/two.js")), ("one".into(), "two".into()));
    shell(&steps[1], build.path(), machine.path());
    assert!(get("/").contains("two.js"));
    // Who has the former page still finds what it names.
    assert_eq!(get("/assets/one.js"), "one");
    // A file is not written over: another takes its name.
    assert_ne!(inode("www/index.html"), before);
    shell(&steps[2], build.path(), machine.path());
    assert_eq!(get("/assets/two.js"), "two");
    assert!(!machine.path().join("www/assets/one.js").exists());
}

#[test]
fn rsync_sees_a_change_within_a_second_by_the_nanosecond_and_one_of_no_time_by_its_bytes() {
    let Some(rsync) = find("rsync") else { return };
    let [build, machine] = [(); 2].map(|()| TempDir::new().expect("a temporary directory"));
    let paths = [&build, &machine].map(|directory| format!("{}/", plain(directory.path())));
    let published = |content: &str, date: SystemTime, further: &[&str]| {
        write_dated(build.path(), "a", content, date);
        run(&rsync, &[&["-a", &*paths[0], &*paths[1]], further].concat());
        fs::read_to_string(machine.path().join("a")).expect("a file")
    };
    assert_eq!(published("1", nanoseconds(1), &[]), "1");
    assert_eq!(published("2", nanoseconds(2), &[]), "1");
    assert_eq!(published("2", nanoseconds(2), &["--modify-window=-1"]), "2");
    assert_eq!(published("3", nanoseconds(2), &["--modify-window=-1"]), "2");
    assert_eq!(published("3", nanoseconds(2), &["--checksum"]), "3");
}

#[test]
fn release_becomes_visible_at_once_by_a_symlink() {
    let (Some(_rsync), Some(curl)) = (find("rsync"), find("curl")) else { return };
    let [build, machine] = [(); 2].map(|()| TempDir::new().expect("a temporary directory"));
    write(machine.path(), "releases/1/index.html", b"the first");
    std::os::unix::fs::symlink("releases/1", machine.path().join("www")).expect("a link");
    let served = Served::start(&machine.path().join("www"), &[]);
    let page = || run(&curl, &["--silent", "--fail", &served.url("/")]);
    assert_eq!(page(), "the first");
    release(build.path(), "two", nanoseconds(2));
    for step in commands("**A symlink**") {
        // The machine is this one.
        let step = step.trim_start_matches("ssh web1 ").replace('\'', "");
        shell(&step, build.path(), machine.path());
    }
    wait_until("the second is served", || page().contains("two.js"));
    assert!(machine.path().join("releases/1/index.html").exists());
}
