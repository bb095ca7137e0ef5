//! Arrows between source files: who names what of whom.
//!
//! An arrow goes from a file to the file that declares what it names, by a path that begins with
//! `crate`, `super` or `self`, or with a module that the file itself declares. A name that is
//! handed on (`pub use`) belongs to the file that declares it, not to the one that hands it on. So
//! a parent that uses its children is no circle, and neither is a child that reaches its sibling by
//! way of the parent. A child that names an item which its parent declares makes one, if the parent
//! uses it too: such an item belongs into a file below both. `mod name;` alone is no arrow.
//!
//! Not seen: methods of a type that was not named, and what a macro writes.

use std::collections::{BTreeMap, BTreeSet};

/// A path in the source, such as `["crate", "site", "get", "Get"]`.
type Names = Vec<String>;

/// One source file as a module.
struct Module {
    file: String,
    /// Its path from the crate's root.
    path: Names,
    /// Every path that its code names, made absolute.
    named: Vec<Names>,
    /// What it hands on: the name, and the absolute path of what is meant.
    handed_on: BTreeMap<String, Names>,
}

/// The circles in which `files`, by name with their code, name each other, each sorted by name, and
/// all of them by their first.
pub fn circles(files: &BTreeMap<String, String>) -> Vec<Vec<String>> {
    let paths: BTreeSet<Names> = files.keys().map(|file| module_path(file)).collect();
    let module = |(file, code): (&String, &String)| Module::read(file, code, &paths);
    let modules: BTreeMap<Names, Module> =
        files.iter().map(module).map(|module| (module.path.clone(), module)).collect();
    let arrows: BTreeMap<&str, BTreeSet<&str>> = modules
        .values()
        .map(|module| {
            let ends = module.named.iter().map(|path| declaring(path, &modules));
            (&*module.file, ends.filter(|end| *end != module.file).collect())
        })
        .collect();
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        arrows.keys().map(|file| (*file, reach(file, &arrows))).collect();
    let circle_of = |file: &str| -> Vec<String> {
        let is_in_it = |other: &&&str| reached[**other].contains(file);
        reached[file].iter().filter(is_in_it).map(ToString::to_string).collect()
    };
    let circles: BTreeSet<_> = arrows.keys().map(|file| circle_of(file)).collect();
    circles.into_iter().filter(|circle| !circle.is_empty()).collect()
}

/// Every file to which arrows lead from `start`, `start` itself only by a circle.
fn reach<'a>(start: &str, arrows: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut next = vec![start];
    while let Some(file) = next.pop() {
        for end in &arrows[file] {
            if reached.insert(*end) {
                next.push(end);
            }
        }
    }
    reached
}

/// The file that declares what `path` names.
fn declaring<'a>(path: &Names, modules: &'a BTreeMap<Names, Module>) -> &'a str {
    let mut path = path.clone();
    loop {
        let is_module = |end: &usize| modules.contains_key(&path[..*end]);
        let end = (0..=path.len()).rev().find(is_module).expect("the root is a module");
        let module = &modules[&path[..end]];
        match path.get(end).and_then(|name| module.handed_on.get(name)) {
            Some(meant) if *meant != path => path = meant.clone(),
            _ => return &module.file,
        }
    }
}

/// `site/kept/mod.rs` is `["site", "kept"]`; `lib.rs` is the root.
fn module_path(file: &str) -> Names {
    let mut names: Names = file.trim_end_matches(".rs").split('/').map(String::from).collect();
    if matches!(names.last().map(String::as_str), Some("mod" | "lib")) {
        names.pop();
    }
    names
}

impl Module {
    fn read(file: &str, code: &str, modules: &BTreeSet<Names>) -> Module {
        let path = module_path(file);
        let mut module =
            Module { file: file.to_owned(), path, named: Vec::new(), handed_on: BTreeMap::new() };
        let tokens = tokens(code);
        let mut at = 0;
        while at < tokens.len() {
            let is_public = at > 0 && ["pub", ")"].contains(&&*tokens[at - 1]);
            if tokens[at] == "use" {
                let mut leaves = Vec::new();
                at = use_tree(&tokens, at + 1, &[], &mut leaves);
                for (leaf, alias) in leaves {
                    let Some(absolute) = module.absolute(&leaf, modules) else { continue };
                    if is_public {
                        module.handed_on.insert(alias, absolute.clone());
                    }
                    module.named.push(absolute);
                }
            } else {
                let end = path_end(&tokens, at);
                let names: Names = tokens[at..end].iter().step_by(2).cloned().collect();
                // `pub(in crate::site)` names nobody.
                if names.len() > 1 && at.checked_sub(1).is_none_or(|before| tokens[before] != "in")
                {
                    module.named.extend(module.absolute(&names, modules));
                }
                at = end.max(at + 1);
            }
        }
        module
    }

