//! What a user is told in the first minute: the directory, the URLs for other devices, what the
//! network may do, and help in colours.

use crate::denied::open_root;
use crate::support::{Client, PROGRAM, Program, get, serving, under};
use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use std::fs::File;
use std::io::Read;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::process::Command;
use std::thread;

/// All that the program says on stderr, from its start to its end.
fn said(arguments: &[&str]) -> String {
    let root = open_root();
    Program::start(root.path(), arguments).stop()
}

/// What stands behind `label` in the lines that have it.
fn told<'a>(said: &'a [String], label: &str) -> Vec<&'a str> {
    said.iter().filter_map(|line| Some(line.split_once(label)?.1)).collect()
}

/// The address of a URL for other devices.
fn address(url: &str) -> Option<SocketAddr> {
    url.strip_prefix("http://")?.split_once("/ (")?.0.parse().ok()
}

#[test]
fn the_first_line_names_the_directory_in_full() {
    let root = open_root();
    let directory = root.path().canonicalize().expect("a path");
    let mut command = Command::new(PROGRAM);
    command.args(["--port", "0"]).current_dir(&directory).env_remove("RUST_LOG");
    let said = Program::spawn(&mut command).stop();
    let first = said.lines().next().expect("a line");
    assert!(first.ends_with(&format!(": serving {}", directory.display())), "{said}");
}

#[test]
fn a_loopback_address_is_no_cause_for_a_warning() {
    for bind in ["127.0.0.1", "127.0.0.2", "::1"] {
        let said = said(&["--bind", bind, "--list", "--writable"]);
        assert!(!said.contains("WARN") && !said.contains("for other devices"), "{said}");
    }
}

#[test]
fn what_the_network_may_do_is_one_line() {
    let rows: [(&[&str], &str); 4] = [
        (&[], "read files"),
        (&["--list"], "read files, list directories (--list)"),
        (&["--hidden"], "read files, read hidden files (--hidden)"),
        (&["--writable"], "read files, create, replace and remove files (--writable)"),
    ];
    for (options, expected) in rows {
        for bind in ["0.0.0.0", "::"] {
            let said = said(&[&["--bind", bind], options].concat());
            let said: Vec<_> = said.lines().map(str::to_owned).collect();
            let warned = told(&said, "WARN  tinyhttpd: ");
            let expected = format!("everybody on the network can now: {expected}");
            assert_eq!(warned, [expected], "{said:#?}");
        }
    }
}

/// Whether this machine has an address of the family that other devices may use.
fn has_network(is_ipv6: bool) -> bool {
    let all = getifaddrs().expect("interfaces");
    let up = all.filter(|found| {
        found.flags.contains(InterfaceFlags::IFF_UP)
            && !found.flags.contains(InterfaceFlags::IFF_LOOPBACK)
    });
    let mut addresses = up.filter_map(|found| found.address);
    addresses.any(|address| match is_ipv6 {
        false => address.as_sockaddr_in().is_some_and(|ipv4| !ipv4.ip().is_link_local()),
        true => address.as_sockaddr_in6().is_some_and(|ipv6| !ipv6.ip().is_unicast_link_local()),
    })
}

#[test]
fn a_wildcard_s_urls_are_served_and_have_its_families() {
    let networks = [has_network(false), has_network(true)];
    for (bind, families) in [("0.0.0.0", [true, false]), ("::", [true, true])] {
        let root = open_root();
        let mut program = Program::start(root.path(), &["--bind", bind]);
        let mut lines = program.lines();
        // A line that comes after the others.
        let mut client = Client::new(program.address);
        client.send(get("/file"));
        client.reply().expect_status(200);
        lines.wait_for("GET /file");
        let urls = told(lines.seen(), "for other devices: ");
        let addresses: Vec<_> = urls.iter().filter_map(|url| address(url)).collect();
        for (is_ipv6, takes) in [(false, families[0]), (true, families[1])] {
            let is_told = addresses.iter().any(|address| address.is_ipv6() == is_ipv6);
            assert_eq!(is_told, takes && networks[usize::from(is_ipv6)], "{bind}: {urls:?}");
        }
        assert!(!urls.is_empty());
        for address in addresses {
            assert_eq!(address.port(), program.address.port(), "{urls:?}");
            let mut client = Client::new(address);
            client.send(get("/file"));
            client.reply().expect_status(200);
        }
    }
}

#[test]
fn an_inherited_wildcard_is_told_as_one() {
    let root = open_root();
    let held = TcpListener::bind("[::]:0").expect("a port");
    let script = "exec 3<&0 </dev/null; export LISTEN_PID=$$ LISTEN_FDS=1";
    let mut command = under(script, &serving(root.path(), &[]));
    let said = Program::spawn(command.stdin(OwnedFd::from(held))).stop();
    let lines: Vec<_> = said.lines().map(str::to_owned).collect();
    assert_eq!(told(&lines, "everybody on the network can now: "), ["read files"], "{said}");
    assert!(!told(&lines, "for other devices: ").is_empty(), "{said}");
}

/// What the program shows on a terminal, where its environment has `variable` too.
fn shown(arguments: &[&str], variable: (&str, &str)) -> String {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
    let master = openpt(flags).expect("a terminal");
    grantpt(&master).expect("a terminal");
    unlockpt(&master).expect("a terminal");
    let terminal = ioctl_tiocgptpeer(&master, flags).expect("a terminal");
    let mut command = Command::new(PROGRAM);
    // With CI in its environment, it takes every terminal for one that has colours.
    command.args(arguments).env("TERM", "xterm").env_remove("NO_COLOR").env_remove("CI");
    command.env(variable.0, variable.1).stderr(terminal.try_clone().expect("a terminal"));
    // Kept until the program has ended: with the last end that is open, a terminal may lose text.
    let kept = terminal.try_clone().expect("a terminal");
    let mut child = command.stdout(terminal).spawn().expect("the program");
    drop(command);
    let reading = thread::spawn(move || {
        let mut shown = Vec::new();
        // A terminal that nobody has open any more ends with EIO.
        let _ = File::from(master).read_to_end(&mut shown);
        shown
    });
    child.wait().expect("an exit");
    drop(kept);
    let shown = reading.join().expect("no panic");
    String::from_utf8(shown).expect("UTF-8")
}

#[test]
fn help_and_errors_have_colours_on_a_terminal_that_wants_them() {
    for arguments in [&["--help"], &["--nonsense"]] {
        let coloured = shown(arguments, ("LANG", "C"));
        assert!(coloured.contains("\x1b["), "{coloured}");
        for plain in [("NO_COLOR", "1"), ("TERM", "dumb")] {
            let plain = shown(arguments, plain);
            assert!(!plain.is_empty() && !plain.contains('\x1b'), "{plain}");
        }
    }
}
