//! The variables `TINYHTTPD_*`, as whoever starts a service sets them.

use crate::support::{Client, PROGRAM, Program, finish, get, root_with};
use std::process::{Command, Stdio};
use tempfile::TempDir;

fn root() -> TempDir {
    root_with(&[("a", "content")])
}

fn command(variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.env_remove("RUST_LOG").envs(variables.iter().copied()).stdin(Stdio::null());
    command
}

#[test]
fn variables_alone_start_a_server() {
    let root = root();
    let path = root.path().to_str().expect("UTF-8");
    let variables = [
        ("TINYHTTPD_ROOT", path),
        ("TINYHTTPD_PORT", "0"),
        ("TINYHTTPD_BIND", "127.0.0.1\n::1"),
        ("TINYHTTPD_LIST", "yes"),
        ("TINYHTTPD_CORS", "0"),
        ("TINYHTTPD_SPA", ""),
    ];
    let program = Program::spawn(&mut command(&variables));
    let mut client = Client::new(program.address);
    client.send(get("/a"));
    let reply = client.reply().expect_status(200);
    assert_eq!(reply.field("Access-Control-Allow-Origin"), None);
    client.send(get("/"));
    client.reply().expect_status(200);
    let said = program.stop();
    assert!(!said.contains("WARN"), "{said}");
}

#[test]
fn a_directory_on_the_command_line_wins_over_the_variable() {
    let root = root();
    let variables = [("TINYHTTPD_ROOT", "/nowhere"), ("TINYHTTPD_PORT", "0")];
    let program = Program::spawn(command(&variables).arg(root.path()));
    let mut client = Client::new(program.address);
    client.send(get("/a"));
    client.reply().expect_status(200);
}

#[test]
fn variable_that_no_option_has_is_warned_of() {
    let root = root();
    let variables = [("TINYHTTPD_PROT", "80"), ("TINYHTTPD_PORT", "0")];
    let said = Program::spawn(command(&variables).arg(root.path())).stop();
    let warnings: Vec<_> = said.lines().filter(|line| line.contains(" WARN ")).collect();
    assert_eq!(warnings.len(), 1, "{said}");
    assert!(warnings[0].contains(" TINYHTTPD_PROT:"), "{said}");
}

#[test]
fn wrong_value_is_bad_usage_that_names_the_variable() {
    for (name, value) in [("TINYHTTPD_PORT", "x"), ("TINYHTTPD_WRITABLE", "perhaps")] {
        let output = finish(&mut command(&[(name, value)]));
        let said = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(name), "{said}");
        assert_eq!(output.stdout, b"");
    }
}
