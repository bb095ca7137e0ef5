//! The page by the keyboard alone, and what it says to a screen reader.

use crate::desk::{Desk, WRITABLE};
use crate::support::root_with;

impl Desk {
    /// Goes on with Tab until the focus is on what has this name.
    #[track_caller]
    fn tab_to(&mut self, name: &str) {
        let mut passed = Vec::new();
        for _ in 0..40 {
            self.page.press("Tab");
            let focused = self.focused();
            if focused == name {
                return;
            }
            passed.push(focused);
        }
        panic!("no {name} among {passed:?}");
    }

    /// What the focus is on.
    fn focused(&mut self) -> String {
        let name = "document.activeElement.ariaLabel ?? document.activeElement.textContent";
        self.page.ask(name).as_str().expect("a text").to_owned()
    }
}

#[test]
fn all_is_done_by_keys() {
    let Some(mut desk) = Desk::at(root_with(&[("a", "old"), ("b", "")]), &WRITABLE) else { return };
    desk.tab_to("New folder");
    desk.page.press("Enter");
    assert_eq!(desk.focused(), "Name of the folder");
    desk.page.write("folder");
    desk.page.press("Enter");
    desk.expect_told("The folder folder is made.");
    desk.page.wait_for("document.querySelectorAll('#listing tbody tr').length === 3");
    assert_eq!(desk.focused(), "New folder");

    desk.tab_to("Delete a");
    desk.page.press("Enter");
    desk.expect_question("Delete a?");
    // The harmless answer is the one at hand.
    assert_eq!(desk.focused(), "Cancel");
    desk.page.press("Escape");
    assert_eq!(desk.focused(), "Delete a");
    desk.page.press(" ");
    desk.tab_to("Delete");
    desk.page.press("Enter");
    desk.expect_told("a is deleted.");
    // The focus is on the row that has taken its place.
    desk.page.wait_for("document.activeElement.ariaLabel === 'Delete b'");
    assert_eq!(desk.in_root(), ["b", "folder"]);

    desk.upload(&[("b", "new")]);
    desk.expect_question("There is a file b already.");
    assert_eq!(desk.focused(), "Skip");
    desk.page.press("Enter");
    desk.expect_told("0 uploaded, 1 not uploaded");
    desk.tab_to("Retry b");
    desk.page.press("Enter");
    desk.expect_question("There is a file b already.");
    desk.tab_to("Replace");
    desk.page.press("Enter");
    desk.expect_told("1 uploaded");
    assert_eq!(desk.content("b"), "new");
}

#[test]
fn everything_has_a_name_and_news_are_told() {
    let Some(mut desk) = Desk::at(root_with(&[("a", "")]), &WRITABLE) else { return };
    desk.upload(&[("a", "")]);
    desk.expect_question("There is a file a already.");
    let nameless =
        "[...document.querySelectorAll('button, progress, dialog, section, input:not([hidden])')]
        .filter((element) => !(element.ariaLabel || element.textContent.trim()
            || document.getElementById(element.getAttribute('aria-labelledby'))))
        .map((element) => element.outerHTML)";
    assert_eq!(desk.page.ask(nameless), serde_json::json!([]));
    assert_eq!(desk.page.ask("document.getElementById('told').role"), "status");
}
