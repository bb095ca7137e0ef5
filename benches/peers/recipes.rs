//! The peers that are installed, with a fair configuration for each: a worker for each of two cores,
//! `sendfile`, no access log, connections without end.

use crate::bare_loop;
use crate::support::options::Options;
use crate::support::recipe::{OURS, Recipe, nginx, tinyhttpd};
use crate::support::{find_program, site::Site};
use crate::workload::{Answer, Load, Setting, Workload};
use rustix::process::{Resource, getrlimit};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program that is there to be measured.
pub struct Program {
    pub name: &'static str,
    pub path: PathBuf,
    /// The first line that it says of its version.
    pub version: String,
}

/// The name of what is not a server, but what none can be faster than.
pub const FLOOR: &str = "bare loop";

/// What part a server plays in a comparison.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// tinyhttpd.
    Ours,
    /// tinyhttpd or a peer in a setting that only its own ratio is of interest for.
    Variant,
    /// A server to compare with.
    Peer,
    /// [`FLOOR`]: it counts in no comparison between servers.
    Floor,
}

impl Role {
    /// The part of the server that is named so.
    pub fn of(name: &str) -> Role {
        match name {
            OURS => Role::Ours,
            FLOOR => Role::Floor,
            name if name.ends_with("+log") => Role::Variant,
            _ => Role::Peer,
        }
    }
}

/// For how many connections each worker of a peer is set up where few come. It is near what
/// distributions set.
pub const CONNECTIONS: usize = 1024;

/// tinyhttpd and the peers found, without those that the user leaves out.
pub fn installed(options: &Options) -> Vec<Program> {
    let peers = [("nginx", "-v"), ("lighttpd", "-v"), ("h2o", "-v"), ("darkhttpd", "--version")];
    let ours = ("tinyhttpd", Some(options.server.clone()), "--version");
    let peers = peers.map(|(name, asks)| (name, find_program(name), asks));
    [ours]
        .into_iter()
        .chain(peers)
        .filter(|(name, ..)| !options.without.iter().any(|left_out| left_out == name))
        .filter_map(|(name, path, asks)| {
            let path = path?;
            let version = version(&path, asks);
            Some(Program { name, path, version })
        })
        .collect()
}

fn version(program: &Path, asks: &str) -> String {
    let output = Command::new(program).arg(asks).output();
    let said = output.map(|o| [o.stdout, o.stderr].concat()).unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    said.lines().next().unwrap_or("").to_owned()
}

/// The servers that take part in `workload`, each on `core` alone if there is one.
pub fn for_workload(
    programs: &[Program],
    workload: &Workload,
    site: &Site,
    core: Option<usize>,
) -> Vec<Recipe> {
    let of_each = |recipes: fn(&Program, &Site) -> Vec<Recipe>| {
        programs.iter().flat_map(|program| recipes(program, site)).collect()
    };
    let mut recipes: Vec<Recipe> = match (workload.setting, workload.load) {
        (Setting::Logs, _) => of_each(logged),
        (Setting::KeepsNothing, _) => of_each(keeping_nothing),
        (Setting::Lists, _) => of_each(listing),
        (Setting::Writes, _) => of_each(writable),
        (Setting::Plain, Load::BesideIdle { idle, .. }) => plain(programs, site, 2 * idle),
        (Setting::Plain, _) => plain(programs, site, CONNECTIONS),
    };
    recipes.extend(floor(workload, site));
    recipes.iter_mut().for_each(|recipe| recipe.core = core);
    recipes
}

/// All servers, without access log, each of their workers good for so many connections.
pub fn plain(programs: &[Program], site: &Site, connections: usize) -> Vec<Recipe> {
    programs.iter().flat_map(|program| variants(program, site, connections)).collect()
}

fn variants(program: &Program, site: &Site, connections: usize) -> Vec<Recipe> {
    let path = &program.path;
    match program.name {
        "tinyhttpd" => vec![tinyhttpd(OURS, path, site, &["-q"])],
        "nginx" => vec![
            nginx("nginx", path, site, connections, "access_log off;"),
            nginx("nginx+cache", path, site, connections, NGINX_CACHE),
        ],
        "lighttpd" => vec![lighttpd(path, site, connections, "")],
        "h2o" => vec![h2o(path, site, connections, "")],
        _ => vec![darkhttpd(path, site)],
    }
}

/// tinyhttpd without files in memory, beside the peers as they are, of which none keeps bytes.
fn keeping_nothing(program: &Program, site: &Site) -> Vec<Recipe> {
    match program.name {
        "tinyhttpd" => vec![tinyhttpd(OURS, &program.path, site, &["-q", "--cache-size", "0"])],
        _ => variants(program, site, CONNECTIONS),
    }
}

/// Those that list directories.
fn listing(program: &Program, site: &Site) -> Vec<Recipe> {
    let path = &program.path;
    vec![match program.name {
        "tinyhttpd" => tinyhttpd(OURS, path, site, &["-q", "--list"]),
        "nginx" => nginx("nginx", path, site, CONNECTIONS, "access_log off; autoindex on;"),
        "lighttpd" => lighttpd(path, site, CONNECTIONS, "dir-listing.activate = \"enable\"\n"),
        "h2o" => h2o(path, site, CONNECTIONS, "        file.dirlisting: ON\n"),
        _ => darkhttpd(path, site),
    }]
}

