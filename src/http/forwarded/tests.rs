use super::*;
use crate::limits::HEAD_BYTES_MAX;

fn trusted(texts: &[&str]) -> TrustedProxies {
    texts.iter().map(|text| TrustedProxy::parse(text).expect(text)).collect()
}

fn address(text: &str) -> IpAddr {
    text.parse().expect(text)
}

/// The client that these lines name to a server that trusts 10.0.0.0/8, where 10.0.0.1 sends
/// them.
fn client(lines: &[&str]) -> Option<IpAddr> {
    let lines: String = lines.iter().map(|line| format!("x-forwarded-for: {line}\r\n")).collect();
    let fields = Fields::parse(lines.as_bytes()).expect("field lines");
    trusted(&["10.0.0.0/8"]).client(&fields, Some(address("10.0.0.1")))
}

#[test]
fn what_is_no_network_is_refused_with_a_line_that_names_it() {
    let rows = [
        ("", "\"\" is no address"),
        ("proxy.example", "\"proxy.example\" is no address"),
        ("Unix", "\"Unix\" is no address"),
        ("unix:/run/socket", "is no address"),
        ("10.0.0", "is no address"),
        ("010.0.0.1", "is no address"),
        ("10.0.0.1:80", "is no address"),
        ("[::1]", "is no address"),
        ("fe80::1%eth0", "is no address"),
        ("10.0.0.0/", "0 to 32 bits of its address, not \"\""),
        ("10.0.0.0/33", "0 to 32 bits of its address, not \"33\""),
        ("10.0.0.0/+8", "not \"+8\""),
        ("10.0.0.0/-1", "not \"-1\""),
        ("10.0.0.0/255.0.0.0", "not \"255.0.0.0\""),
        ("10.0.0.0/8/8", "not \"8/8\""),
        ("10.0.0.0/4294967304", "not \"4294967304\""),
        ("::/129", "0 to 128 bits of its address, not \"129\""),
    ];
    for (text, reason) in rows {
        let said = TrustedProxy::parse(text).expect_err(text);
        assert!(said.contains(reason) && !said.contains('\n'), "{text}: {said}");
    }
}

#[test]
fn a_network_holds_the_addresses_that_begin_with_its_bits() {
    let rows = [
        ("192.0.2.1", "192.0.2.1", true),
        ("192.0.2.1", "192.0.2.2", false),
        ("192.0.2.1/32", "192.0.2.2", false),
        ("10.0.0.0/8", "10.255.255.255", true),
        ("10.0.0.0/8", "11.0.0.0", false),
        ("10.1.2.3/8", "10.9.9.9", true),
        ("192.0.2.64/26", "192.0.2.127", true),
        ("192.0.2.64/26", "192.0.2.128", false),
        ("0.0.0.0/0", "255.1.2.3", true),
        ("0.0.0.0/0", "::1", false),
        ("::1", "::1", true),
        ("::1", "::2", false),
        ("2001:db8::/32", "2001:db8:ffff::1", true),
        ("2001:db8::/32", "2001:db9::", false),
        ("::/0", "ffff::1", true),
        ("::/0", "192.0.2.1", false),
        ("::ffff:192.0.2.1", "192.0.2.1", true),
        ("::ffff:10.0.0.0/104", "10.1.2.3", true),
        ("::ffff:10.0.0.0/104", "11.1.2.3", false),
    ];
    for (network, one, expected) in rows {
        let proxies = trusted(&["198.51.100.7", network]);
        assert_eq!(proxies.trust(Some(address(one))), expected, "{network} {one}");
        assert!(!proxies.trust(None), "{network}");
    }
    assert!(trusted(&["unix"]).trust(None));
    assert!(!trusted(&["unix"]).trust(Some(address("127.0.0.1"))));
}

#[test]
fn only_a_trusted_peer_is_believed() {
    let fields = Fields::parse(b"X-Forwarded-For: 192.0.2.1\r\n").expect("a field line");
    let proxy = Some(address("10.0.0.1"));
    let rows: [(&[&str], Option<IpAddr>, bool); 6] = [
        (&[], proxy, false),
        (&[], None, false),
        (&["unix"], proxy, false),
        (&["10.0.0.0/8"], None, false),
        (&["unix"], None, true),
        (&["10.0.0.0/8"], proxy, true),
    ];
    for (proxies, peer, is_believed) in rows {
        let client = trusted(proxies).client(&fields, peer);
        assert_eq!(client, is_believed.then_some(address("192.0.2.1")), "{proxies:?}");
    }
}

