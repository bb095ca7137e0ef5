//! The built-in table of media types: by the extension of a file's name, and by the whole name of
//! files that have none.
//!
//! Most of it comes from `mime_guess`. The rows here come first: for names for which `mime_guess`
//! has no type, an outdated one, or one that today's web does not expect. `docs/content-types.md`
//! says where they differ from mime-db, and why.

/// For files that people open to read them: browsers show text/plain, and offer most other types
/// for download.
const PLAIN: &str = "text/plain";

const CORRECTIONS: &[(&str, &[&str])] = &[
    // The one type for all JavaScript (RFC 9239 §6).
    ("text/javascript", &["mjs", "cjs"]),
    ("text/vcard", &["vcf"]),
    ("text/wgsl", &["wgsl"]),
    // A source map is JSON (ECMA-426).
    ("application/json", &["map", "topojson"]),
    ("application/jsonl", &["jsonl", "ndjson"]),
    ("application/gzip", &["tgz"]),
    ("application/ttml+xml", &["ttml"]),
    ("application/vnd.apple.keynote", &["key"]),
    ("application/vnd.apple.mpegurl", &["m3u8"]),
    ("application/vnd.apple.numbers", &["numbers"]),
    ("application/vnd.apple.pages", &["pages"]),
    ("application/vnd.debian.binary-package", &["deb"]),
    ("application/vnd.rar", &["rar"]),
    ("application/vnd.visio", &["vsdx"]),
    ("application/x-ipynb+json", &["ipynb"]),
    ("application/x-rpm", &["rpm"]),
    ("application/zstd", &["zst"]),
    ("audio/amr", &["amr"]),
    ("audio/midi", &["mid", "midi"]),
    ("audio/mp4", &["m4a", "m4b"]),
    ("font/otf", &["otf"]),
    ("font/woff", &["woff"]),
    ("image/aces", &["exr"]),
    ("image/ktx2", &["ktx2"]),
    ("image/vnd.adobe.photoshop", &["psd"]),
    ("image/vnd.ms-dds", &["dds"]),
    ("image/x-icon", &["cur"]),
    ("model/3mf", &["3mf"]),
    ("model/mtl", &["mtl"]),
    ("model/obj", &["obj"]),
    ("model/step", &["step", "stp"]),
    ("model/stl", &["stl"]),
    ("model/vnd.usda", &["usda"]),
    ("model/vnd.usdz+zip", &["usdz"]),
    ("model/vrml", &["wrl"]),
    ("video/mp2t", &["m2ts"]),
    ("video/mp4", &["m4v"]),
];

/// Extensions of source code, settings and notes. `.ts` is far more often TypeScript than an MPEG
/// transport stream, and players of the latter go by the bytes. A server of streams needs `--type
/// ts=video/mp2t`.
#[rustfmt::skip]
const READ_AS_TEXT: &[&str] = &[
    // Languages.
    "ts", "mts", "cts", "tsx", "vue", "svelte", "astro", "coffee", "scss", "sass", "less", "styl",
    "m", "mm",
    "rs", "go", "zig", "nim", "d", "java", "kt", "kts", "scala", "groovy", "clj", "cljs", "cljc",
    "fs", "fsx", "swift", "dart", "pyi", "rb", "php", "pl", "pm", "lua", "r",
    "jl", "ex", "exs", "erl", "hrl", "hs", "lhs", "ml", "mli", "elm", "el", "lisp", "scm", "rkt",
    "f", "f90", "f95", "pas", "sv", "vhdl", "glsl", "vert", "frag", "hlsl",
    "sh", "bash", "zsh", "fish", "bat", "ps1", "psm1", "awk", "sed", "tcl", "vim",
    "sql", "graphql", "gql", "proto", "thrift",
    // How it is built and set up.
    "toml", "yaml", "yml", "config", "env", "properties", "lock", "editorconfig",
    "gradle", "cmake", "am", "ac", "m4", "ninja", "bazel", "bzl", "nix", "tf", "tfvars",
    "hcl", "service", "dockerfile",
    // Texts about it.
    "rst", "adoc", "asciidoc", "org", "tex", "bib", "sty", "cls", "diff", "patch", "po",
    "nfo", "mdx",
];

