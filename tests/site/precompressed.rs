//! Precompressed variants beside a file (RFC 9110 §12.5.3, §8.4.1).

use crate::support::site::{Asked, Reply, Tree};

fn tree() -> Tree {
    Tree::with(&[
        ("app.js", "0123456789"),
        ("app.js.br", "brotli"),
        ("app.js.zst", "zstandard"),
        ("app.js.gz", "gzipped"),
        ("only.css", "identity"),
        ("only.css.gz", "gzipped"),
        ("plain.txt", "identity"),
    ])
}

fn site(tree: &Tree) -> Asked {
    tree.site(|settings| settings.precompressed = true)
}

fn get(site: &Asked, target: &str, accept_encoding: &str) -> Reply {
    site.get_with(target, &format!("Accept-Encoding: {accept_encoding}"))
}

#[test]
fn variants_are_not_looked_for_unless_asked() {
    let tree = tree();
    let reply = get(&tree.default_site(), "/app.js", "br, gzip");
    reply
        .expect_body("0123456789")
        .expect_field("Content-Encoding", None)
        .expect_field("Vary", None);
}

// RFC 9110 §12.5.3.
#[test]
fn the_variant_is_the_best_that_accept_encoding_allows() {
    let tree = tree();
    let site = site(&tree);
    for (accept_encoding, coding) in [
        ("", None),
        ("identity", None),
        ("deflate", None),
        ("br;q=0", None),
        ("*;q=0", None),
        ("gzip;q=0.5, identity", None),
        ("br;q=0, zstd;q=0, gzip;q=0, *", None),
        ("br;q=x", None),
        ("brotli", None),
        ("br", Some("br")),
        ("BR", Some("br")),
        ("gzip, deflate, br, zstd", Some("br")),
        ("gzip, deflate, zstd", Some("zstd")),
        ("gzip", Some("gzip")),
        ("x-gzip", Some("gzip")),
        ("br;q=0.5, gzip", Some("gzip")),
        ("br;q=0.5, gzip;q=0.6, zstd;q=0.55", Some("gzip")),
        ("*", Some("br")),
        ("*, br;q=0", Some("zstd")),
        ("gzip, identity;q=0", Some("gzip")),
        ("identity;q=0, *", Some("br")),
        ("gzip;q=0.001", Some("gzip")),
        ("identity;q=0.5, gzip;q=0.5", Some("gzip")),
    ] {
        let reply = get(&site, "/app.js", accept_encoding);
        assert_eq!(reply.code(), "200", "{accept_encoding}");
        assert_eq!(reply.field("Content-Encoding").as_deref(), coding, "{accept_encoding}");
        let body = match coding {
            None => "0123456789",
            Some("br") => "brotli",
            Some("zstd") => "zstandard",
            Some(_) => "gzipped",
        };
        assert_eq!(reply.text(), body, "{accept_encoding}");
    }
}

// RFC 9110 §8.8.3.3.
#[test]
fn a_variant_of_the_same_bytes_has_another_entity_tag() {
    let tree = Tree::with(&[("a.js", "same"), ("a.js.br", "same"), ("a.js.gz", "same")]);
    let site = site(&tree);
    let mut tags: Vec<_> =
        ["", "br", "gzip"].iter().map(|coding| get(&site, "/a.js", coding).tag()).collect();
    assert_eq!(site.get("/a.js.br").tag(), tags[0], "by its own name it is what it is");
    tags.dedup();
    assert_eq!(tags.len(), 3, "{tags:?}");
    let lines = format!("Accept-Encoding: br\nIf-None-Match: {}", tags[0]);
    site.get_with("/a.js", &lines).expect_status("200 OK");
}

#[test]
fn without_accept_encoding_the_file_itself_is_sent() {
    let tree = tree();
    let reply = site(&tree).get("/app.js");
    reply.expect_field("Content-Encoding", None).expect_body("0123456789");
}

#[test]
fn a_coding_without_a_file_gives_way_to_the_next() {
    let tree = tree();
    tree.directory("plain.txt.br");
    let site = site(&tree);
    let reply = get(&site, "/only.css", "br, zstd, gzip;q=0.1");
    reply.expect_field("Content-Encoding", Some("gzip"));
    let reply = get(&site, "/plain.txt", "br, gzip, identity;q=0");
    reply.expect_status("200 OK").expect_body("identity").expect_field("Content-Encoding", None);
}

#[test]
fn a_variant_older_than_its_original_is_not_used() {
    let tree = tree();
    let site = site(&tree);
    tree.date("app.js.br", 999_999_999);
    let reply = get(&site, "/app.js", "br");
    reply.expect_field("Content-Encoding", None);
    let reply = get(&site, "/app.js", "br, gzip;q=0.5");
    reply.expect_field("Content-Encoding", Some("gzip"));
    tree.date("app.js.br", 1_000_000_001);
    let reply = get(&site, "/app.js", "br");
    reply.expect_field("Content-Encoding", Some("br"));
}

#[test]
fn a_variant_without_its_original_is_404() {
    let tree = Tree::with(&[("app.js.br", "brotli")]);
    get(&site(&tree), "/app.js", "br").expect_status("404 Not Found");
}

