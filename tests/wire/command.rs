//! The command line: what it takes, what it says, and how it fails.

use crate::support::{Client, PROGRAM, Program, expect_failure, finish, get, root_with, serving};
use clap::CommandFactory;
use std::fs;
use std::process::{Command, Output};
use tempfile::TempDir;
use tinyhttpd::command::Config;

/// What the program says with these arguments, where it is to end by itself.
fn run(arguments: &[&str]) -> Output {
    finish(Command::new(PROGRAM).args(arguments))
}

fn root() -> TempDir {
    root_with(&[("a", "content")])
}

#[test]
fn a_root_that_cannot_be_served_is_one_line_and_exit_1() {
    let root = root();
    for name in ["a", "missing"] {
        let path = root.path().join(name);
        let name = path.to_str().expect("UTF-8");
        let said = expect_failure(&mut serving(&path, &[]), &["cannot serve", name]);
        assert_eq!(said.matches(name).count(), 1, "{said}");
    }
}

#[test]
fn a_spa_file_that_is_not_there_is_one_line_and_exit_1() {
    let root = root();
    fs::create_dir(root.path().join("directory")).expect("a directory");
    let path = root.path().to_str().expect("UTF-8");
    for name in ["missing.html", "directory", "directory/missing.html"] {
        let mut command = serving(root.path(), &["--spa", name]);
        expect_failure(&mut command, &["cannot serve", path, "--spa", name]);
    }
    let arguments = ["--vhosts", "--spa", "a"];
    expect_failure(&mut serving(root.path(), &arguments), &["--spa", "a"]);
    fs::write(root.path().join("directory/a"), "").expect("a file");
    drop(Program::start(root.path(), &arguments));
}

#[test]
fn bad_usage_is_exit_2() {
    let rows: [&[&str]; 19] = [
        &["--nonsense"],
        &["--port", "65536"],
        &["--port", "x"],
        &["--threads", "0"],
        &["--max-connections", "0"],
        &["--backlog", "0"],
        &["--cache-size", "1T"],
        &["--type", "nonsense"],
        &["--header", "no colon"],
        &["--header", "Content-Length: 5"],
        &["--cache-control", "nonsense"],
        &["--spa", "../outside"],
        &["--index", "a/b"],
        &["-v", "-q"],
        &["a", "--root", "b"],
        &["a", "b"],
        &["--access-log"],
        &["--check", "https://127.0.0.1/"],
        &["--check", "http://127.0.0.1/", "--list"],
    ];
    for arguments in rows {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(output.stdout, b"", "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn version_is_that_of_the_package() {
    let version = run(&["--version"]);
    assert_eq!(version.status.code(), Some(0));
    let expected = format!("tinyhttpd {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(String::from_utf8_lossy(&version.stdout), expected);
}

#[test]
fn help_has_headings_and_six_examples_and_no_colours_in_a_pipe() {
    let help = String::from_utf8(run(&["-h"]).stdout).expect("UTF-8");
    assert_eq!(help.as_bytes(), run(&["--help"]).stdout);
    let headings = help.lines().filter(|line| !line.starts_with(' ') && line.ends_with(':'));
    let expected = [
        "What is served:",
        "Where:",
        "What is answered:",
        "Writing:",
        "Behind a proxy:",
        "Limits:",
        "Logs:",
        "Instead of serving:",
        "Examples:",
    ];
    assert_eq!(headings.collect::<Vec<_>>(), expected);
    let examples = help.lines().filter(|line| line.starts_with("  tinyhttpd"));
    assert_eq!(examples.count(), 6, "{help}");
    assert!(
        !help.contains('\x1b') && help.lines().all(|line| line.chars().count() <= 100),
        "{help}"
    );
}

#[test]
fn each_example_of_the_help_is_good_usage() {
    let command = Config::command();
    let help = String::from_utf8(run(&["-h"]).stdout).expect("UTF-8");
    for example in help.lines().filter(|line| line.starts_with("  tinyhttpd")) {
        let words = example.split_whitespace().map(|word| word.trim_matches('\''));
        let matches = command.clone().try_get_matches_from(words);
        assert!(matches.is_ok(), "{example}: {matches:?}");
    }
}

#[test]
fn a_mistyped_option_gets_a_suggestion() {
    let said = String::from_utf8(run(&["--acess-log", "a"]).stderr).expect("UTF-8");
    assert!(said.contains("'--access-log'"), "{said}");
}

#[test]
fn a_directory_without_an_option_is_the_root() {
    let root = root();
    let mut command = Command::new(PROGRAM);
    let program = Program::spawn(command.args(["--port", "0"]).arg(root.path()));
    let mut client = Client::new(program.address);
    client.send(get("/a"));
    client.reply().expect_status(200);
}
