//! Proxies in front of the server, which keep their connections to it; and two servers of the same
//! files, which are one to who asks through a balancer or resumes a download at the other.

mod support;

use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;
use support::{
    Client, PATIENCE, Reply, Served, end, find, numbered, run, set_modified, wait_until, write,
};
use tempfile::TempDir;

/// Requests that are sent through a proxy, by so many clients at a time.
const REQUESTS: usize = 1000;
const CLIENTS: usize = 4;

/// Connections that a proxy may open for them: it may be told to keep fewer than its clients use.
const HANDFUL: usize = 3 * CLIENTS;

/// A proxy that listens on a Unix socket of its own.
struct Proxy {
    child: Child,
    desk: TempDir,
}

impl Proxy {
    /// `configuration` is written to `configuration` in a directory of its own, which takes the
    /// place of `DESK` in it and in the arguments.
    fn start(program: &Path, arguments: &[&str], configuration: &str) -> Proxy {
        let desk = TempDir::new().expect("a temporary directory");
        let place = desk.path().to_str().expect("plain").to_owned();
        write(desk.path(), "configuration", configuration.replace("DESK", &place).as_bytes());
        let log = fs::File::create(desk.path().join("log")).expect("a file");
        let child = Command::new(program)
            .args(arguments.iter().map(|argument| argument.replace("DESK", &place)))
            .envs(["HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME"].map(|name| (name, &place)))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a descriptor"))
            .stderr(log)
            .spawn()
            .expect("the proxy starts");
        let mut proxy = Proxy { child, desk };
        proxy.wait_until_it_listens();
        proxy
    }

    fn socket(&self) -> PathBuf {
        self.desk.path().join("socket")
    }

    fn wait_until_it_listens(&mut self) {
        wait_until("the proxy listens", || {
            let has_ended = self.child.try_wait().expect("a child").is_some();
            let said = || fs::read_to_string(self.desk.path().join("log")).unwrap_or_default();
            assert!(!has_ended, "it has ended: {}", said());
            UnixStream::connect(self.socket()).is_ok()
        });
    }

    fn client(&self) -> Client<UnixStream> {
        Client::unix(&self.socket())
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // So that it ends its own children too.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let began = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && began.elapsed() < PATIENCE {
            thread::yield_now();
        }
        end(&mut self.child);
    }
}

/// The answer to a GET with these field lines, each ended by CRLF.
fn ask(client: &mut Client<UnixStream>, target: &str, lines: &str) -> Reply {
    client.send(format!("GET {target} HTTP/1.1\r\nHost: a\r\n{lines}\r\n"));
    client.reply()
}

fn site() -> TempDir {
    let root = TempDir::new().expect("a temporary directory");
    write(root.path(), "page.html", b"<!doctype html><title>A page</title>");
    root
}

/// The server has answered each request, over a handful of connections, and the clients were
/// answered in HTTP/1.1.
fn expect_kept_connections(program: &str, arguments: &[&str], configuration: &str) {
    let Some(program) = find(program) else { return };
    let root = site();
    let server = Served::start(root.path(), &[]);
    let (host, port) = (server.address.ip().to_string(), server.address.port().to_string());
    let configuration = configuration.replace("HOST", &host).replace("PORT", &port);
    let proxy = Proxy::start(&program, arguments, &configuration);
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            let mut client = proxy.client();
            scope.spawn(move || {
                for _ in 0..REQUESTS / CLIENTS {
                    let reply = ask(&mut client, "/page.html", "").expect_status(200);
                    assert!(reply.head.starts_with("HTTP/1.1 "), "{}", reply.head);
                    assert_eq!(reply.body, b"<!doctype html><title>A page</title>");
                }
            });
        }
    });
    drop(proxy);
    let log = server.stop();
    assert_eq!(log.statuses("/page.html"), [200; REQUESTS]);
    assert!(log.connections() <= HANDFUL, "{} connections", log.connections());
}

#[test]
fn nginx_keeps_its_connections() {
    let arguments = ["-p", "DESK", "-c", "DESK/configuration", "-e", "stderr"];
    let configuration = "
        daemon off; master_process off; pid DESK/pid; error_log stderr;
        events {}
        http {
            access_log off;
            client_body_temp_path DESK/client; proxy_temp_path DESK/proxy;
            fastcgi_temp_path DESK/fastcgi; uwsgi_temp_path DESK/uwsgi; scgi_temp_path DESK/scgi;
            upstream files { server HOST:PORT; keepalive 8; }
            server {
                listen unix:DESK/socket;
                location / {
                    proxy_pass http://files;
                    proxy_http_version 1.1;
                    proxy_set_header Connection '';
                }
            }
        }";
    expect_kept_connections("nginx", &arguments, configuration);
}

/// HAProxy's with these servers.
fn haproxy_configuration(servers: &str) -> String {
    format!(
        "
global
    stats timeout 10s
defaults
    mode http
    timeout connect 10s
    timeout client 60s
    timeout server 60s
frontend clients
    bind unix@DESK/socket
    default_backend files
backend files
    balance roundrobin
{servers}
"
    )
}

