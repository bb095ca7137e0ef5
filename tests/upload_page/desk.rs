//! A user in front of an upload page, with some files to upload.

use crate::support::{Page, Program, names, write};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub struct Desk {
    pub root: TempDir,
    /// What the user has.
    pub files: TempDir,
    pub program: Option<Program>,
    pub page: Page,
}

pub const WRITABLE: [&str; 2] = ["--list", "--writable"];

impl Desk {
    /// The page of an empty root. `None` where there is no Chromium.
    pub fn open() -> Option<Desk> {
        Desk::at(TempDir::new().expect("a directory"), &WRITABLE)
    }

    /// The page of `root`.
    pub fn at(root: TempDir, arguments: &[&str]) -> Option<Desk> {
        let program = Program::start(root.path(), arguments);
        Desk::served(root, program)
    }

    pub fn served(root: TempDir, program: Program) -> Option<Desk> {
        let page = Page::open(&program.urls[0])?;
        let files = TempDir::new().expect("a directory");
        Some(Desk { root, files, program: Some(program), page })
    }

    /// Gives the user a file.
    pub fn file(&self, name: &str, content: &str) -> PathBuf {
        write(self.files.path(), name, content.as_bytes());
        self.files.path().join(name)
    }

    /// Uploads a file of the user's that is there already.
    pub fn choose(&mut self, name: &str) {
        let file = self.files.path().join(name);
        self.page.choose("#files", &[&file]);
    }

    /// Uploads new files with these contents.
    pub fn upload(&mut self, files: &[(&str, &str)]) {
        let paths: Vec<_> = files.iter().map(|(name, content)| self.file(name, content)).collect();
        let paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
        self.page.choose("#files", &paths);
    }

    /// Waits until the page says this to everybody.
    #[track_caller]
    pub fn expect_told(&mut self, text: &str) {
        let text = json!(text);
        self.page.wait_for(&format!("document.getElementById('told').textContent === {text}"));
    }

    /// Waits until an upload says this in its row.
    #[track_caller]
    pub fn expect_row(&mut self, text: &str) {
        let text = json!(text);
        self.page.wait_for(&format!(
            "[...document.querySelectorAll('#uploads span')].some((state) => state.textContent === {text})"
        ));
    }

    /// Waits until the page asks this.
    #[track_caller]
    pub fn expect_question(&mut self, text: &str) {
        let text = json!(text);
        self.page.wait_for(&format!(
            "document.querySelector('dialog[open] #question')?.textContent === {text}"
        ));
    }

    /// Presses the button of this name, which must be there, and the only one that can be pressed.
    #[track_caller]
    pub fn press(&mut self, name: &str) {
        let name = json!(name);
        let count = self.page.ask(&format!(
            "{{
                const buttons = [...(document.querySelector('dialog[open]') ?? document).querySelectorAll('button')]
                    .filter((button) => (button.ariaLabel ?? button.textContent) === {name} && button.checkVisibility());
                buttons[0]?.click();
                buttons.length
            }}"
        ));
        assert_eq!(count, 1, "buttons of the name {name}");
    }

    /// The uploads that the page still shows, each as its name and what it says.
    pub fn rows(&mut self) -> Vec<String> {
        self.texts("#uploads li", "bdi, span")
    }

    /// The names in the listing that are shown.
    pub fn listed(&mut self) -> Vec<String> {
        self.texts("#listing tbody tr:not([hidden])", "a")
    }

    fn texts(&mut self, of: &str, parts: &str) -> Vec<String> {
        let texts = self.page.ask(&format!(
            "[...document.querySelectorAll('{of}')].map((element) =>
                [...element.querySelectorAll('{parts}')].map((part) => part.textContent).join(': '))"
        ));
        serde_json::from_value(texts).expect("texts")
    }

    /// The names in the root.
    pub fn in_root(&self) -> Vec<String> {
        names(self.root.path())
    }

    pub fn content(&self, name: &str) -> String {
        fs::read_to_string(self.root.path().join(name)).expect("a file in the root")
    }
}
