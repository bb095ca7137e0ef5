//! The man page and the completions: they are those of the options, and man and the shells take
//! them as they are.

#[path = "../deploy/manual/render.rs"]
mod render;

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::{find, run};
use tempfile::TempDir;

fn deployed(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(name)
}

fn plain(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

#[test]
fn man_page_and_completions_are_those_of_the_options() {
    for (name, content) in render::files() {
        let found = fs::read_to_string(deployed(name)).expect("it is there");
        assert!(found == content, "deploy/{name} is out of date: cargo run --example manual");
    }
}

#[test]
fn man_page_has_no_mistakes() {
    let Some(man) = find("man") else { return };
    let page = deployed("man/tinyhttpd.1");
    let output = Command::new(man)
        .args(["--warnings", "--local-file"])
        .arg(page)
        .env("MANWIDTH", "80")
        .env("LC_ALL", "C.UTF-8")
        .output()
        .expect("man runs");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let shown = String::from_utf8(output.stdout).expect("UTF-8");
    for line in shown.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    assert!(shown.contains("--max-connections"), "{shown}");
}

#[test]
fn bash_completes_options() {
    let Some(bash) = find("bash") else { return };
    let script = deployed("completions/tinyhttpd.bash");
    let ask = "source \"$0\" && complete -p tinyhttpd && COMP_WORDS=(tinyhttpd --max-c) \
               COMP_CWORD=1 && _tinyhttpd tinyhttpd --max-c tinyhttpd && echo \"${COMPREPLY[@]}\"";
    let answer = run(&bash, &["--norc", "-c", ask, plain(&script)]);
    assert!(answer.ends_with("\n--max-connections\n"), "{answer}");
}

#[test]
fn zsh_finds_and_loads_its_completions() {
    let Some(zsh) = find("zsh") else { return };
    let directory = deployed("completions");
    let ask = "fpath=($1 $fpath) && autoload -Uz compinit && compinit -u -D && \
               print $_comps[tinyhttpd] && autoload +X _tinyhttpd && functions _tinyhttpd";
    let answer = run(&zsh, &["-f", "-c", ask, "zsh", plain(&directory)]);
    assert!(answer.starts_with("_tinyhttpd\n"), "{answer}");
    assert!(answer.contains("--max-connections="), "{answer}");
}

#[test]
fn fish_completes_options() {
    let Some(fish) = find("fish") else { return };
    let script = deployed("completions/tinyhttpd.fish");
    let home = TempDir::new().expect("a temporary directory");
    let ask = format!(
        "set -x HOME {}; source {}; complete --do-complete 'tinyhttpd --max-c'",
        plain(home.path()),
        plain(&script)
    );
    let answer = run(&fish, &["--no-config", "--command", &ask]);
    assert!(answer.starts_with("--max-connections\t"), "{answer}");
}
