//! The server as a library: what a test suite of another project does with it.

mod support;

use std::fs;
use std::io::ErrorKind;
use std::net::TcpStream;
use support::alone::is_alone;
use support::{Client, Reply, get, root_with, sparse_file, wait_until};
use tempfile::TempDir;
use tinyhttpd::{Builder, RunningServer, serve};

/// A root with `a.json` in it, a megabyte `long`, and an empty directory `empty`.
fn root() -> TempDir {
    let root = root_with(&[("a.json", "{}\n")]);
    sparse_file(&root.path().join("long"), 1 << 20);
    fs::create_dir(root.path().join("empty")).expect("a directory");
    root
}

fn connect(server: &RunningServer) -> Client {
    Client::new(server.address().expect("a TCP address"))
}

/// The answer to one request on a connection of its own.
fn ask(server: &RunningServer, target: &str) -> Reply {
    let mut client = connect(server);
    client.send(get(target));
    client.reply()
}

/// How many threads of this process have a name of the server's.
fn threads() -> usize {
    let tasks = fs::read_dir("/proc/self/task").expect("a directory").map_while(Result::ok);
    let names = tasks.filter_map(|task| fs::read_to_string(task.path().join("comm")).ok());
    let is_ours = |name: &String| {
        ["worker", "watcher", "housekeeper"].iter().any(|ours| name.starts_with(ours))
    };
    names.filter(is_ours).count()
}

#[test]
fn a_folder_is_served_by_one_call() {
    let root = root();
    let server = serve(root.path()).expect("a server");
    let url = server.url("/a.json");
    assert_eq!(url, format!("http://{}/a.json", server.address().expect("an address")));
    assert_eq!(ask(&server, "/a.json").expect_status(200).body, b"{}\n");
}

// All that counts threads stands in one test: the others of this file run beside it.
#[test]
fn a_dropped_server_leaves_nothing_whatever_its_clients_keep() {
    let test = "a_dropped_server_leaves_nothing_whatever_its_clients_keep";
    if !is_alone(module_path!(), test, |command| command) {
        return;
    }
    let root = root();
    for _ in 0..20 {
        let server = serve(root.path()).expect("a server");
        let silent = connect(&server);
        let mut half = connect(&server);
        half.send("GET /a.js");
        let mut resting = connect(&server);
        resting.send(get("/a.json"));
        resting.reply().expect_status(200);
        let mut unread = connect(&server);
        unread.send(get("/long").repeat(64));
        unread.head();
        assert!((1..=6).contains(&threads()), "{}", threads());
        let address = server.address().expect("an address");
        drop(server);
        // The kernel shows a thread for a moment longer than it lets others wait for its end.
        wait_until("no thread is left", || threads() == 0);
        let error = TcpStream::connect(address).expect_err("nobody listens");
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        drop((silent, half, resting, unread));
    }
}

#[test]
fn the_builder_sets_what_the_options_set() {
    let root = root();
    let server = Builder::new(root.path())
        .list(true)
        .cors(true)
        .header("X-Frame-Options: DENY")
        .cache_control("*.json=max-age=60")
        .media_type("json=text/plain")
        .start()
        .expect("a server");
    let reply = ask(&server, "/a.json");
    for (name, value) in [
        ("X-Frame-Options", "DENY"),
        ("Cache-Control", "max-age=60"),
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Access-Control-Allow-Origin", "*"),
    ] {
        assert_eq!(reply.field(name), Some(value));
    }
    ask(&server, "/empty/").expect_status(200);
    let plain = serve(root.path()).expect("a server");
    ask(&plain, "/empty/").expect_status(404);
    let behind = Builder::new(root.path()).prefix("/files").health("/health");
    let behind = behind.trusted_proxy("unix").start().expect("a server");
    for (path, status) in [("/files/a.json", 200), ("/health", 200), ("/a.json", 404)] {
        assert_eq!(ask(&behind, path).status, status, "{path}");
    }
    let named = Builder::new(root.path()).host("files.example").start().expect("a server");
    for (url, status) in [("http://evil.example/", 421), ("http://files.example/a.json", 200)] {
        assert_eq!(ask(&named, url).status, status, "{url}");
    }
}

#[test]
fn a_unix_socket_is_served_and_removed() {
    let root = root();
    let path = root.path().join("socket");
    let bind = format!("unix:{}", path.display());
    let server = Builder::new(root.path()).bind(&bind).start().expect("a server");
    assert_eq!((server.url("/a.json"), server.address()), (format!("{bind}/a.json"), None));
    let mut client = Client::unix(&path);
    client.send(get("/a.json"));
    client.reply().expect_status(200);
    drop(server);
    assert!(!path.exists());
}

#[test]
fn what_cannot_be_served_is_told_by_start() {
    let root = root();
    let wrong = [
        (Builder::new(root.path()).header("Date: today"), "Date"),
        (Builder::new(root.path()).cache_control("max-age=60"), "max-age=60"),
        (Builder::new(root.path()).media_type("json"), "json"),
        (Builder::new(root.path()).bind(""), "\"\""),
        (Builder::new(root.path()).index(["a/b"]), "a/b"),
        (Builder::new(root.path()).spa("../a"), "../a"),
        (Builder::new(root.path()).prefix("files"), "files"),
        (Builder::new(root.path()).health("health"), "health"),
        (Builder::new(root.path()).host("a:80"), "a:80"),
        (Builder::new(root.path()).trusted_proxy("10.0.0.0/33"), "33"),
    ];
    for (builder, named) in wrong {
        let error = builder.start().err().expect("an error");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(named), "{error}");
    }
    let missing = root.path().join("missing");
    let error = serve(&missing).err().expect("an error");
    assert!(error.to_string().contains("missing"), "{error}");
    let running = serve(root.path()).expect("a server");
    let port = running.address().expect("an address").port();
    let error = Builder::new(root.path()).port(port).start().err().expect("an error");
    assert!(error.to_string().contains(&port.to_string()), "{error}");
}
