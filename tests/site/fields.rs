//! Content types, Cache-Control, the user's own fields, CORS, and the methods that are answered
//! (contract, §2 and §4).

use crate::support::site::{Asked, Tree};
use tinyhttpd::site::content_type::parse_override;
use tinyhttpd::site::{CacheRule, parse_field};

fn expect_types(site: &Asked, rows: &[(&str, &str)]) {
    for (target, expected) in rows {
        let reply = site.get(target).expect_status("200 OK");
        assert_eq!(reply.field("Content-Type").as_deref(), Some(*expected), "{target}");
    }
}

#[test]
fn a_file_has_the_type_of_its_extension() {
    let rows = [
        ("/a.html", "text/html; charset=utf-8"),
        ("/a.HTM", "text/html; charset=utf-8"),
        ("/a.css", "text/css; charset=utf-8"),
        ("/a.js", "text/javascript; charset=utf-8"),
        ("/a.mjs", "text/javascript; charset=utf-8"),
        ("/a.json", "application/json; charset=utf-8"),
        ("/a.map", "application/json; charset=utf-8"),
        ("/a.svg", "image/svg+xml; charset=utf-8"),
        ("/a.webmanifest", "application/manifest+json; charset=utf-8"),
        ("/a.txt", "text/plain; charset=utf-8"),
        ("/a.md", "text/markdown; charset=utf-8"),
        ("/a.wasm", "application/wasm"),
        ("/a.avif", "image/avif"),
        ("/a.webp", "image/webp"),
        ("/a.jxl", "image/jxl"),
        ("/a.woff2", "font/woff2"),
        ("/a.png", "image/png"),
        ("/a.mp4", "video/mp4"),
        ("/a.tar.gz", "application/gzip"),
        ("/README", "text/plain; charset=utf-8"),
        ("/main.rb", "text/plain; charset=utf-8"),
        ("/a.unknown", "application/octet-stream"),
    ];
    let tree = Tree::new();
    for (target, _) in rows {
        tree.file(&target[1..], "content");
    }
    expect_types(&tree.default_site(), &rows);
}

#[test]
fn the_users_types_win() {
    let tree = Tree::with(&[("a.md", ""), ("a.FOO", ""), ("a.css", ""), ("a.txt", "")]);
    let types = ["md=text/html", ".foo=application/x-foo", "txt=text/plain;charset=koi8-r"];
    let site = tree.site(|settings| {
        settings.types = types.map(|text| parse_override(text).unwrap()).to_vec();
    });
    expect_types(
        &site,
        &[
            ("/a.md", "text/html; charset=utf-8"),
            ("/a.FOO", "application/x-foo"),
            ("/a.txt", "text/plain;charset=koi8-r"),
            ("/a.css", "text/css; charset=utf-8"),
        ],
    );
}

fn rules(rules: &[&str]) -> Vec<CacheRule> {
    let parse = |text: &&str| CacheRule::parse(text).unwrap();
    rules.iter().map(parse).collect()
}

#[test]
fn the_first_rule_that_matches_gives_cache_control() {
    let tree = Tree::with(&[
        ("assets/a.js", ""),
        ("assets/deep/b.js", ""),
        ("c.js", ""),
        ("index.html", ""),
        ("old.js", ""),
    ]);
    tree.date("old.js", 0);
    let site = tree.site(|settings| {
        settings.cache_control = rules(&[
            "/assets/deep/*=no-store",
            "/assets/*=public, max-age=31536000, immutable",
            "*.js=max-age=60",
            "*.js=never",
        ]);
    });
    for (target, expected) in [
        ("/assets/a.js", "public, max-age=31536000, immutable"),
        ("/assets/%61.js?x", "public, max-age=31536000, immutable"),
        ("/assets/deep/b.js", "no-store"),
        ("/c.js", "max-age=60"),
        ("/assets/../c.js", "max-age=60"),
        ("/old.js", "max-age=60"),
        ("/index.html", "no-cache"),
        ("/", "no-cache"),
    ] {
        let reply = site.get(target).expect_status("200 OK");
        assert_eq!(reply.field("Cache-Control").as_deref(), Some(expected), "{target}");
    }
}

