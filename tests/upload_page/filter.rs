//! The filter that works at once, and the page without its script.

use crate::desk::{Desk, WRITABLE};
use crate::support::{Page, Program, root_with};

#[test]
fn rows_are_filtered_as_one_types() {
    let root =
        root_with(&[("Report.pdf", ""), ("report #2.PDF", ""), ("Notes.txt", ""), ("d/x", "")]);
    let Some(mut desk) = Desk::at(root, &WRITABLE) else { return };
    desk.page.ask("document.querySelector('[type=search]').focus()");
    desk.page.write("PORT");
    desk.expect_told("Shown: 2");
    assert_eq!(desk.listed(), ["report #2.PDF", "Report.pdf"]);
    // What comes meanwhile is filtered too.
    desk.upload(&[("Airport.jpg", ""), ("b", "")]);
    desk.expect_told("2 uploaded");
    assert_eq!(desk.listed(), ["Airport.jpg", "report #2.PDF", "Report.pdf"]);
    desk.page.ask("document.querySelector('[type=search]').select()");
    desk.page.write("d");
    desk.page.wait_for("document.querySelectorAll('#listing tbody tr:not([hidden])').length === 3");
    assert_eq!(desk.listed(), ["d/", "report #2.PDF", "Report.pdf"]);
}

#[test]
fn rows_that_the_server_has_left_out_come_back() {
    let Some(mut desk) = Desk::at(root_with(&[("ab", ""), ("b", "")]), &WRITABLE) else { return };
    let url = desk.program.as_ref().expect("it runs").urls[0].clone();
    desk.page.load(&format!("{url}?sort=name&order=desc&filter=a"));
    assert_eq!(desk.listed(), ["ab"]);
    desk.page.ask("document.querySelector('[type=search]').select()");
    desk.page.write("b");
    desk.expect_told("Shown: 2");
    assert_eq!(desk.listed(), ["b", "ab"]);
    assert_eq!(desk.page.ask("location.search"), "?sort=name&order=desc");
}

#[test]
fn form_filters_where_nothing_can_be_written() {
    let root = root_with(&[("Report.pdf", "12"), ("Notes.txt", ""), ("port", "1")]);
    let program = Program::start(root.path(), &["--list"]);
    let Some(mut page) = Page::open(&format!("{}?sort=size&order=desc", program.urls[0])) else {
        return;
    };
    page.ask("document.querySelector('[type=search]').focus()");
    page.write("port");
    page.press_and_load("Enter");
    let names = "[...document.querySelectorAll('tbody a')].map((link) => link.textContent).join()";
    assert_eq!(page.ask(names), "Report.pdf,port");
    assert_eq!(page.ask("location.search"), "?filter=port&sort=size&order=desc");
    assert_eq!(page.ask("document.scripts.length"), 0);
}

#[test]
fn without_its_script_the_page_is_a_listing() {
    let policy = "Content-Security-Policy: script-src 'none'";
    let arguments = [&WRITABLE[..], &["--header", policy]].concat();
    let Some(mut desk) = Desk::at(root_with(&[("a", "")]), &arguments) else { return };
    assert_eq!(desk.listed(), ["a"]);
    let shown = "document.querySelector('#upload').checkVisibility()";
    assert_eq!(desk.page.ask(shown), false);
}