    /// From the crate's root; `None` if the path leads out of the crate or into the same file.
    fn absolute(&self, names: &[String], modules: &BTreeSet<Names>) -> Option<Names> {
        let first = names.first()?;
        let mut path = self.path.clone();
        let mut rest = &names[1..];
        match first.as_str() {
            "crate" | "tinyhttpd" => path.clear(),
            "self" => {}
            "super" => {
                path.pop();
                while rest.first().is_some_and(|name| name == "super") {
                    path.pop();
                    rest = &rest[1..];
                }
            }
            name => {
                path.push(name.to_owned());
                if !modules.contains(&path) {
                    return None;
                }
            }
        }
        path.extend_from_slice(rest);
        Some(path)
    }
}

/// Words, `::`, and single other characters; strings are left out.
fn tokens(code: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let length = match first {
            '"' => string_length(rest),
            // A quote as a char, which begins no string.
            '\'' if rest.starts_with("'\"'") => 3,
            '\'' if rest.starts_with("'\\\"'") => 4,
            ':' if rest.starts_with("::") => 2,
            c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        if first != '"' && !first.is_whitespace() {
            tokens.push(rest[..length].to_owned());
        }
        rest = &rest[length..];
    }
    tokens
}

/// The length of the string literal that `text` begins with, both its quotes included.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text[1..].find(|c| {
        let is_end = c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        is_end
    });
    end.map_or(text.len(), |end| end + 2)
}

/// Where the path ends that begins at `at`: words with `::` between them.
fn path_end(tokens: &[String], at: usize) -> usize {
    let is_word = |token: &String| token.chars().all(|c| c.is_alphanumeric() || c == '_');
    if !is_word(&tokens[at]) {
        return at;
    }
    let mut end = at + 1;
    while tokens.get(end).is_some_and(|token| token == "::")
        && tokens.get(end + 1).is_some_and(is_word)
    {
        end += 2;
    }
    end
}

/// Adds each path of the use tree at `at`, with the name by which it is known from here on. Returns
/// where the tree ends.
fn use_tree(
    tokens: &[String],
    at: usize,
    prefix: &[String],
    leaves: &mut Vec<(Names, String)>,
) -> usize {
    let mut end = path_end(tokens, at);
    let own = tokens[at..end].iter().step_by(2).filter(|name| *name != "self" || prefix.is_empty());
    let path: Names = prefix.iter().chain(own).cloned().collect();
    if tokens.get(end).is_some_and(|token| token == "::") {
        end += 1;
    }
    match tokens.get(end).map(String::as_str) {
        Some("{") => {
            end += 1;
            while tokens[end] != "}" {
                end = use_tree(tokens, end, &path, leaves);
                end += usize::from(tokens[end] == ",");
            }
            end + 1
        }
        Some("*") => {
            leaves.push((path, "*".to_owned()));
            end + 1
        }
        Some("as") => {
            leaves.push((path, tokens[end + 1].clone()));
            end + 2
        }
        _ => {
            let name = path.last().cloned().unwrap_or_default();
            leaves.push((path, name));
            end
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn expect(files: &[(&str, &str)], expected: &[&[&str]]) {
        let files = files.iter().map(|(file, code)| (file.to_string(), code.to_string()));
        let mut files: BTreeMap<_, _> = files.collect();
        files.entry("lib.rs".to_owned()).or_default();
        assert_eq!(circles(&files), expected);
    }

    #[test]
    fn files_that_name_each_other_are_a_circle() {
        let b = ("r/b.rs", "use crate::r::c;");
        expect(&[("r/a.rs", "use super::b::B;"), b, ("r/c.rs", "")], &[]);
        let circle: &[&str] = &["r/a.rs", "r/b.rs", "r/c.rs"];
        let ways = [
            "use super::{a::{self, A}};",
            "use super::a;",
            "fn f() { super::a::f() }",
            "type A = crate::r::a::A;",
        ];
        for way in ways {
            expect(&[("r/a.rs", "use super::b::B;"), b, ("r/c.rs", way)], &[circle]);
        }
    }

    #[test]
    fn parent_may_use_its_child_unless_the_child_uses_it() {
        let parent = ("r/mod.rs", "mod a; mod b; use a::A; pub use b::B; pub struct P;");
        expect(&[parent, ("r/a.rs", "use super::B; use super::b::C;"), ("r/b.rs", "")], &[]);
        let circle: &[&str] = &["r/a.rs", "r/mod.rs"];
        expect(&[parent, ("r/a.rs", "use super::P;"), ("r/b.rs", "")], &[circle]);
    }

    #[test]
    fn visibility_and_text_name_nobody() {
        let texts = ["pub(in crate::r::a) fn f() {}", "const A: &str = \"\\\"super::a::f\";"];
        for text in texts {
            expect(&[("r/a.rs", "use super::b::B;"), ("r/b.rs", text)], &[]);
        }
    }
}
