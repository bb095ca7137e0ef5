//! nginx as a cache in front of the binary: it revalidates what it keeps, and serves ranges of it.

mod support;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use support::{Lines, Served, end, find, numbered, run, write};
use tempfile::TempDir;

const LARGE: &str = "large.bin";
const LARGE_BYTES: usize = 8 << 20;

/// nginx as a cache in front of the server, on a Unix socket.
struct Cache {
    nginx: Child,
    desk: TempDir,
}

impl Cache {
    /// `/kept/` and `/checked/` are kept whole, the latter asked for anew each time; `/sliced/` is
    /// kept in slices of 1 MiB.
    fn in_front_of(server: &Served, nginx: &Path) -> Cache {
        let desk = TempDir::new().expect("a temporary directory");
        let place = desk.path().to_str().expect("UTF-8");
        let configuration = NGINX.replace("DESK", place).replace("SERVER", &server.authority());
        write(desk.path(), "nginx.conf", configuration.as_bytes());
        let configuration = format!("{place}/nginx.conf");
        let mut nginx = Command::new(nginx)
            .args(["-p", place, "-c", &configuration, "-e", "stderr"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("nginx starts");
        let mut lines = Lines::of(nginx.stderr.take().expect("piped"));
        let cache = Cache { nginx, desk };
        // It listens before it chooses how to wait.
        lines.wait_for("event method");
        cache
    }

    /// What curl prints about `path`: `what` in its `-w` language. The body goes to the file
    /// `body`.
    fn ask(&self, curl: &Path, path: &str, what: &str, more: &[&str]) -> String {
        let place = self.desk.path().to_str().expect("UTF-8");
        let (socket, body) = (format!("{place}/socket"), format!("{place}/body"));
        let url = format!("http://cache{path}");
        let usual = ["-sS", "--unix-socket", &socket, "-o", &body, "-w", what, &url];
        run(curl, &[&usual[..], more].concat())
    }

    fn body(&self) -> Vec<u8> {
        fs::read(self.desk.path().join("body")).expect("a body")
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        end(&mut self.nginx);
    }
}

const NGINX: &str = "
daemon off;
master_process off;
error_log stderr notice;
pid DESK/pid;
events {}
http {
    access_log off;
    client_body_temp_path DESK/client;
    proxy_temp_path DESK/proxy;
    fastcgi_temp_path DESK/fastcgi;
    uwsgi_temp_path DESK/uwsgi;
    scgi_temp_path DESK/scgi;
    proxy_cache_path DESK/cache keys_zone=kept:1m;
    proxy_cache kept;
    proxy_cache_revalidate on;
    proxy_cache_lock on;
    add_header X-Cache $upstream_cache_status;
    server {
        listen unix:DESK/socket;
        location /kept/ {
            proxy_ignore_headers X-Accel-Expires;
            proxy_pass http://SERVER;
        }
        location /checked/ {
            proxy_ignore_headers Cache-Control;
            proxy_pass http://SERVER;
        }
        location /sliced/ {
            slice 1m;
            proxy_ignore_headers X-Accel-Expires;
            proxy_cache_key $uri$slice_range;
            proxy_set_header Range $slice_range;
            proxy_cache_valid 206 1h;
            proxy_http_version 1.1;
            proxy_pass http://SERVER;
        }
    }
}
";

/// A site for the cache, and a server that lets it keep things; what is `/checked/` counts as stale
/// since 1970.
fn cached_site() -> (TempDir, Served) {
    let root = TempDir::new().expect("a temporary directory");
    for directory in ["kept", "checked", "sliced"] {
        write(root.path(), &format!("{directory}/{LARGE}"), &numbered(LARGE_BYTES));
    }
    let options = ["--cache-control", "/*=max-age=3600", "--header", "X-Accel-Expires: @1"];
    let server = Served::start(root.path(), &options);
    (root, server)
}

const STATE: &str = "%{http_code} %header{x-cache}";

#[test]
fn nginx_as_a_cache_revalidates() {
    let (Some(nginx), Some(curl)) = (find("nginx"), find("curl")) else { return };
    let (root, server) = cached_site();
    let cache = Cache::in_front_of(&server, &nginx);
    for expected in ["200 MISS", "200 REVALIDATED", "200 REVALIDATED"] {
        assert_eq!(cache.ask(&curl, "/checked/large.bin", STATE, &[]), expected);
        assert!(cache.body() == numbered(LARGE_BYTES));
    }
    write(root.path(), "checked/large.bin", b"edited");
    assert_eq!(cache.ask(&curl, "/checked/large.bin", STATE, &[]), "200 EXPIRED");
    assert_eq!(cache.body(), b"edited");
    drop(cache);
    assert_eq!(server.stop().statuses("/checked/large.bin"), [200, 304, 304, 200]);
}

#[test]
fn nginx_as_a_cache_serves_ranges() {
    let (Some(nginx), Some(curl)) = (find("nginx"), find("curl")) else { return };
    let (_root, server) = cached_site();
    let cache = Cache::in_front_of(&server, &nginx);
    let whole = numbered(LARGE_BYTES);
    let part = ["-r", "3000000-3000999"];
    for (path, expected) in [
        ("/kept/large.bin", ["206 MISS", "206 HIT", "200 HIT"]),
        ("/sliced/large.bin", ["206 MISS", "206 HIT", "200 MISS"]),
    ] {
        assert_eq!(cache.ask(&curl, path, STATE, &part), expected[0]);
        assert_eq!(cache.body(), whole[3_000_000..3_001_000]);
        assert_eq!(cache.ask(&curl, path, STATE, &part), expected[1]);
        assert_eq!(cache.body(), whole[3_000_000..3_001_000]);
        assert_eq!(cache.ask(&curl, path, STATE, &[]), expected[2]);
        assert!(cache.body() == whole);
    }
    drop(cache);
    let log = server.stop();
    assert_eq!(log.statuses("/kept/large.bin"), [200]);
    assert_eq!(log.statuses("/sliced/large.bin"), [206; LARGE_BYTES >> 20]);
}