#[test]
fn the_client_is_the_rightmost_address_that_is_not_trusted() {
    let rows: [(&[&str], &str); 11] = [
        (&["192.0.2.1"], "192.0.2.1"),
        (&["198.51.100.9, 192.0.2.1"], "192.0.2.1"),
        (&["192.0.2.1, 10.0.0.2, 10.9.9.9"], "192.0.2.1"),
        (&["198.51.100.9", "192.0.2.1", "10.0.0.2"], "192.0.2.1"),
        (&["198.51.100.9", "192.0.2.1,10.0.0.2", " 10.0.0.3 ,\t10.0.0.4"], "192.0.2.1"),
        (&["unknown, 192.0.2.1"], "192.0.2.1"),
        (&["198.51.100.9", "192.0.2.1, ,", "", " , ,"], "192.0.2.1"),
        (&["192.0.2.1, ::ffff:10.0.0.2"], "192.0.2.1"),
        (&["::ffff:192.0.2.1"], "192.0.2.1"),
        (&["2001:DB8::0:1"], "2001:db8::1"),
        (&["192.0.2.1:567, 10.0.0.2:1234"], "192.0.2.1"),
    ];
    for (lines, expected) in rows {
        assert_eq!(client(lines), Some(address(expected)), "{lines:?}");
    }
}

#[test]
fn where_no_client_is_named_there_is_none() {
    let rows: [&[&str]; 8] = [
        &[],
        &[""],
        &[", ,", ","],
        &["10.0.0.2"],
        &["10.0.0.3, 10.0.0.2"],
        // What stands before it may be the client's own invention.
        &["192.0.2.1, unknown"],
        &["192.0.2.1, unknown, 10.0.0.2"],
        &["192.0.2.1", "_hidden"],
    ];
    for lines in rows {
        assert_eq!(client(lines), None, "{lines:?}");
    }
}

#[test]
fn a_member_is_an_address_with_or_without_a_port() {
    let rows = [
        ("192.0.2.1", Some("192.0.2.1")),
        ("192.0.2.1:567", Some("192.0.2.1")),
        ("192.0.2.1:", Some("192.0.2.1")),
        ("::1", Some("::1")),
        ("::1:80", Some("::1:80")),
        ("[::1]", Some("::1")),
        ("[::1]:80", Some("::1")),
        ("[::ffff:192.0.2.1]:80", Some("192.0.2.1")),
        ("fe80::1%eth0", Some("fe80::1")),
        ("[fe80::1%25eth0]:80", Some("fe80::1")),
        (
            "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
            Some("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ),
        ("unknown", None),
        ("_obfuscated", None),
        ("localhost", None),
        ("\"192.0.2.1\"", None),
        ("for=192.0.2.1", None),
        ("192.0.2.1 198.51.100.1", None),
        ("192.0.2.01", None),
        ("192.0.2", None),
        ("3221225985", None),
        ("192.0.2.1:http", None),
        ("192.0.2.1:_x", None),
        ("192.0.2.1%eth0", None),
        ("fe80::1%", None),
        ("[::1", None),
        ("[::1]80", None),
        ("[::1]]", None),
        ("[]", None),
        ("[", None),
        (":", None),
        (":80", None),
        ("::1]", None),
        ("1:2:3:4:5:6:7:8:9", None),
        ("\u{e4}", None),
    ];
    for (member, expected) in rows {
        assert_eq!(parse_member(member.as_bytes()), expected.map(address), "{member}");
    }
    assert_eq!(parse_member(b"\xff\xfe"), None);
    assert_eq!(parse_member(&[b'1'; HEAD_BYTES_MAX]), None);
}

#[test]
fn as_many_members_as_a_head_has_room_for_are_read() {
    let name = "X-Forwarded-For: ";
    for (member, expected) in [("10.0.0.2,", Some("192.0.2.1")), (",", Some("192.0.2.1"))] {
        let first = "192.0.2.1,";
        let room = HEAD_BYTES_MAX - name.len() - first.len();
        let line = format!("{name}{first}{}", member.repeat(room / member.len()));
        let fields = Fields::parse(line.as_bytes()).expect("a field line");
        let client = trusted(&["10.0.0.0/8"]).client(&fields, Some(address("10.0.0.1")));
        assert_eq!(client, expected.map(address), "{member}");
    }
}
