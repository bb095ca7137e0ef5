//! `--open`: the first page in a browser of the user.
//!
//! The browser gets none of the server's descriptors, and a process group of its own, so that Ctrl-C
//! at the terminal ends the server alone. A thread of its own waits for its end.

use super::config::Config;
use super::serving::spawn;
use crate::os::programs::OPENER;
use crate::server::{Listener, Server};
use rustix::process::geteuid;
use std::env;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

/// Opens the first page of `server`, and returns at once. If that fails, a line in the log says
/// why.
pub(super) fn open(server: &Server, config: &Config) {
    let url = first_page(server, config);
    // It lasts as long as the browser, so that no zombie is left.
    spawn("browser", move || {
        let Some(url) = url else {
            return log::warn!("--open: no browser opens a Unix socket");
        };
        if let Err(message) = start(&url) {
            log::warn!("--open: {message}: open {url} yourself");
        }
    });
}

/// The URL of the first TCP socket.
fn first_page(server: &Server, config: &Config) -> Option<String> {
    let address = |listener: &Listener| match listener.wildcard() {
        Some(wildcard) => Some(wildcard.at_loopback()),
        None => listener.local_address(),
    };
    let address = server.listeners().find_map(address)?;
    Some(format!("http://{address}{}", config.prefix))
}

/// What may be run, each as its words, in the order of preference.
///
/// `browsers` is the variable BROWSER, which is read as xdg-open(1) reads it: commands with colons
/// between them, in which `%s` stands for the URL; without one, the URL follows.
fn commands(browsers: &str, url: &str) -> Vec<Vec<String>> {
    let command = |command: &str| {
        let mut words: Vec<_> = command.split_whitespace().map(str::to_owned).collect();
        match words.iter().any(|word| word.contains("%s")) {
            true => words.iter_mut().for_each(|word| *word = word.replace("%s", url)),
            false => words.push(url.to_owned()),
        }
        words
    };
    let named = browsers.split(':').filter(|command| !command.trim().is_empty());
    let commands: Vec<_> = named.map(command).collect();
    if commands.is_empty() { vec![command(OPENER)] } else { commands }
}

/// Runs the first command that succeeds. The error is what the last one said.
fn start(url: &str) -> Result<(), String> {
    if geteuid().is_root() {
        return Err("no browser is started as root".to_owned());
    }
    let mut failed = Ok(());
    for command in commands(&env::var("BROWSER").unwrap_or_default(), url) {
        failed = run(&command);
        if failed.is_ok() {
            break;
        }
    }
    failed
}

fn run(command: &[String]) -> Result<(), String> {
    let [program, arguments @ ..] = command else { return Ok(()) };
    let status = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .status()
        .map_err(|error| format!("{program}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{program}: {status}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_those_of_the_variable_or_the_system_s() {
        for (browsers, expected) in [
            ("", vec![format!("{OPENER} URL")]),
            (":", vec![format!("{OPENER} URL")]),
            ("firefox", vec!["firefox URL".to_owned()]),
            ("a --new:b --at=%s -c", vec!["a --new URL".to_owned(), "b --at=URL -c".to_owned()]),
        ] {
            let commands: Vec<_> =
                commands(browsers, "URL").iter().map(|words| words.join(" ")).collect();
            assert_eq!(commands, expected, "{browsers}");
        }
    }
}
