use super::*;

/// Whether these lines say that another site than `host` has had the request made.
#[track_caller]
fn expect(host: &str, lines: &str, expected: bool) {
    let text = lines.split('|').map(|line| format!("{line}\r\n")).collect::<String>() + "\r\n";
    let fields = Fields::parse(text.as_bytes()).expect("good field lines");
    assert_eq!(is_of_another_site(&fields, Some(host.as_bytes())), expected, "{host} {lines}");
}

#[test]
fn pages_of_other_sites_are_told() {
    for (host, lines) in [
        ("a:8080", "Origin: null"),
        ("a:8080", "Origin: "),
        ("a:8080", "Origin: http://"),
        ("a:8080", "Origin: http://b:8080"),
        ("a:8080", "Origin: http://a"),
        ("a:8080", "Origin: http://a:8081"),
        ("a:8080", "Origin: http://a:8080/"),
        ("a:8080", "Origin: http://a:8080.b"),
        ("a:8080", "Origin: http://a:8080, http://b"),
        ("a:8080", "Origin: a:8080"),
        ("a:8080", "Origin: ftp://a:8080"),
        ("a:8080", "Origin: file://"),
        ("a:8080", "Origin: chrome-extension://a"),
        ("a:8080", "Origin: http://a.:8080"),
        ("a:8080", "Origin: http://user@a:8080"),
        ("a:8080", "Origin: http://a:99999999999999999999"),
        ("a", "Origin: http://a:443"),
        ("a:80", "Origin: https://a"),
        ("", "Origin: http://"),
        ("[::1]:8080", "Origin: http://[::1]"),
        ("[::1]", "Origin: http://[::2]"),
        ("a", "Sec-Fetch-Site: cross-site"),
        ("a", "Sec-Fetch-Site: same-site"),
        ("a", "Sec-Fetch-Site: "),
        ("a", "Sec-Fetch-Site: same-origin, cross-site"),
        ("a", "Sec-Fetch-Site: same-origin|Sec-Fetch-Site: cross-site"),
        ("a", "Origin: http://a|Sec-Fetch-Site: cross-site"),
        ("a", "Origin: http://b|Sec-Fetch-Site: same-origin"),
        ("a", "Origin: http://a|Origin: http://b"),
    ] {
        expect(host, lines, true);
    }
}

#[test]
fn pages_of_this_site_and_programs_are_told() {
    for (host, lines) in [
        ("a", "Accept: */*"),
        ("a:8080", "Origin: http://a:8080"),
        ("A:8080", "origin: HTTP://a:08080"),
        ("a", "Origin: http://a"),
        ("a:80", "Origin: http://a"),
        ("a", "Origin: http://a:80"),
        // A proxy speaks TLS and this server does not.
        ("a", "Origin: https://a"),
        ("a:443", "Origin: https://a"),
        ("a:8443", "Origin: https://a:8443"),
        ("[::1]:8080", "Origin: http://[::1]:8080"),
        ("a", "Sec-Fetch-Site: same-origin"),
        ("a", "Sec-Fetch-Site: none"),
        ("a", "Origin: http://a|Sec-Fetch-Site: same-origin"),
    ] {
        expect(host, lines, false);
    }
}

#[test]
fn request_without_a_host_is_of_no_site() {
    let fields = Fields::parse(b"Origin: http://a\r\n\r\n").expect("a field line");
    assert!(is_of_another_site(&fields, None));
    assert!(!is_of_another_site(&Fields::empty(), None));
}
