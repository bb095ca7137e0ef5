//! How servers are started and configured.

use super::site::Site;
use std::path::{Path, PathBuf};

/// The name of the server that all others are compared with.
pub const OURS: &str = "tinyhttpd";

/// How one server is started. `{port}` and `{configuration}` in texts stand for the port and the
/// configuration file's path, `{workers}` for 2, or for 1 where the server has one core.
pub struct Recipe {
    pub name: String,
    pub program: PathBuf,
    pub arguments: Vec<String>,
    /// The text of its configuration file; empty where there is none.
    pub configuration: String,
    /// Whether it chooses its port and prints its URL as the first line of its standard output.
    pub announces: bool,
    /// The only core that it may run on; `None` lets it run on all.
    pub core: Option<usize>,
}

/// tinyhttpd as a user starts it, but that its connections may rest as long as the peers'; `more`
/// are further arguments.
pub fn tinyhttpd(name: &str, program: &Path, site: &Site, more: &[&str]) -> Recipe {
    let root = site.root().display().to_string();
    let usual = ["--root", &root, "--port", "0", "--keep-alive", "3600"];
    Recipe {
        name: name.to_owned(),
        program: program.to_owned(),
        arguments: usual.iter().chain(more).map(|a| a.to_string()).collect(),
        configuration: String::new(),
        announces: true,
        core: None,
    }
}

/// nginx with workers that can have `connections` each, set as its documentation recommends for
/// static files; `more` are further lines of its http block. It takes memory and time at start for
/// each connection that it may have, so no more than are needed are fair.
pub fn nginx(name: &str, program: &Path, site: &Site, connections: usize, more: &str) -> Recipe {
    let scratch = site.scratch().display();
    let root = site.root().display().to_string();
    let configuration = format!(
        "worker_processes {{workers}};
daemon off;
pid {scratch}/{{port}}.pid;
error_log stderr error;
events {{ worker_connections {connections}; }}
http {{
    types {{
        text/html html; text/css css; text/javascript js; image/png png; font/woff2 woff2;
        application/octet-stream bin;
    }}
    sendfile on;
    tcp_nopush on;
    keepalive_timeout 3600s;
    keepalive_requests 1000000000;
    client_body_temp_path {scratch}/nginx-body;
    proxy_temp_path {scratch}/nginx-proxy;
    fastcgi_temp_path {scratch}/nginx-fastcgi;
    uwsgi_temp_path {scratch}/nginx-uwsgi;
    scgi_temp_path {scratch}/nginx-scgi;
    {more}
    server {{
        listen 127.0.0.1:{{port}} backlog=1024;
        root {root};
    }}
}}
"
    );
    Recipe {
        name: name.to_owned(),
        program: program.to_owned(),
        arguments: ["-e", "stderr", "-c", "{configuration}"].map(str::to_owned).to_vec(),
        configuration,
        announces: false,
        core: None,
    }
}
