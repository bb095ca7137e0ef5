//! The documents beside the program and beside each other: every option and every status stands in
//! each of them, with the same default, or the same reason phrase.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;
use support::{PROGRAM, finish};

fn text(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// What stands between `start` and the next `end`, wherever that is.
fn between<'a>(text: &'a str, start: &'a str, end: &'a str) -> impl Iterator<Item = &'a str> {
    let rests = text.split(start).skip(1);
    rests.map(move |rest| rest.split(end).next().unwrap_or_default())
}

/// The cells of each row of the README's tables.
fn rows(readme: &str) -> impl Iterator<Item = Vec<&str>> {
    let lines = readme.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix('|'));
    lines.map(|line| line.split(" |").map(str::trim).collect())
}

/// Options by their long names, with the default where one is told.
type Options = BTreeMap<String, Option<String>>;

/// Adds the options in `spelled`, such as `-p, --port N`. One that has a short name alone there is
/// the one that `shorts` has for it.
fn add(options: &mut Options, shorts: &Options, spelled: &str, default: Option<&str>) {
    let words = spelled.split([' ', ',', '`', '.']).filter(|word| word.starts_with('-'));
    for word in words {
        let long = match word.starts_with("--") {
            true => Some(word.to_owned()),
            false => shorts.get(word).cloned().flatten(),
        };
        let long = long.unwrap_or_else(|| panic!("no option {word}"));
        options.insert(long, default.map(str::to_owned));
    }
}

/// The options of `--help`, and the long name of each short one.
fn options_of_help() -> (Options, Options) {
    let output = finish(Command::new(PROGRAM).arg("--help"));
    let help = String::from_utf8(output.stdout).expect("UTF-8");
    let (help, _) = help.split_once("Examples:").expect("examples at the end");
    let (mut options, mut shorts) = (Options::new(), Options::new());
    for told in between(&help.replace("\n      --", "\n  --"), "\n  -", "\n  -") {
        // Two blanks part how it is spelled from what is said of it, which is wrapped.
        let (spelled, said) = told.split_once("  ").expect("a text");
        let said = said.split("\n\n").next().unwrap_or_default();
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let spelled = format!("-{spelled}");
        if let Some((short, long)) = spelled.split_once(", ") {
            let long = long.split([' ', '.']).next().unwrap_or_default();
            shorts.insert(short.to_owned(), Some(long.to_owned()));
        }
        add(&mut options, &shorts, &spelled, between(&said, "[default: ", "]").next());
    }
    (options, shorts)
}

fn options_of_readme(shorts: &Options) -> Options {
    let (readme, mut options) = (text("README.md"), Options::new());
    for row in rows(&readme) {
        if let [spelled, _, default] = &row[..] {
            let default = default.trim_matches('`');
            // A link tells where to read it.
            let is_told = !default.is_empty() && !default.starts_with('[');
            let names: String = between(spelled, "`", "`").step_by(2).collect::<Vec<_>>().join(" ");
            add(&mut options, shorts, &names, is_told.then_some(default));
        }
    }
    options
}

fn options_of_www(shorts: &Options) -> Options {
    let (page, mut options) = (text("www/options/index.html"), Options::new());
    for term in between(&page, "<dt>", "</dt>") {
        let default = between(term, "<span>", "</span>").next();
        let default = default.map(|default| default.trim_start_matches("default: "));
        for spelled in between(term, "<code>", "</code>") {
            add(&mut options, shorts, spelled, default);
        }
    }
    options
}

#[test]
fn options_of_readme_and_www_are_those_of_the_help() {
    let (help, shorts) = options_of_help();
    assert!(help.contains_key("--root") && help.contains_key("--version"), "{help:?}");
    let names = |options: &Options| options.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(&options_of_readme(&shorts)), names(&help), "README.md");
    assert_eq!(names(&options_of_www(&shorts)), names(&help), "www/options");
}

/// The defaults that two documents tell of the same option are the same.
#[track_caller]
fn expect_same_defaults(one: &Options, other: &Options) {
    let told = |options: &Options, name: &str| options.get(name).cloned().flatten();
    let mut compared = 0;
    for name in one.keys() {
        if let (Some(one), Some(other)) = (told(one, name), told(other, name)) {
            assert_eq!(one, other, "{name}");
            compared += 1;
        }
    }
    assert!(compared > 5, "{one:?} {other:?}");
}

#[test]
fn defaults_of_readme_www_and_help_are_the_same() {
    let (mut help, shorts) = options_of_help();
    // It tells the number for this machine, and the others how it is reckoned.
    help.remove("--threads");
    let (readme, www) = (options_of_readme(&shorts), options_of_www(&shorts));
    expect_same_defaults(&readme, &help);
    expect_same_defaults(&www, &help);
    expect_same_defaults(&readme, &www);
}

/// The status lines of the code, by the names of the variants.
fn statuses_of_code(source: &str) -> BTreeMap<&str, &str> {
    let arms = between(source, "Status::", ",\n").filter_map(|arm| arm.split_once(" => "));
    let lines: BTreeMap<_, _> = arms.map(|(name, line)| (name, line.trim_matches('"'))).collect();
    assert!(lines.values().any(|line| *line == "404 Not Found"), "{lines:?}");
    lines
}

#[test]
fn statuses_of_www_are_those_of_the_code() {
    let (source, page) = (text("src/http/status.rs"), text("www/statuses/index.html"));
    let code = statuses_of_code(&source);
    let expected: BTreeSet<_> = code.values().map(ToString::to_string).collect();
    let headings = between(&page, "<h3><span class=\"code\">", "</h3>");
    let heading = |heading: &str| {
        let line = heading.split("<span").next().unwrap_or_default();
        (line.replace("</span>", ""), heading.contains("<span class=\"tag\">closes</span>"))
    };
    let told: BTreeMap<_, _> = headings.map(heading).collect();
    assert_eq!(told.keys().cloned().collect::<BTreeSet<_>>(), expected);
    let digits: BTreeSet<_> = expected.iter().map(|line| &line[..3]).collect();
    assert_eq!(between(&page, "href=\"#s", "\"").collect::<BTreeSet<_>>(), digits, "the list");
    // And each says whether it is the last answer of its connection.
    let (_, closing) = source.split_once("fn closes_connection").expect("the function");
    let closing = between(closing, "matches!(", ")").next().expect("its list");
    let closing: BTreeSet<_> = closing.split(|c: char| !c.is_alphanumeric()).collect();
    for (name, line) in code {
        assert_eq!(told[line], closing.contains(name), "{line} closes its connection");
    }
}

#[test]
fn statuses_of_readme_are_those_of_the_code() {
    let (source, readme) = (text("src/http/status.rs"), text("README.md"));
    let code = statuses_of_code(&source);
    let expected: BTreeSet<_> = code.values().map(|line| &line[..3]).collect();
    let mut told = BTreeSet::new();
    for row in rows(&readme).filter(|row| row.len() == 2) {
        // Lengths have units.
        let answer = row[1].replace(" KiB", "KiB");
        let words = answer.split(|c: char| !c.is_ascii_alphanumeric());
        let is_code = |word: &&str| matches!(word.parse(), Ok(200..600));
        told.extend(words.filter(is_code).map(str::to_owned));
    }
    assert_eq!(told, expected.into_iter().map(str::to_owned).collect());
}
