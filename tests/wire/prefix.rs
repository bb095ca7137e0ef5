//! `--prefix`, given on the command line, and uploads beneath it.

use crate::support::{Client, Fixture, PROGRAM, Program, finish, get, root_with};
use std::process::Command;
use tinyhttpd::site::Prefix;

#[test]
fn prefix_is_cut_off_and_what_is_not_beneath_it_is_404() {
    let root = root_with(&[("a", "content")]);
    for prefix in ["/files", "/files/"] {
        let program = Program::start(root.path(), &["-q", "--prefix", prefix]);
        let mut client = Client::new(program.address);
        for (target, status) in
            [("/files/a", 200), ("/files", 301), ("/a", 404), ("/filesystem/a", 404)]
        {
            client.send(get(target));
            let reply = client.reply().expect_status(status);
            let location = (status == 301).then_some("files/");
            assert_eq!(reply.field("Location"), location, "{target}");
        }
    }
}

#[test]
fn upload_goes_to_what_is_left_of_its_path() {
    let fixture = Fixture::with(|site, _| {
        site.writable = true;
        site.prefix = Prefix::parse("/files").expect("a prefix");
    });
    let mut client = fixture.client();
    let rows = [
        ("/files/new", 201),
        ("/files/new", 204),
        ("/new2", 404),
        ("/filesystem", 404),
        ("/files", 409),
        ("/files/", 409),
        ("/files/.new", 403),
    ];
    for (target, status) in rows {
        let head = format!("PUT {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
        client.send(head);
        client.reply().expect_status(status);
    }
    assert_eq!(fixture.names(), ["new"]);
}

#[test]
fn prefix_that_is_none_is_bad_usage() {
    for (prefix, reason) in [("files", "is no path"), ("/a/../b", "dot segments")] {
        let output = finish(Command::new(PROGRAM).args(["--prefix", prefix]));
        assert_eq!(output.status.code(), Some(2), "{prefix}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(reason), "{said}");
    }
}
