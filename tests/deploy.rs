//! What is in `deploy/`: systemd and logrotate take the files as they are, and what they name is
//! there.

mod support;

use clap::CommandFactory;
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use support::{Lines, Served, end, find, run, write};
use tempfile::TempDir;
use tinyhttpd::command::Config;
use tinyhttpd::limits::{END_TIME, GRACE_TIME};

const PROGRAM: &str = env!("CARGO_BIN_EXE_tinyhttpd");

const UNITS: [&str; 3] = ["tinyhttpd.service", "tinyhttpd@.service", "tinyhttpd.socket"];

fn crate_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn text(name: &str) -> String {
    let file = crate_file(name);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn plain(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

#[test]
fn every_option_and_variable_that_is_named_exists() {
    let mut command = Config::command();
    command.build();
    let longs: BTreeSet<_> = command.get_arguments().filter_map(|a| a.get_long()).collect();
    let in_deploy =
        UNITS.iter().chain(&["tinyhttpd.default", "Dockerfile", "manual/tinyhttpd.1.in"]);
    let files = in_deploy.map(|name| format!("deploy/{name}"));
    for name in files.chain(["docs/service.md".to_owned()]) {
        for variable in words(&text(&name), "TINYHTTPD_").filter(|word| word != "option") {
            assert!(longs.contains(&*variable), "{name}: no option for the variable of {variable}");
        }
    }
    for option in words(&text("deploy/manual/tinyhttpd.1.in").replace("\\-", "-"), " --") {
        assert!(longs.contains(&*option) || option == "now", "no option {option}");
    }
}

/// What follows `prefix` wherever it stands, as an option is written.
fn words(text: &str, prefix: &str) -> impl Iterator<Item = String> {
    let ends = |letter: char| !letter.is_ascii_alphanumeric() && !"-_".contains(letter);
    let rests = text.split(prefix).skip(1);
    let words = rests.map(move |rest| rest.split(ends).next().unwrap_or_default());
    let options = words.map(|word| word.to_lowercase().replace('_', "-"));
    options.filter(|word| !word.is_empty()).collect::<Vec<_>>().into_iter()
}

/// The units as systemd finds them once installed, but for the place of the program.
fn installed_units() -> TempDir {
    let directory = TempDir::new().expect("a temporary directory");
    for name in UNITS {
        let unit = text(&format!("deploy/{name}")).replace("/usr/bin/tinyhttpd", PROGRAM);
        write(directory.path(), name, unit.as_bytes());
    }
    directory
}

#[test]
fn systemd_finds_no_fault_in_the_units() {
    let Some(analyze) = find("systemd-analyze") else { return };
    let directory = installed_units();
    for name in UNITS {
        // The man page that it names is not installed here.
        let unit = directory.path().join(name);
        assert_eq!(run(&analyze, &["verify", "--man=no", plain(&unit)]), "");
    }
}

#[test]
fn services_expose_less_than_two_of_ten() {
    let Some(analyze) = find("systemd-analyze") else { return };
    let directory = installed_units();
    for name in &UNITS[..2] {
        let unit = directory.path().join(name);
        // It fails above the threshold, in tenths.
        let options = ["security", "--offline=yes", "--threshold=19", "--no-pager"];
        let report = run(&analyze, &[&options[..], &[plain(&unit)]].concat());
        assert!(report.contains("Overall exposure level"), "{report}");
    }
}

/// The lines of a unit that are settings.
fn settings(unit: &str) -> Vec<String> {
    let text = text(&format!("deploy/{unit}"));
    text.lines()
        .filter(|line| line.contains('=') && !line.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn an_instance_is_hardened_as_the_service_is() {
    let of_its_own =
        ["Description", "RequiresMountsFor", "Environment", "ExecStart", "LogsDirectory"];
    let common = |unit| -> Vec<_> {
        let is_common = |line: &String| !of_its_own.iter().any(|name| line.starts_with(name));
        settings(unit).into_iter().filter(is_common).collect()
    };
    assert_eq!(common("tinyhttpd@.service"), common("tinyhttpd.service"));
}

#[test]
fn systemd_waits_for_the_grace() {
    let settings = settings("tinyhttpd.service");
    let seconds = settings.iter().find_map(|line| line.strip_prefix("TimeoutStopSec="));
    let seconds: u64 = seconds.expect("it is set").parse().expect("seconds");
    assert!(seconds > (GRACE_TIME + END_TIME).as_secs(), "{seconds}");
}

/// The names of the calls in a set of systemd.
fn calls_of(set: &str, analyze: &Path) -> BTreeSet<String> {
    let mut calls = BTreeSet::new();
    for line in run(analyze, &["syscall-filter", "--no-pager", set]).lines().skip(1) {
        match line.trim() {
            comment if comment.starts_with('#') => {}
            inner if inner.starts_with('@') => calls.extend(calls_of(inner, analyze)),
            call => drop(calls.insert(call.to_owned())),
        }
    }
    calls
}

#[test]
fn every_call_that_serving_takes_is_allowed() {
    let (Some(analyze), Some(strace)) = (find("systemd-analyze"), find("strace")) else { return };
    let Some(curl) = find("curl") else { return };
    let root = TempDir::new().expect("a temporary directory");
    write(root.path(), "page.html", b"<!doctype html><title>A page</title>");
    write(root.path(), "large.bin", &vec![b'.'; 1 << 20]);
    let trace = root.path().join(".trace");
    let mut command = Command::new(strace);
    // -D: the program, not strace, is the child that the signals go to.
    command.args(["-D", "-f", "-qq", "-o"]).arg(&trace).arg(PROGRAM);
    let mut served = Served::spawn(command, root.path(), &["--list", "--writable"]);
    for path in ["/page.html", "/large.bin", "/"] {
        run(&curl, &["--silent", "--fail", "--output", "/dev/null", &served.url(path)]);
    }
    for _ in 0..2 {
        run(&curl, &["--silent", "--fail", "--upload-file", plain(&trace), &served.url("/new")]);
    }
    let server = Pid::from_child(&served.child);
    kill_process(server, Signal::HUP).expect("it is running");
    served.log.wait_for("opened anew");
    served.stop();

    let settings = settings("tinyhttpd.service");
    let filters = settings.iter().filter_map(|line| line.strip_prefix("SystemCallFilter="));
    let mut allowed = BTreeSet::new();
    for filter in filters {
        for set in filter.trim_start_matches('~').split(' ') {
            let calls = calls_of(set, &analyze);
            match filter.starts_with('~') {
                true => allowed.retain(|call| !calls.contains(call)),
                false => allowed.extend(calls),
            }
        }
    }
    assert!(allowed.contains("recvfrom") && !allowed.contains("ptrace"), "{allowed:?}");
    let made = made_calls(&fs::read_to_string(&trace).expect("a trace"));
    assert!(made.contains("sendfile"), "{made:?}");
    let refused: Vec<_> = made.difference(&allowed).collect();
    // The rights of a replaced file are kept "as far as the system lets this process".
    assert!(refused.iter().all(|call| *call == "fchown"), "{refused:?}");
}

/// The names of the calls in what strace has written.
fn made_calls(trace: &str) -> BTreeSet<String> {
    let begun =
        trace.lines().filter_map(|line| line.split_once(' ')?.1.trim_start().split_once('('));
    let is_name =
        |name: &&str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    begun.map(|(name, _)| name).filter(is_name).map(str::to_owned).collect()
}

#[test]
fn logrotate_has_the_lines_go_on_in_a_new_file() {
    let Some(logrotate) = find("logrotate") else { return };
    let (Some(curl), Some(tail)) = (find("curl"), find("tail")) else { return };
    let top = TempDir::new().expect("a temporary directory");
    let at = |name: &str| top.path().join(name);
    write(top.path(), "www/page.html", b"a page");
    write(top.path(), "log/tinyhttpd/access.log", b"");
    let file = at("log/tinyhttpd/access.log");
    let config = text("deploy/tinyhttpd.logrotate").replace("/var/log", plain(&at("log")));
    write(top.path(), "config", config.as_bytes());
    let options = ["--access-log", plain(&file)];
    let mut served = Served::start(&at("www"), &options);
    // In place of systemd, which has the file of the server's unit.
    let systemctl = format!(
        "#!/bin/sh\necho \"$@\" >{}\nkill -HUP {}\n",
        plain(&at("asked")),
        served.child.id()
    );
    write(top.path(), "bin/systemctl", systemctl.as_bytes());
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(at("bin/systemctl"), mode).expect("an own file");

    let mut following = Command::new(tail)
        .args(["--follow=name", "--retry", "--lines=+1"])
        .arg(&file)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("tail starts");
    let mut lines = Lines::of(following.stdout.take().expect("piped"));
    let ask = |served: &Served, path: &str| {
        run(&curl, &["--silent", "--output", "/dev/null", &served.url(path)]);
    };
    ask(&served, "/page.html?before");
    lines.wait_for("/page.html?before");
    let path = format!("PATH={}:{}", plain(&at("bin")), std::env::var("PATH").expect("a path"));
    let (state, config) = (at("state"), at("config"));
    let rotate = [plain(&logrotate), "--force", "--state", plain(&state), plain(&config)];
    assert_eq!(run(Path::new("env"), &[&[&*path], &rotate[..]].concat()), "");
    served.log.wait_for("opened anew");
    ask(&served, "/page.html?after");
    served.stop();
    end(&mut following);

    let asked = fs::read_to_string(at("asked")).expect("systemctl was asked");
    assert_eq!(asked, "try-reload-or-restart tinyhttpd.service tinyhttpd@*.service\n");
    let requests = |name: &str| -> Vec<String> {
        let text = fs::read_to_string(at(name)).expect("a log");
        text.lines().filter_map(|line| Some(line.split(' ').nth(6)?.to_owned())).collect()
    };
    assert_eq!(requests("log/tinyhttpd/access.log.1"), ["/page.html?before"]);
    assert_eq!(requests("log/tinyhttpd/access.log"), ["/page.html?after"]);
}

#[test]
fn every_file_of_the_package_is_there() {
    let manifest = text("Cargo.toml");
    let package = manifest.split("[package.metadata.deb]").nth(1).expect("its metadata");
    let assets = package.lines().filter(|line| line.trim_start().starts_with("[\""));
    let sources: Vec<_> = assets.filter_map(|line| line.split('"').nth(1)).collect();
    assert!(sources.len() > 5, "{sources:?}");
    for source in sources.iter().filter(|source| !source.starts_with("target/")) {
        assert!(crate_file(source).is_file(), "{source}");
    }
}

#[test]
fn a_container_is_stopped_before_it_is_killed() {
    let image = text("deploy/Dockerfile");
    let grace =
        image.split("TINYHTTPD_GRACE=").nth(1).and_then(|rest| rest.split_whitespace().next());
    let seconds: u64 = grace.expect("a grace").parse().expect("seconds");
    // Where nobody says otherwise, a container has 10 s.
    assert!(seconds + END_TIME.as_secs() < 10, "{seconds}");
    assert!(image.contains("\"--check\", \"http://127.0.0.1:8080/\""), "{image}");
}