const HAPROXY: [&str; 3] = ["-db", "-f", "DESK/configuration"];

#[test]
fn haproxy_keeps_its_connections() {
    let configuration = haproxy_configuration("    server one HOST:PORT");
    expect_kept_connections("haproxy", &HAPROXY, &configuration);
}

#[test]
fn varnish_keeps_its_connections() {
    // In the foreground, as the user who runs the test.
    let fixed = ["-F", "-j", "none", "-n", "DESK/varnish", "-a", "DESK/socket"];
    let arguments = [&fixed[..], &["-f", "DESK/configuration", "-s", "malloc,8m"]].concat();
    let configuration = "
        vcl 4.1;
        backend files { .host = \"HOST\"; .port = \"PORT\"; }
        sub vcl_recv { return (pass); }";
    expect_kept_connections("varnishd", &arguments, configuration);
}

#[test]
fn caddy_keeps_its_connections() {
    let arguments = ["run", "--config", "DESK/configuration", "--adapter", "caddyfile"];
    let configuration = "
        {
            admin off
            auto_https off
        }
        http:// {
            bind unix//DESK/socket
            reverse_proxy HOST:PORT
        }";
    expect_kept_connections("caddy", &arguments, configuration);
}

/// Two roots with the same files of the same times, each of them a file of its own.
fn replicas() -> [TempDir; 2] {
    std::array::from_fn(|_| {
        let root = site();
        write(root.path(), "long.bin", &numbered(1 << 20));
        for name in ["page.html", "long.bin"] {
            set_modified(&root.path().join(name), 1_000_000_000);
        }
        root
    })
}

#[test]
fn replicas_behind_a_balancer_are_one_server() {
    let Some(haproxy) = find("haproxy") else { return };
    let roots = replicas();
    let servers = roots.each_ref().map(|root| Served::start(root.path(), &[]));
    let line = |server: &Served| format!("    server {0} {0}\n", server.authority());
    let configuration = haproxy_configuration(&servers.each_ref().map(line).concat());
    let proxy = Proxy::start(&haproxy, &HAPROXY, &configuration);
    let mut client = proxy.client();
    for (target, length) in [("/page.html", 36), ("/long.bin", 1 << 20)] {
        let whole = ask(&mut client, target, "").expect_status(200);
        let tag = whole.tag();
        for _ in 0..4 {
            let same = format!("If-None-Match: {tag}\r\n");
            ask(&mut client, target, &same).expect_status(304);
            let range = format!("Range: bytes={}-\r\nIf-Range: {tag}\r\n", length / 2);
            let part = ask(&mut client, target, &range).expect_status(206);
            assert!(part.body == whole.body[length / 2..]);
        }
    }
    drop(proxy);
    for server in servers {
        let log = server.stop();
        assert!(log.requests().len() >= 8, "each has had its part: {:?}", log.requests());
    }
}

/// A download that broke off at one of two servers, and is to go on at the other: the file that
/// `resume` gets to complete, with the URL there and the entity-tag from here.
fn expect_resumed_elsewhere(curl: &Path, resume: impl FnOnce(&str, &str, &str)) {
    let (roots, desk) = (replicas(), TempDir::new().expect("a temporary directory"));
    let [here, there] = roots.each_ref().map(|root| Served::start(root.path(), &[]));
    let path = |name| desk.path().join(name).into_os_string().into_string().expect("plain");
    let (file, tag) = (path("file"), path("tag"));
    let first_part = ["-sS", "-r", "0-299999", "--etag-save", &tag, "-o", &file];
    run(curl, &[&first_part[..], &[&here.url("/long.bin")]].concat());
    let tag = fs::read_to_string(&tag).expect("an entity-tag");
    resume(&file, &there.url("/long.bin"), tag.trim());
    assert!(fs::read(&file).expect("a file") == numbered(1 << 20));
    here.stop();
    let log = there.stop();
    let answers = log.requests_for("/long.bin");
    let [answer] = &answers[..] else { panic!("{answers:?}") };
    assert_eq!((answer.status, answer.body_bytes), (206, (1 << 20) - 300_000));
}

#[test]
fn curl_resumes_at_another_server_of_the_same_files() {
    let Some(curl) = find("curl") else { return };
    expect_resumed_elsewhere(&curl, |file, url, tag| {
        let if_range = format!("If-Range: {tag}");
        run(&curl, &["-sS", "-C", "-", "-H", &if_range, "-o", file, url]);
    });
}

#[test]
fn wget_resumes_at_another_server_of_the_same_files() {
    let (Some(curl), Some(wget)) = (find("curl"), find("wget")) else { return };
    expect_resumed_elsewhere(&curl, |file, url, tag| {
        let if_range = format!("--header=If-Range: {tag}");
        run(&wget, &["-q", "-c", &if_range, "-O", file, url]);
    });
}