#[test]
fn a_variant_outside_the_root_is_not_used() {
    let tree = Tree::with(&[("a.txt", "identity")]);
    tree.link("../outside/secret", "a.txt.br");
    get(&site(&tree), "/a.txt", "br").expect_body("identity");
}

#[test]
fn a_variant_has_the_type_of_the_original_and_its_own_validators() {
    let tree = tree();
    tree.date("app.js.gz", 1_000_000_001);
    let site = site(&tree);
    let original = site.get("/app.js");
    let variants = ["br", "zstd", "gzip"].map(|coding| get(&site, "/app.js", coding));
    let mut tags: Vec<_> = variants.iter().map(Reply::tag).collect();
    tags.push(original.tag());
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 4);
    for reply in &variants {
        assert_eq!(reply.field("Content-Type"), original.field("Content-Type"));
        assert_eq!(reply.field("Accept-Ranges").as_deref(), Some("bytes"));
    }
    let [.., gzip] = variants;
    gzip.expect_field("Last-Modified", Some("Sun, 09 Sep 2001 01:46:41 GMT"));
}

// RFC 9110 §12.5.5.
#[test]
fn every_answer_about_a_file_varies_with_a_variant_or_without() {
    let tree = tree();
    let site = site(&tree);
    for (target, lines, code) in [
        ("/app.js", "Accept-Encoding: br", "200"),
        ("/app.js", "", "200"),
        ("/plain.txt", "Accept-Encoding: br", "200"),
        ("/plain.txt", "", "200"),
        ("/app.js", "Accept-Encoding: br\nIf-None-Match: *", "304"),
        ("/plain.txt", "If-None-Match: *", "304"),
        ("/app.js", "Accept-Encoding: br\nRange: bytes=0-1", "206"),
    ] {
        let reply = site.get_with(target, lines);
        assert_eq!(reply.code(), code, "{target} {lines}");
        assert_eq!(reply.field("Vary").as_deref(), Some("Accept-Encoding"), "{target} {lines}");
    }
}

#[test]
fn preconditions_are_about_the_variant() {
    let tree = tree();
    let site = site(&tree);
    let tag = get(&site, "/app.js", "br").tag();
    let lines = format!("If-None-Match: {tag}");
    let same = site.get_with("/app.js", &format!("Accept-Encoding: br\n{lines}"));
    same.expect_status("304 Not Modified")
        .expect_field("ETag", Some(&tag))
        .expect_field("Content-Encoding", None);
    site.get_with("/app.js", &lines).expect_status("200 OK");
    let lines = format!("Accept-Encoding: gzip\nIf-Match: {tag}");
    site.get_with("/app.js", &lines).expect_status("412 Precondition Failed");
}

// RFC 9110 §14.2.
#[test]
fn ranges_are_of_the_variant() {
    let tree = tree();
    let site = site(&tree);
    let tag = get(&site, "/app.js", "br").tag();
    let part = site.get_with("/app.js", "Accept-Encoding: br\nRange: bytes=2-3");
    part.expect_status("206 Partial Content")
        .expect_field("Content-Range", Some("bytes 2-3/6"))
        .expect_field("Content-Encoding", Some("br"))
        .expect_field("ETag", Some(&tag))
        .expect_body("ot");
    let past = site.get_with("/app.js", "Accept-Encoding: br\nRange: bytes=8-");
    past.expect_status("416 Range Not Satisfiable")
        .expect_field("Content-Range", Some("bytes */6"))
        .expect_field("Content-Encoding", None);
    let lines = format!("Range: bytes=2-3\nIf-Range: {tag}");
    let other = site.get_with("/app.js", &lines);
    other.expect_status("200 OK").expect_body("0123456789");
}

#[test]
fn a_variant_by_its_own_name_is_a_file_as_any() {
    let tree = tree();
    let site = site(&tree);
    // Used as a variant first: what is kept of that must not show.
    get(&site, "/only.css", "gzip").expect_field("Content-Encoding", Some("gzip"));
    let reply = get(&site, "/only.css.gz", "gzip");
    reply
        .expect_status("200 OK")
        .expect_field("Content-Type", Some("application/gzip"))
        .expect_field("Content-Encoding", None)
        .expect_body("gzipped");
    let reply = get(&site, "/only.css", "gzip");
    reply.expect_field("Content-Type", Some("text/css; charset=utf-8"));
}

#[test]
fn an_index_file_and_a_fallback_have_variants_too() {
    let tree = Tree::with(&[("index.html", "identity"), ("index.html.br", "brotli")]);
    let site = tree.site(|settings| {
        settings.precompressed = true;
        settings.fallback = Some("index.html".to_owned());
    });
    for target in ["/", "/unknown"] {
        let reply = site.get_with(target, "Accept: text/html\nAccept-Encoding: br");
        reply
            .expect_status("200 OK")
            .expect_field("Content-Encoding", Some("br"))
            .expect_body("brotli");
    }
}

#[test]
fn a_variant_has_the_cache_control_of_its_original() {
    let tree = tree();
    let rule = tinyhttpd::site::CacheRule::parse("*.js=max-age=60").unwrap();
    let site = tree.site(|settings| {
        settings.precompressed = true;
        settings.cache_control = vec![rule];
    });
    let reply = get(&site, "/app.js", "br");
    reply.expect_field("Cache-Control", Some("max-age=60"));
}
