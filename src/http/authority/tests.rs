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
