//! The names by which this server may be asked.
//!
//! A page of another site can have its own name lead to this machine's address (DNS rebinding); to
//! the browser, this server's files are then that page's own. But its name is in the request's
//! Host, and it is none of these.

use crate::http::authority::{host_and_port, is_address};
use crate::site::settings::Settings;

/// Whether a request for `host`, which is `uri-host [":" port]`, means this server: by an address,
/// `localhost`, a name of this machine, or one that the user has given. No browser leaves the host
/// out, so a request without one is not a browser's.
pub(super) fn mean_this_server(settings: &Settings, host: Option<&[u8]>) -> bool {
    let Some(host) = host else { return true };
    let (host, _) = host_and_port(host);
    let name = host.strip_suffix(b".").unwrap_or(host);
    let mut known = settings.hosts.iter().chain(&settings.machine_names);
    name.is_empty()
        || is_address(name)
        || name.eq_ignore_ascii_case(b"localhost")
        || known.any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_other_sites_are_told_from_this_servers() {
        let settings = Settings {
            hosts: vec!["files.example".to_owned()],
            machine_names: vec!["box".to_owned(), "box.local".to_owned()],
            ..Settings::default()
        };
        let rows = [
            ("example", false),
            ("a.files.example", false),
            ("files.example.a", false),
            ("localhost.example", false),
            ("localhost..", false),
            ("127.0.0.1.example", false),
            ("0x7f000001", false),
            ("box.example", false),
            ("b\u{f6}x", false),
            ("", true),
            (":8080", true),
            ("localhost", true),
            ("LOCALHOST.:8080", true),
            ("127.0.0.1:8080", true),
            ("192.168.1.2", true),
            ("[::1]:8080", true),
            ("box", true),
            ("Box.Local.:80", true),
            ("FILES.example:8080", true),
        ];
        for (host, expected) in rows {
            assert_eq!(mean_this_server(&settings, Some(host.as_bytes())), expected, "{host}");
        }
        assert!(mean_this_server(&settings, None));
    }
}
