//! Tables of hosts: refused and accepted.

use super::*;

#[test]
fn what_is_no_host_is_refused() {
    let rows: &[&[u8]] = &[
        b"a b",
        b"a/b",
        b"a?b",
        b"a#b",
        b"a@b",
        b"a\\b",
        b"a,b:c",
        b"a:b",
        b"a:80:80",
        b"a:-1",
        b"a:+1",
        b"a: 80",
        b"a\"b",
        b"<a>",
        b"{a}",
        b"a%",
        b"a%4",
        b"a%zz",
        b"a%%41",
        b"\xc3\xa4",
        b"a\x00",
        b"a\tb",
        b"::1",
        b"[",
        b"]",
        b"[]",
        b"[::1",
        b"::1]",
        b"[::1]a",
        b"[::1]80",
        b"[::1]]",
        b"[[::1]]",
        b"a[::1]",
        b"[::1%25eth0]",
        b"[1.2.3.4]",
        b"[1:2:3:4:5:6:7]",
        b"[1:2:3:4:5:6:7:8:9]",
        b"[12345::]",
        b"[1::2::3]",
        b"[g::]",
        b"[::256.1.1.1]",
        b"[v.a]",
        b"[v1.]",
        b"[v1]",
        b"[vx.a]",
        b"[v1.a/b]",
        b"[::1]:a",
    ];
    for value in rows {
        assert!(!is_host(value), "{}", value.escape_ascii());
    }
}

#[test]
fn hosts_are_names_and_addresses_with_and_without_a_port() {
    let rows = [
        "",
        ":80",
        "a",
        "a:",
        "a:80",
        "a:99999",
        "localhost:8080",
        "www.example.org",
        "example.org.",
        "xn--bcher-kva.example",
        "a_b",
        "a-b~c",
        "1.2.3.4",
        "1.2.3.4:80",
        "999.1.1.1",
        "a%41%e4",
        "!$&'()*+,;=",
        "[::]",
        "[::1]",
        "[::1]:80",
        "[::1]:",
        "[2001:DB8::1]",
        "[1:2:3:4:5:6:7:8]",
        "[1:2:3:4:5:6:7::]",
        "[::ffff:1.2.3.4]",
        "[v1.a:b]",
        "[VF.~]",
    ];
    for value in rows {
        assert!(is_host(value.as_bytes()), "{value}");
    }
}

#[test]
fn host_and_port_are_told_apart_and_addresses_from_names() {
    for (value, host, port, is_an_address) in [
        ("", "", "", false),
        ("a", "a", "", false),
        ("a:", "a", "", false),
        ("a:80", "a", "80", false),
        ("1.2.3.4:80", "1.2.3.4", "80", true),
        ("1.2.3", "1.2.3", "", false),
        ("1.2.3.4.", "1.2.3.4.", "", false),
        ("1.2.3.4.example", "1.2.3.4.example", "", false),
        ("[::1]", "[::1]", "", true),
        ("[::1]:8080", "[::1]", "8080", true),
    ] {
        let parts = (host.as_bytes(), port.as_bytes());
        assert_eq!(host_and_port(value.as_bytes()), parts, "{value}");
        assert_eq!(is_address(host.as_bytes()), is_an_address, "{value}");
    }
}
