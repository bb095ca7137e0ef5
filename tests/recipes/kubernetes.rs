//! `deploy/kubernetes.yaml`.

use crate::support::{Served, find, run, write};
use crate::{plain, site, text, wait_until};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tinyhttpd::limits::END_TIME;

const PROGRAM: &str = env!("CARGO_BIN_EXE_tinyhttpd");

const FILE: &str = "deploy/kubernetes.yaml";

/// Versions of Kubernetes whose schemas are asked.
const VERSIONS: [&str; 2] = ["1.30.0", "1.37.0"];

#[test]
fn kubernetes_schemas_are_met() {
    let Some(validate) = find("kubernetes-validate") else { return };
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    for version in VERSIONS {
        let options = ["--strict", "--kubernetes-version", version];
        run(&validate, &[&options[..], &[plain(&file)]].concat());
    }
}

/// The lines of the file without comments and what surrounds them.
fn lines() -> Vec<String> {
    let text = text(FILE);
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    lines.map(|line| line.trim_start_matches("- ").to_owned()).collect()
}

/// The number after `name` where that stands first after a line that starts with `after`.
fn number(after: &str, name: &str) -> u64 {
    let lines = lines();
    let rest = lines.iter().skip_while(|line| !line.starts_with(after));
    let value = rest.filter_map(|line| line.strip_prefix(name)).next();
    value.and_then(|value| value.trim().parse().ok()).unwrap_or_else(|| panic!("{after} {name}"))
}

#[test]
fn a_pod_has_the_time_to_drain_and_to_end() {
    let drain = number("args:", "--drain=");
    let end = drain + number("args:", "--grace=") + END_TIME.as_secs();
    assert!(number("spec:", "terminationGracePeriodSeconds:") > end, "{end}");
    let unready = number("readinessProbe:", "periodSeconds:")
        * number("readinessProbe:", "failureThreshold:");
    assert!(unready < drain, "{unready}");
    let dead =
        number("livenessProbe:", "periodSeconds:") * number("livenessProbe:", "failureThreshold:");
    assert!(dead > drain, "{dead}");
}

/// The options of the container.
fn arguments() -> Vec<String> {
    let lines = lines().into_iter().map(|line| line.trim_matches('"').to_owned());
    lines.filter(|line| line.starts_with("--") && line != "---").collect()
}

#[test]
fn server_takes_the_options_and_is_well_where_probes_ask() {
    let root = site();
    let mut options = arguments();
    options
        .retain(|option| !["--bind=", "--port=", "--root="].iter().any(|n| option.starts_with(n)));
    let options: Vec<_> = options.iter().map(String::as_str).collect();
    let served = Served::start(root.path(), &options);
    let lines = lines();
    let paths = lines.iter().filter_map(|line| line.strip_prefix("path: /health"));
    assert_eq!(paths.count(), 3);
    run(Path::new(PROGRAM), &["--check", &served.url("/health")]);
}

/// A volume made of a ConfigMap, as the kubelet lays it out: what a name leads to is in a directory
/// with a date for a name, and `..data` says which.
fn lay_out(root: &Path, date: &str, content: &str) {
    write(root, &format!("..{date}/page.html"), content.as_bytes());
    let new: PathBuf = root.join("..data_tmp");
    symlink(format!("..{date}"), &new).expect("a link");
    fs::rename(new, root.join("..data")).expect("it takes the place of the former");
}

#[test]
fn files_of_a_config_map_are_served_and_seen_to_change() {
    let Some(curl) = find("curl") else { return };
    let root = TempDir::new().expect("a temporary directory");
    lay_out(root.path(), "2026_11_28_10_00_00.1", "first");
    symlink("..data/page.html", root.path().join("page.html")).expect("a link");
    let served = Served::start(root.path(), &[]);
    let page = || run(&curl, &["--silent", "--fail", &served.url("/page.html")]);
    assert_eq!(page(), "first");
    lay_out(root.path(), "2026_11_28_10_00_01.1", "second");
    wait_until("the second is served", || page() == "second");
}
