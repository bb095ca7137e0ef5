//! What a page in a browser can do to the server: a page of another site cannot write, and a page
//! that needs a password loads whole.

mod support;

use std::fs;
use std::path::Path;
use support::{Browser, Served, find, run, wait_until_done, write};
use tempfile::TempDir;

/// Tries to write, to its own origin and to the server by its address, and tells what came of it.
/// Its URLs are absolute: `fetch` takes none that is relative to a page's with a password in it.
const WRITING_PAGE: &str = r#"<!doctype html><title>Writing</title><script>
    const told = [];
    const act = async (name, url, options) => {
        const answer = await fetch(url, options).catch(() => ({ status: "refused" }));
        told.push(`${name}=${answer.status}`);
    };
    const address = `http://127.0.0.1:${location.port}`;
    (async () => {
        for (const [name, base] of [["own", location.origin], ["address", address]]) {
            await act(`${name}-put`, `${base}/victim`, { method: "PUT", body: name });
            await act(`${name}-make`, `${base}/made`, { method: "MKCOL" });
            await act(`${name}-delete`, `${base}/empty`, { method: "DELETE" });
        }
        await fetch(`${location.origin}/done?${told.join("&")}`);
    })();
    </script>"#;

/// What the page of [`WRITING_PAGE`] tells where its host is `host`, which leads to this machine;
/// and whether the file that it would write is still as it was.
fn what_page_can_write(chromium: &Path, host: &str) -> (String, bool) {
    let root = TempDir::new().expect("a temporary directory");
    write(root.path(), "page.html", WRITING_PAGE.as_bytes());
    write(root.path(), "victim", b"content");
    fs::create_dir(root.path().join("empty")).expect("a new directory");
    let mut server = Served::start(root.path(), &["--writable", "--cors"]);
    let url = server.url("/page.html").replace("127.0.0.1", host);
    let rules = format!("--host-resolver-rules=MAP {host} 127.0.0.1");
    let _browser = Browser::open_with(chromium, &url, &[&rules]);
    let told = wait_until_done(&mut server);
    let is_left = fs::read(root.path().join("victim")).expect("a file") == b"content"
        && root.path().join("empty").exists()
        && !root.path().join("made").exists();
    (told, is_left)
}

#[test]
fn page_of_another_site_cannot_write_even_if_its_name_leads_here() {
    let Some(chromium) = find("chromium") else {
        return;
    };
    let (told, is_left) = what_page_can_write(&chromium, "evil.example");
    let own = "own-put=403&own-make=403&own-delete=403";
    let by_address = "address-put=refused&address-make=refused&address-delete=refused";
    assert_eq!(told, format!("{own}&{by_address}"));
    assert!(is_left);
    // The same page, where it is this server's own.
    let (told, is_left) = what_page_can_write(&chromium, "localhost");
    assert!(
        told.starts_with("own-put=204&own-make=201&own-delete=204&address-put=refused"),
        "{told}"
    );
    assert!(!is_left);
}

#[test]
fn password_is_asked_for_once_and_serves_the_scripts_of_the_page_too() {
    let (Some(chromium), Some(htpasswd)) = (find("chromium"), find("htpasswd")) else {
        return;
    };
    let root = TempDir::new().expect("a temporary directory");
    let page = WRITING_PAGE.replace(r#", ["address", address]"#, "").replace("/empty", "/made");
    write(root.path(), "page.html", page.as_bytes());
    let line = run(&htpasswd, &["-nbB", "user", "sesame"]);
    let passwords = root.path().join("passwords");
    fs::write(&passwords, line).expect("a file");
    let passwords = passwords.to_str().expect("UTF-8");
    let options = ["--writable", "--auth-for", "all", "--auth-file", passwords];
    let mut server = Served::start(root.path(), &options);
    let url = server.url("/page.html").replace("http://", "http://user:sesame@");
    let _browser = Browser::open(&chromium, &url);
    let told = wait_until_done(&mut server);
    assert_eq!(told, "own-put=201&own-make=201&own-delete=204");
}