#[test]
fn a_rule_counts_on_304_and_206_too() {
    let tree = Tree::with(&[("a.js", "content")]);
    let site = tree.site(|settings| settings.cache_control = rules(&["/a.js=max-age=60"]));
    for (lines, code) in [("If-None-Match: *", "304"), ("Range: bytes=0-0", "206")] {
        let reply = site.get_with("/a.js", lines);
        assert_eq!(reply.code(), code);
        reply.expect_field("Cache-Control", Some("max-age=60"));
    }
}

#[test]
fn errors_do_not_follow_the_rules_for_files() {
    let tree = Tree::with(&[("404.html", "own"), ("a.js", "")]);
    let site = tree.site(|settings| settings.cache_control = rules(&["*=max-age=60"]));
    for (target, lines) in [("/missing", ""), ("/%zz", ""), ("/a.js", "If-Match: \"x\"")] {
        let reply = site.get_with(target, lines);
        assert_ne!(reply.field("Cache-Control").as_deref(), Some("max-age=60"), "{target}");
    }
}

/// Requests with one of each status that a site gives readily.
const EVERY_STATUS: [(&str, &str, &str); 11] = [
    ("GET /a.txt", "", "200"),
    ("HEAD /a.txt", "", "200"),
    ("GET /a.txt", "Range: bytes=0-0", "206"),
    ("GET /a.txt", "If-None-Match: *", "304"),
    ("GET /a.txt", "If-Match: \"x\"", "412"),
    ("GET /a.txt", "Range: bytes=99-", "416"),
    ("GET /sub", "", "301"),
    ("GET /missing", "", "404"),
    ("GET /%zz", "", "400"),
    ("POST /a.txt", "", "405"),
    ("OPTIONS *", "", "204"),
];

#[test]
fn own_fields_are_in_every_answer() {
    let tree = Tree::with(&[("a.txt", "content"), ("sub/b", "")]);
    let fields = ["X-Frame-Options: DENY", "Link: </a>; rel=a", "Link: </b>; rel=b"];
    let site = tree.site(|settings| {
        settings.fields = fields.map(|text| parse_field(text).unwrap()).to_vec();
    });
    for (request, lines, code) in EVERY_STATUS {
        let reply = site.ask(request, lines);
        assert_eq!(reply.code(), code, "{request} {lines}");
        reply
            .expect_field("X-Frame-Options", Some("DENY"))
            .expect_field("Link", Some("</a>; rel=a, </b>; rel=b"));
    }
}

#[test]
fn scripts_of_every_origin_may_read_every_answer_where_cors_is_on() {
    let tree = Tree::with(&[("a.txt", "content"), ("sub/b", "")]);
    let site = tree.site(|settings| settings.cross_origin = true);
    let exposed = "Accept-Ranges, Content-Length, Content-Range, ETag";
    for (request, lines, code) in EVERY_STATUS {
        let reply = site.ask(request, lines);
        assert_eq!(reply.code(), code, "{request} {lines}");
        reply
            .expect_field("Access-Control-Allow-Origin", Some("*"))
            .expect_field("Access-Control-Expose-Headers", Some(exposed));
    }
    for (request, lines, _) in EVERY_STATUS {
        let reply = tree.default_site().ask(request, lines);
        assert!(!reply.names().iter().any(|name| name.starts_with("Access-Control")));
    }
}