/// Names of files that a project has at its top, with what may follow them: `LICENSE-MIT`,
/// `Makefile.am`, `README.de`. In lower case.
#[rustfmt::skip]
const NAMES: &[&str] = &[
    "readme", "license", "licence", "unlicense", "copying", "copyright", "notice", "authors",
    "contributors", "contributing", "maintainers", "owners", "codeowners", "credits", "thanks",
    "changelog", "changes", "history", "news", "todo", "install", "version", "security", "support",
    "makefile", "gnumakefile", "dockerfile", "containerfile", "rakefile", "gemfile", "guardfile",
    "podfile", "brewfile", "pipfile", "procfile", "vagrantfile", "jenkinsfile", "justfile",
    "caddyfile", "pkgbuild", "kconfig", "sha256sums", "sha512sums", "md5sums",
];

/// Names with an extension that would say something else: `.mod` is music, or a film.
const WHOLE_NAMES: &[&str] = &["go.mod", "go.sum"];

/// What the names of a project's settings are, after their dot.
#[rustfmt::skip]
const SETTINGS: &[&str] = &[
    "gitignore", "gitattributes", "gitmodules", "mailmap", "dockerignore", "npmignore",
    "editorconfig", "bashrc", "profile", "zshrc", "vimrc", "env", "npmrc", "nvmrc",
];

/// The media type of a file of this name with this extension, if it has one; without a charset.
/// `None` where neither says anything.
pub(super) fn of(file_name: &[u8], extension: Option<&str>) -> Option<&'static str> {
    let is_plain = |names: &[&str]| is_one_of(names, file_name).then_some(PLAIN);
    is_plain(WHOLE_NAMES)
        .or_else(|| extension.and_then(of_extension))
        .or_else(|| (is_settings(file_name) || is_of_a_project(file_name)).then_some(PLAIN))
}

fn of_extension(extension: &str) -> Option<&'static str> {
    let corrected = CORRECTIONS.iter().find(|row| is_one_of(row.1, extension.as_bytes()));
    corrected
        .map(|row| row.0)
        .or_else(|| is_one_of(READ_AS_TEXT, extension.as_bytes()).then_some(PLAIN))
        .or_else(|| mime_guess::from_ext(extension).first_raw())
}

/// Whether a name is one of a project's files, alone or with more after a dot, hyphen or
/// underscore.
fn is_of_a_project(file_name: &[u8]) -> bool {
    let ends = |byte: &u8| matches!(byte, b'.' | b'-' | b'_');
    let end = file_name.iter().position(ends).unwrap_or(file_name.len());
    is_one_of(NAMES, &file_name[..end])
}

fn is_settings(file_name: &[u8]) -> bool {
    file_name.strip_prefix(b".").is_some_and(|name| is_one_of(SETTINGS, name))
}

fn is_one_of(names: &[&str], name: &[u8]) -> bool {
    names.iter().any(|own| own.as_bytes().eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_row_is_there_twice() {
        let corrected = CORRECTIONS.iter().flat_map(|row| row.1);
        let extensions: Vec<_> = corrected.chain(READ_AS_TEXT).collect();
        for rows in [extensions, NAMES.iter().chain(SETTINGS).collect()] {
            let mut seen = HashSet::new();
            for row in rows {
                assert!(seen.insert(*row), "{row}");
                assert_eq!(row.to_ascii_lowercase(), *row);
            }
        }
    }

    /// A row that says what `mime_guess` says is none to have.
    #[test]
    fn each_row_changes_something() {
        let plain = [(PLAIN, READ_AS_TEXT)];
        let mut idle: Vec<&&str> = Vec::new();
        for (media_type, extensions) in CORRECTIONS.iter().chain(&plain) {
            let says_so = |extension: &&&str| {
                mime_guess::from_ext(extension).first_raw() == Some(*media_type)
            };
            idle.extend(extensions.iter().filter(says_so));
        }
        assert!(idle.is_empty(), "{idle:?}");
    }

    #[test]
    fn projects_are_read_as_text() {
        let names = "README readme LICENSE LICENSE-MIT LICENSE.de COPYING AUTHORS Makefile makefile \
            Makefile.am GNUmakefile Dockerfile Dockerfile.dev Gemfile Gemfile.lock go.mod go.sum \
            CODEOWNERS Jenkinsfile .gitignore .editorconfig";
        for name in names.split_ascii_whitespace() {
            let extension = name.rsplit_once('.').map(|(_, extension)| extension);
            assert_eq!(of(name.as_bytes(), extension), Some(PLAIN), "{name}");
        }
        let others = "readmes xREADME READMEX license~ make .htpasswd .gitignore.x data a.readme \
            apple-app-site-association gitignore . ..";
        for name in others.split_ascii_whitespace().chain([""]) {
            assert_eq!(of(name.as_bytes(), None), None, "{name}");
        }
    }
}
