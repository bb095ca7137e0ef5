//! A proxy that runs by a recipe of `deploy/`.

use crate::instance::{free_port, fresh_address};
use crate::support::{self, find, run};
use crate::{PATIENCE, plain, text, wait_until};
use rustix::process::{Pid, Signal, geteuid, kill_process};
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;
use tempfile::TempDir;

/// Where the recipes expect instances.
const ADDRESSES: [&str; 2] = ["10.0.0.1", "10.0.0.2"];

/// Where the recipes expect the certificate.
const CERTIFICATE: &str = "/etc/ssl/private/site.pem";

/// A recipe, and how its program is run.
pub struct Recipe {
    /// The program, looked for in the path.
    pub program: &'static str,
    /// The file in `deploy/`.
    pub file: &'static str,
    /// What has the program check the file. `DESK` is the test's directory, in which the file has
    /// its own name.
    pub check: &'static [&'static str],
    /// What has it run, in the foreground.
    pub run: &'static [&'static str],
    /// What the file says, and what takes its place: `DESK`, `HTTP`, `HTTPS` (ports) and `ADDRESS`,
    /// where clients connect.
    pub replaced: &'static [(&'static str, &'static str)],
    /// Where it listens once it runs.
    pub listens: Listens,
}

pub enum Listens {
    Https,
    /// A Unix socket of this name.
    Socket(&'static str),
}

/// The directory of a test's proxies, with their configurations, and where they are to be reached.
pub struct Desk {
    directory: TempDir,
    pub https: SocketAddr,
    /// Where plain HTTP is redirected.
    pub http: SocketAddr,
    instances: Vec<SocketAddr>,
}

impl Desk {
    /// `None` where openssl is missing, with which the certificate is made.
    pub fn new(instances: &[SocketAddr]) -> Option<Desk> {
        let directory = TempDir::new().expect("a temporary directory");
        // The proxies' own users pass through it.
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(directory.path(), mode).expect("an own directory");
        make_certificate(directory.path())?;
        let (ip, instances) = (fresh_address(), instances.to_vec());
        let [https, http] = [(); 2].map(|()| SocketAddr::new(ip, free_port(ip)));
        Some(Desk { directory, https, http, instances })
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn fill(&self, text: &str) -> String {
        text.replace("DESK", plain(self.directory.path()))
            .replace("HTTPS", &self.https.port().to_string())
            .replace("HTTP", &self.http.port().to_string())
            .replace("ADDRESS", &self.https.ip().to_string())
    }

    /// Writes the recipe with this test's instances, ports and paths.
    fn write(&self, recipe: &Recipe) {
        let mut text = text(&format!("deploy/{}", recipe.file));
        for (was, is) in recipe.replaced {
            assert!(text.contains(was), "{} has no {was}", recipe.file);
            text = text.replace(was, &self.fill(is));
        }
        text = text.replace(CERTIFICATE, plain(&self.path("site.pem")));
        text = self.with_instances(&text);
        if !geteuid().is_root() {
            // Who is not root cannot become another user.
            let names_one =
                |line: &str| ["user ", "group "].iter().any(|word| line.starts_with(word));
            let lines = text.lines().filter(|line| !names_one(line.trim_start()));
            text = lines.flat_map(|line| [line, "\n"]).collect();
        }
        support::write(self.directory.path(), recipe.file, text.as_bytes());
    }

    /// The line of the second instance is there once for each further one.
    fn with_instances(&self, text: &str) -> String {
        let mut lines = Vec::new();
        for line in text.lines().map(str::to_owned) {
            let is_last = line.contains(ADDRESSES[1]) && !line.contains(ADDRESSES[0]);
            let further = if is_last { &self.instances[2..] } else { &[] };
            let more = further.iter().enumerate().map(|(number, instance)| {
                let line = line.replace("two", &format!("more{number}"));
                with_instance(&line, ADDRESSES[1], *instance)
            });
            let more: Vec<_> = more.collect();
            let pairs = ADDRESSES.iter().zip(&self.instances);
            lines.push(pairs.fold(line, |line, (was, is)| with_instance(&line, was, *is)));
            lines.extend(more);
        }
        lines.join("\n") + "\n"
    }

    /// Has the program say whether it takes the file.
    pub fn check(&self, recipe: &Recipe) {
        let Some(program) = find(recipe.program) else { return };
        self.write(recipe);
        let arguments: Vec<_> = recipe.check.iter().map(|argument| self.fill(argument)).collect();
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let home = format!("HOME={}", plain(self.directory.path()));
        run(Path::new("env"), &[&[&*home, plain(&program)], &arguments[..]].concat());
    }

    /// Starts the program, which listens on return. `None` where it is missing.
    pub fn start(&self, recipe: &Recipe) -> Option<Proxy> {
        let program = find(recipe.program)?;
        self.write(recipe);
        let place = plain(self.directory.path());
        let path = self.path(&format!("{}.log", recipe.program));
        let log = fs::File::create(&path).expect("a file");
        let child = Command::new(program)
            .args(recipe.run.iter().map(|argument| self.fill(argument)))
            .envs(["HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME"].map(|name| (name, place)))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a descriptor"))
            .stderr(log)
            .spawn()
            .expect("the proxy starts");
        let mut proxy = Proxy { child, log: path };
        wait_until("it listens", || {
            if proxy.child.try_wait().expect("a child").is_some() {
                panic!("{} ended: {}", recipe.program, proxy.said());
            }
            match recipe.listens {
                Listens::Https => TcpStream::connect(self.https).is_ok(),
                Listens::Socket(name) => UnixStream::connect(self.path(name)).is_ok(),
            }
        });
        Some(proxy)
    }
}

fn with_instance(line: &str, was: &str, is: SocketAddr) -> String {
    let line = line.replace(&format!("{was}:8080"), &is.to_string());
    if !line.contains(was) {
        return line;
    }
    // Address and port stand apart.
    line.replace(was, &is.ip().to_string()).replace("8080", &is.port().to_string())
}

/// Makes `site.pem`, a key and a certificate for `example.org` that is its own authority.
fn make_certificate(directory: &Path) -> Option<()> {
    let openssl = find("openssl")?;
    let (key, pem) = (directory.join("key.pem"), directory.join("site.pem"));
    let kind = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    let names = ["-subj", "/CN=example.org", "-addext", "subjectAltName=DNS:example.org"];
    let files = ["-keyout", plain(&key), "-out", plain(&pem)];
    run(&openssl, &[&kind[..], &names, &files].concat());
    let both = [fs::read(&pem).expect("a certificate"), fs::read(&key).expect("a key")].concat();
    fs::write(pem, both).expect("a file");
    Some(())
}

/// A running proxy.
pub struct Proxy {
    child: Child,
    log: PathBuf,
}

impl Proxy {
    /// What it has written to stdout and stderr so far.
    pub fn said(&self) -> String {
        let said = fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&said).into_owned()
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
        support::end(&mut self.child);
    }
}
