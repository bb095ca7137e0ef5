//! Tables of targets: refused, and in each form.

use super::*;

fn resource(path: &'static [u8], query: Option<&'static [u8]>) -> Target<'static> {
    Target::Resource { path, query }
}

#[test]
fn targets_in_other_forms_are_refused() {
    let rows: &[(&[u8], Reject)] = &[
        (b"", Reject::TargetForm),
        (b"*", Reject::TargetForm),
        (b"a", Reject::TargetForm),
        (b"index.html", Reject::TargetForm),
        (b"?a", Reject::TargetForm),
        (b"%2f", Reject::TargetForm),
        (b"\\a", Reject::TargetForm),
        (b"example.org:80", Reject::TargetForm),
        (b"http:/a/", Reject::TargetForm),
        (b"http:a", Reject::TargetForm),
        (b"https://a/", Reject::TargetForm),
        (b"ftp://a/", Reject::TargetForm),
        (b"file:///etc/passwd", Reject::TargetForm),
        (b"\xc3\xa4", Reject::TargetForm),
        (b"/#", Reject::TargetFragment),
        (b"/a?b#c", Reject::TargetFragment),
        (b"http://a/#b", Reject::TargetFragment),
        (b"http://", Reject::TargetAuthority),
        (b"http:///a", Reject::TargetAuthority),
        (b"http://?a", Reject::TargetAuthority),
        (b"http://:80/", Reject::TargetAuthority),
        (b"http://user@a/", Reject::TargetAuthority),
        (b"http://user:word@a/", Reject::TargetAuthority),
        (b"http://a:b/", Reject::TargetAuthority),
        (b"http://a\\b/", Reject::TargetAuthority),
        (b"http://\xc3\xa4/", Reject::TargetAuthority),
    ];
    for (target, reject) in rows {
        let parsed = Target::parse(target, Method::Get);
        assert_eq!(parsed, Err(*reject), "{}", target.escape_ascii());
    }
    let asterisk = Target::parse(b"*", Method::NotAllowed);
    assert_eq!(asterisk, Err(Reject::TargetForm));
    let more = Target::parse(b"**", Method::Options);
    assert_eq!(more, Err(Reject::TargetForm));
}

#[test]
fn origin_form_is_path_and_query() {
    let rows: &[(&[u8], Target)] = &[
        (b"/", resource(b"/", None)),
        (b"//a", resource(b"//a", None)),
        (b"/a/b.txt", resource(b"/a/b.txt", None)),
        (b"/?", resource(b"/", Some(b""))),
        (b"/a?b=c&d", resource(b"/a", Some(b"b=c&d"))),
        (b"/a?b?/c", resource(b"/a", Some(b"b?/c"))),
        (b"/a%3fb", resource(b"/a%3fb", None)),
        (b"/\xc3\xa4?\xff", resource(b"/\xc3\xa4", Some(b"\xff"))),
        (b"/http://a@b/", resource(b"/http://a@b/", None)),
    ];
    for (target, resource) in rows {
        let parsed = Target::parse(target, Method::Get);
        assert_eq!(parsed, Ok((*resource, None)));
    }
}

#[test]
fn absolute_form_is_authority_path_and_query() {
    let rows: &[(&[u8], &[u8], Target)] = &[
        (b"http://a", b"a", resource(b"/", None)),
        (b"http://a/", b"a", resource(b"/", None)),
        (b"HTTP://A/b", b"A", resource(b"/b", None)),
        (b"hTTp://a:8080/b/c?d", b"a:8080", resource(b"/b/c", Some(b"d"))),
        (b"http://a:/b", b"a:", resource(b"/b", None)),
        (b"http://a?b", b"a", resource(b"/", Some(b"b"))),
        (b"http://a?b/c", b"a", resource(b"/", Some(b"b/c"))),
        (b"http://[::1]:80/b", b"[::1]:80", resource(b"/b", None)),
        (b"http://a//b", b"a", resource(b"//b", None)),
        (b"http://a/b@c", b"a", resource(b"/b@c", None)),
    ];
    for (target, authority, resource) in rows {
        let parsed = Target::parse(target, Method::NotAllowed);
        assert_eq!(parsed, Ok((*resource, Some(*authority))));
    }
}

#[test]
fn asterisk_is_for_options_and_any_target_for_connect() {
    assert_eq!(Target::parse(b"*", Method::Options), Ok((Target::Asterisk, None)));
    for target in [&b"a:443"[..], b"*", b"/", b"#", b"http://a@b"] {
        assert_eq!(Target::parse(target, Method::Connect), Ok((Target::Authority, None)));
    }
}
