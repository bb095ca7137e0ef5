//! The man page and the completions, from the options of the program.
//!
//! The options come from [`Config`], so they are those of `--help`; the rest of the man page is
//! written by hand, in `tinyhttpd.1.in`.

use clap::{Arg, Command, CommandFactory, ValueHint};
use clap_complete::{Shell, generate};
use clap_mangen::Man;
use tinyhttpd::command::Config;

const TEMPLATE: &str = include_str!("tinyhttpd.1.in");

/// Each file's name beneath `deploy/`, with its content.
pub fn files() -> Vec<(&'static str, String)> {
    vec![
        ("man/tinyhttpd.1", man_page()),
        ("completions/tinyhttpd.bash", completions(Shell::Bash)),
        ("completions/_tinyhttpd", completions(Shell::Zsh)),
        ("completions/tinyhttpd.fish", completions(Shell::Fish)),
    ]
}

fn man_page() -> String {
    let mut command = command();
    let usage = command.render_usage().to_string();
    let version = command.get_version().expect("Cargo.toml has one").to_owned();
    TEMPLATE
        .replace("@VERSION@", &version)
        .replace("@SYNOPSIS@\n", &synopsis(command.clone(), &usage))
        .replace("@OPTIONS@\n", &options(command))
}

/// One line, such as `tinyhttpd [OPTIONS]`, in place of a list of all options.
fn synopsis(command: Command, usage: &str) -> String {
    let usage = usage.strip_prefix("Usage: ").expect("clap's usage").to_owned();
    let man = Man::new(command.override_usage(usage));
    after_first_line(&rendered(|out| man.render_synopsis_section(out)))
}

/// All options; where they have headings, each heading is one below OPTIONS.
fn options(command: Command) -> String {
    let arguments = command.get_arguments();
    let headings: Vec<_> = arguments.filter_map(Arg::get_help_heading).map(str::to_owned).collect();
    let man = Man::new(command);
    let mut page = rendered(|out| man.render_options_section(out));
    for heading in headings {
        let section = heading.to_uppercase();
        for quoted in [format!(".SH {section}\n"), format!(".SH \"{section}\"\n")] {
            page = page.replace(&quoted, &format!(".SS \"{heading}\"\n"));
        }
    }
    page.replace(".SH OPTIONS\n", "")
}

/// What is written, without what `roff` puts before it for apostrophes.
fn rendered(write: impl FnOnce(&mut dyn std::io::Write) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).expect("memory takes all");
    let page = String::from_utf8(out).expect("options in UTF-8");
    let lines = page.lines().filter(|line| !line.starts_with(".ie ") && !line.starts_with(".el "));
    lines.flat_map(|line| [line, "\n"]).collect()
}

fn after_first_line(section: &str) -> String {
    section.split_once('\n').expect("a heading").1.to_owned()
}

fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    generate(shell, &mut command(), "tinyhttpd", &mut script);
    String::from_utf8(script).expect("options in UTF-8")
}

/// The program's options as they are on every machine: a default that depends on it is told in
/// words.
fn command() -> Command {
    let mut command = Config::command();
    command.build();
    command.mut_args(|argument| match argument.get_id().as_str() {
        "threads" => {
            let help = argument.get_help().expect("a help").to_string();
            argument.hide_default_value(true).help(help + " [default: 4 a core, at least 16]")
        }
        _ if takes_a_directory(&argument) => argument.value_hint(ValueHint::DirPath),
        _ => argument,
    })
}

fn takes_a_directory(argument: &Arg) -> bool {
    argument.get_value_names().is_some_and(|names| names.iter().any(|name| name == "DIR"))
}
