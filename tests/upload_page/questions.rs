//! What is asked before something is replaced or deleted, and what each answer does.

use crate::desk::{Desk, WRITABLE};
use crate::support::root_with;
use std::fs;

fn desk() -> Option<Desk> {
    Desk::at(root_with(&[("a", "old a"), ("b", "old b"), ("c", "old c")]), &WRITABLE)
}

const NEW: [(&str, &str); 3] = [("a", "new a"), ("b", "new b"), ("c", "new c")];

#[track_caller]
fn expect_contents(desk: &Desk, expected: [&str; 3]) {
    assert_eq!(["a", "b", "c"].map(|name| desk.content(name)), expected);
}

#[test]
fn each_file_that_is_there_is_asked_about() {
    let Some(mut desk) = desk() else { return };
    desk.upload(&NEW);
    desk.expect_question("There is a file a already.");
    desk.press("Replace");
    desk.expect_question("There is a file b already.");
    expect_contents(&desk, ["new a", "old b", "old c"]);
    desk.press("Skip");
    desk.expect_question("There is a file c already.");
    // The last one has no others to answer for.
    desk.page.wait_for("document.querySelectorAll('dialog button').length === 2");
    desk.page.press("Escape");
    desk.expect_told("1 uploaded, 2 not uploaded");
    expect_contents(&desk, ["new a", "old b", "old c"]);
    let skipped = "Skipped: there is a file of this name.";
    assert_eq!(desk.rows(), [format!("b: {skipped}"), format!("c: {skipped}")]);
    desk.press("Retry b");
    desk.expect_question("There is a file b already.");
    desk.press("Replace");
    desk.expect_told("1 uploaded");
    expect_contents(&desk, ["new a", "new b", "old c"]);
    desk.press("Dismiss c");
    assert_eq!(desk.rows(), [""; 0]);
}

#[test]
fn one_answer_counts_for_all_if_it_is_meant_so() {
    for (answer, told, expected) in [
        ("Replace all", "3 uploaded", ["new a", "new b", "new c"]),
        ("Skip all", "0 uploaded, 3 not uploaded", ["old a", "old b", "old c"]),
    ] {
        let Some(mut desk) = desk() else { return };
        desk.upload(&NEW);
        desk.expect_question("There is a file a already.");
        desk.press(answer);
        desk.expect_told(told);
        expect_contents(&desk, expected);
        // Not for what comes later.
        desk.upload(&NEW[..1]);
        desk.expect_question("There is a file a already.");
    }
}

#[test]
fn large_file_is_asked_about_before_it_is_sent() {
    let Some(mut desk) = desk() else { return };
    let large = "x".repeat(2 << 20);
    desk.file("a", &large);
    desk.choose("a");
    desk.expect_question("There is a file a already.");
    assert_eq!(desk.page.ask("document.querySelector('progress').value"), 0);
    desk.press("Replace");
    desk.expect_told("1 uploaded");
    assert!(desk.content("a") == large);
}

#[test]
fn one_question_waits_for_the_other() {
    let Some(mut desk) = desk() else { return };
    desk.press("New folder");
    desk.expect_question("Name of the new folder");
    desk.upload(&NEW[..1]);
    desk.expect_row("There already");
    desk.expect_question("Name of the new folder");
    desk.press("Cancel");
    desk.expect_question("There is a file a already.");
    desk.press("Replace");
    desk.expect_told("1 uploaded");
    expect_contents(&desk, ["new a", "old b", "old c"]);
}

#[test]
fn files_and_empty_folders_are_deleted_after_a_question() {
    let root = root_with(&[("a", ""), ("b #1%", ""), ("full/inside", "")]);
    fs::create_dir(root.path().join("empty")).expect("a folder");
    let Some(mut desk) = Desk::at(root, &WRITABLE) else { return };
    assert_eq!(desk.listed(), ["empty/", "full/", "a", "b #1%"]);
    desk.press("Delete b #1%");
    desk.expect_question("Delete b #1%?");
    desk.press("Cancel");
    desk.press("Delete b #1%");
    desk.expect_question("Delete b #1%?");
    desk.press("Delete");
    desk.expect_told("b #1% is deleted.");
    desk.press("Delete empty/");
    desk.press("Delete");
    desk.expect_told("empty/ is deleted.");
    desk.press("Delete full/");
    desk.press("Delete");
    desk.expect_told("full/: This folder is not empty. Delete first what is in it.");
    assert_eq!(desk.in_root(), ["a", "full"]);
    desk.page.wait_for("document.querySelectorAll('#listing tbody tr').length === 2");
    fs::remove_file(desk.root.path().join("a")).expect("a file");
    desk.press("Delete a");
    desk.press("Delete");
    desk.expect_told("a: It is gone already.");
    desk.page.wait_for("document.querySelectorAll('#listing tbody tr').length === 1");
}

#[test]
fn folders_are_made() {
    let Some(mut desk) = desk() else { return };
    for (name, told) in [
        ("new 100%", "The folder new 100% is made."),
        ("a", "a: There is something of this name already."),
    ] {
        desk.press("New folder");
        desk.expect_question("Name of the new folder");
        desk.page.write(name);
        desk.press("Create");
        desk.expect_told(told);
    }
    // Names that cannot be are not even asked for.
    for name in ["", ".hidden", "a/b"] {
        desk.press("New folder");
        desk.page.write(name);
        desk.press("Create");
        assert_eq!(desk.page.ask("document.querySelector('dialog').open"), true, "{name}");
        desk.press("Cancel");
    }
    desk.page.wait_for("document.querySelectorAll('#listing tbody tr').length === 4");
    assert_eq!(desk.listed(), ["new 100%/", "a", "b", "c"]);
    assert_eq!(desk.in_root(), ["a", "b", "c", "new 100%"]);
}