/// Those that take files by PUT. nginx does not wait until they are on the disk, as tinyhttpd does.
fn writable(program: &Program, site: &Site) -> Vec<Recipe> {
    let puts = "access_log off; dav_methods PUT; client_max_body_size 0;";
    match program.name {
        "tinyhttpd" => vec![tinyhttpd(OURS, &program.path, site, &["-q", "--writable"])],
        "nginx" => vec![nginx("nginx", &program.path, site, CONNECTIONS, puts)],
        _ => Vec::new(),
    }
}

/// With and without access log, for those of which it is known what an access log costs them.
fn logged(program: &Program, site: &Site) -> Vec<Recipe> {
    let path = &program.path;
    let log = format!("access_log {}/nginx.access;", site.scratch().display());
    match program.name {
        "tinyhttpd" => {
            vec![tinyhttpd(OURS, path, site, &["-q"]), tinyhttpd("tinyhttpd+log", path, site, &[])]
        }
        "nginx" => vec![
            nginx("nginx", path, site, CONNECTIONS, "access_log off;"),
            nginx("nginx+log", path, site, CONNECTIONS, &log),
        ],
        _ => Vec::new(),
    }
}

const NGINX_CACHE: &str = "access_log off;
    open_file_cache max=20000 inactive=60s;
    open_file_cache_valid 30s;
    open_file_cache_min_uses 1;
    open_file_cache_errors on;";

fn lighttpd(program: &Path, site: &Site, connections: usize, more: &str) -> Recipe {
    let root = site.root().display().to_string();
    // Unlike the others it does not take the limit it finds. It keeps files open, so it needs more
    // than its connections.
    let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let descriptors = descriptors.min(u64::from(u16::MAX));
    let configuration = format!(
        "server.document-root = \"{root}\"
server.bind = \"127.0.0.1\"
server.port = {{port}}
server.modules = ()
server.max-worker = {{workers}}
server.max-fds = {descriptors}
server.max-connections = {connections}
server.listen-backlog = 1024
server.event-handler = \"linux-sysepoll\"
server.network-backend = \"sendfile\"
server.max-keep-alive-requests = 65535
server.max-keep-alive-idle = 3600
server.max-read-idle = 3600
index-file.names = ( \"index.html\" )
mimetype.assign = ( \".html\" => \"text/html\", \".bin\" => \"application/octet-stream\",
    \".css\" => \"text/css\", \".js\" => \"text/javascript\", \".png\" => \"image/png\",
    \".woff2\" => \"font/woff2\" )
{more}"
    );
    peer("lighttpd", program, &["-D", "-f", "{configuration}"], configuration)
}

fn h2o(program: &Path, site: &Site, connections: usize, more: &str) -> Recipe {
    let root = site.root().display().to_string();
    let configuration = format!(
        "num-threads: {{workers}}
max-connections: {connections}
http1-request-timeout: 3600
hosts:
  default:
    listen:
      host: 127.0.0.1
      port: {{port}}
    paths:
      /:
        file.dir: {root}
{more}"
    );
    peer("h2o", program, &["-m", "worker", "-c", "{configuration}"], configuration)
}

fn darkhttpd(program: &Path, site: &Site) -> Recipe {
    let root = site.root().display().to_string();
    let address = ["--addr", "127.0.0.1", "--port", "{port}"];
    let others = ["--timeout", "3600", "--log", "/dev/null"];
    let arguments = [&[root.as_str()], &address[..], &others[..]].concat();
    peer("darkhttpd", program, &arguments, String::new())
}

fn peer(name: &str, program: &Path, arguments: &[&str], configuration: String) -> Recipe {
    Recipe {
        name: name.to_owned(),
        program: program.to_owned(),
        arguments: arguments.iter().map(|a| a.to_string()).collect(),
        configuration,
        announces: false,
        core: None,
    }
}

/// The bare loop that gives this workload's answer; none where the answers are many, where it would
/// have to read a body, or where this program does not know its own path.
fn floor(workload: &Workload, site: &Site) -> Option<Recipe> {
    let (status, length, after) = match workload.load {
        Load::Requests(_, Answer::NotModified) => (304, 0, "keep"),
        Load::Requests(_, Answer::Missing) => (404, 150, "keep"),
        Load::Requests(_, Answer::OneOf(set)) => (200, set.bytes, "keep"),
        Load::Requests(_, Answer::Listing(_) | Answer::Stored(_)) => return None,
        Load::Pages { .. } | Load::Once(..) => return None,
        Load::Requests(_, Answer::WholeThenClose) => (200, 1024, "close"),
        _ => (200, std::fs::metadata(site.file(workload.path)).ok()?.len(), "keep"),
    };
    let file = site.file(workload.path).display().to_string();
    let mut arguments = vec![bare_loop::ARGUMENT.to_owned(), status.to_string()];
    arguments.extend([length.to_string(), after.to_owned()]);
    if matches!(workload.load, Load::Downloads(_)) {
        arguments.push(file);
    }
    Some(Recipe {
        name: FLOOR.to_owned(),
        program: std::env::current_exe().ok()?,
        arguments,
        configuration: String::new(),
        announces: true,
        core: None,
    })
}