// Two values of Access-Control-Allow-Origin are none to a browser.
#[test]
fn an_origin_that_the_user_names_takes_the_place_of_every_origin() {
    let tree = Tree::with(&[("a.txt", "content")]);
    let field = parse_field("access-control-allow-origin: https://b.example").unwrap();
    let site = tree.site(|settings| {
        settings.cross_origin = true;
        settings.fields = vec![field];
    });
    let reply = site.get("/a.txt");
    reply.expect_field("Access-Control-Allow-Origin", Some("https://b.example"));
}

const PREFLIGHT: &str = "Origin: https://b.example\n\
    Access-Control-Request-Method: GET\n\
    Access-Control-Request-Headers: range, if-none-match, x-own";

#[test]
fn a_preflight_is_granted_where_cors_is_on() {
    let tree = Tree::with(&[("a.txt", "content")]);
    let site = tree.site(|settings| settings.cross_origin = true);
    for target in ["/a.txt", "/missing"] {
        let reply = site.ask(&format!("OPTIONS {target}"), PREFLIGHT);
        let reply = reply.expect_status("204 No Content").expect_body("");
        let methods = reply.field("Access-Control-Allow-Methods").unwrap();
        assert!(methods.split(", ").any(|method| method == "GET"), "{methods}");
        reply
            .expect_field("Access-Control-Allow-Origin", Some("*"))
            .expect_field("Access-Control-Allow-Headers", Some("*"))
            .expect_field("Access-Control-Max-Age", Some("86400"));
    }
    let plain = site.ask("OPTIONS /a.txt", "Origin: https://b.example");
    plain.expect_field("Access-Control-Allow-Methods", None);
    let refused = tree.default_site().ask("OPTIONS /a.txt", PREFLIGHT);
    assert_eq!(refused.names(), ["Allow"]);
}

// RFC 9110 §9.3.7.
#[test]
fn options_is_204_with_allow() {
    let tree = Tree::with(&[("a.txt", "content")]);
    let site = tree.default_site();
    for request in [
        "OPTIONS *",
        "OPTIONS /",
        "OPTIONS /a.txt",
        "OPTIONS /missing",
        "OPTIONS http://a.example/a.txt",
    ] {
        let reply = site.ask(request, "").expect_status("204 No Content");
        assert_eq!(reply.names(), ["Allow"], "{request}");
        reply.expect_field("Allow", Some("GET, HEAD, OPTIONS")).expect_body("");
    }
    let reply = site.ask_raw(b"OPTIONS / HTTP/1.0\r\n\r\n");
    reply.expect_status("204 No Content");
}

// RFC 9110 §15.5.6.
#[test]
fn a_method_that_is_not_allowed_is_405_with_allow() {
    let tree = Tree::with(&[("a.txt", "content"), ("404.html", "own")]);
    let site = tree.default_site();
    for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "QUERY"] {
        for target in ["/a.txt", "/missing", "/%zz", "/"] {
            let reply = site.ask(&format!("{method} {target}"), "");
            assert_eq!(reply.code(), "405", "{method} {target}");
            reply.expect_field("Allow", Some("GET, HEAD, OPTIONS"));
        }
    }
    let reply = site.ask("CONNECT a.example:443", "");
    reply.expect_status("405 Method Not Allowed").expect_field("Allow", Some("GET, HEAD, OPTIONS"));
    assert_eq!(std::fs::read(tree.path("a.txt")).unwrap(), b"content");
}

#[test]
fn fields_that_the_server_owns_are_refused_at_start() {
    for name in [
        "Accept-Ranges",
        "Allow",
        "Cache-Control",
        "Connection",
        "Content-Encoding",
        "content-length",
        "Content-Range",
        "Content-Type",
        "Date",
        "ETag",
        "Last-Modified",
        "Location",
        "Server",
        "Transfer-Encoding",
    ] {
        assert!(parse_field(&format!("{name}: x")).is_err(), "{name}");
    }
    for name in ["X-Own", "Content-Security-Policy", "Vary", "Link"] {
        assert!(parse_field(&format!("{name}: x")).is_ok(), "{name}");
    }
}
