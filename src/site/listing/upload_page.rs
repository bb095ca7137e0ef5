//! What makes a listing the place to upload, where `--writable` allows it: controls, their style,
//! and the script that does the work.
//!
//! The script stands in the page, and the Content-Security-Policy names it by its hash: no other
//! runs there, whatever a name or a README says. The controls are hidden until the script shows
//! them, so without it the page is a listing like any other.

use super::text::push_number;

const CONTROLS: &str = include_str!("upload.html");
const STYLE: &str = include_str!("upload.css");
const SCRIPT: &str = include_str!("upload.js");

/// The value of Content-Security-Policy for such a page. The hashes are those of the two style
/// sheets and of the script; a test makes them anew.
pub(super) const POLICY: &str = "default-src 'none'; \
    script-src 'sha256-Z7YfuGZWyuHJPusAJprRZxUap9ibqc7+HaPSX61s5iU='; \
    style-src 'sha256-TadNVx/ATlIfJCpt7f6Q20t92UI8YKSV2ecwvk2tquw=' \
    'sha256-T+B4sniGABrhnECSShjEQJgjmdEy9AquSdDcQPqbSPY='; \
    img-src data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Appends the style of the controls.
pub(super) fn push_style(page: &mut String) {
    for part in ["<style>\n", STYLE, "</style>\n"] {
        page.push_str(part);
    }
}

/// Appends the controls. The script does not even send a file of more than `bytes_max`.
pub(super) fn push_controls(page: &mut String, bytes_max: u64) {
    page.push_str("<section id=upload aria-label=\"Upload\" hidden data-bytes-max=");
    push_number(page, bytes_max);
    page.push_str(">\n");
    page.push_str(CONTROLS);
}

/// Appends the script, which wants to see the whole page.
pub(super) fn push_script(page: &mut String) {
    for part in ["<script>\n", SCRIPT, "</script>\n"] {
        page.push_str(part);
    }
}
