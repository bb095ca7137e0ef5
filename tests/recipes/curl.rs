//! curl as a client of `https://example.org/`, wherever that is.

use crate::plain;
use crate::proxy::Desk;
use crate::support::{find, run};
use std::path::PathBuf;

/// The address from which it asks.
pub const CLIENT: &str = "127.0.9.9";

pub struct Curl {
    program: PathBuf,
    options: Vec<String>,
}

impl Curl {
    /// Asks the proxy of `desk`, over TLS and HTTP/2, whose certificate it checks.
    pub fn of(desk: &Desk) -> Option<Curl> {
        let (ip, port) = (desk.https.ip(), desk.https.port());
        let fixed = "--silent --show-error --http2 --interface".split(' ');
        let https = format!("example.org:443:{ip}:{port}");
        let http = format!("example.org:80:{ip}:{}", desk.http.port());
        let certificate = desk.path("site.pem");
        let places = [CLIENT, "--connect-to", &https, "--connect-to", &http];
        let options = fixed.chain(places).chain(["--cacert", plain(&certificate)]);
        let options = options.map(str::to_owned).collect();
        Some(Curl { program: find("curl")?, options })
    }

    /// What it writes about a URL.
    pub fn ask(&self, further: &[&str], url: &str) -> String {
        let own = self.options.iter().map(String::as_str);
        let arguments: Vec<_> = own.chain(further.iter().copied()).chain([url]).collect();
        run(&self.program, &arguments)
    }

    /// The status of each GET over HTTP/2 of a path with a range such as `[1-100]`, four at a time
    /// over one connection.
    pub fn statuses(&self, further: &[&str], path: &str) -> Vec<u16> {
        let output = ["--output", "/dev/null", "--write-out", "%{http_version} %{http_code}\n"];
        let parallel = ["--no-progress-meter", "--parallel", "--parallel-max", "4"];
        let url = format!("https://example.org{path}");
        let written = self.ask(&[&output[..], &parallel, further].concat(), &url);
        let statuses = written.lines().map(|line| {
            let status = line.strip_prefix("2 ").unwrap_or_else(|| panic!("no HTTP/2: {written}"));
            status.parse().expect("a status")
        });
        statuses.collect()
    }

    /// The status of one request, over HTTP/1.1 and a new connection, where no client sends again
    /// by itself what got no answer.
    pub fn once(&self, further: &[&str], path: &str) -> u16 {
        let output = ["--http1.1", "--output", "/dev/null", "--write-out", "%{http_code}"];
        let url = format!("https://example.org{path}");
        self.ask(&[&output[..], further].concat(), &url).parse().expect("a status")
    }

    /// That of a PUT, whose body comes with its head: a proxy could well send it again.
    pub fn put(&self, path: &str) -> u16 {
        self.once(&["--request", "PUT", "--data", "a body"], path)
    }
}
