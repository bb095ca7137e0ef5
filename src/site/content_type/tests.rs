use super::*;

fn of(file_name: &str) -> String {
    ContentTypes::default().of(file_name.as_bytes()).into_owned()
}

#[test]
fn names_without_a_known_extension_are_octet_streams() {
    let names: &[&[u8]] = &[
        b"",
        b".",
        b"..",
        b"html",
        b".html",
        b".htpasswd",
        b"apple-app-site-association",
        b"page.",
        b"page.html.",
        b"a.nosuchtype",
        b"a.\xFF",
        b"a.html\xFF",
        b"a.html\n",
        b"a.html ",
        b"a.tar.html~",
    ];
    for name in names {
        assert_eq!(ContentTypes::default().of(name), UNKNOWN, "{name:?}");
    }
}

#[test]
fn text_types_say_charset_utf_8() {
    let rows = [
        ("index.html", "text/html"),
        ("index.htm", "text/html"),
        ("style.css", "text/css"),
        ("app.js", "text/javascript"),
        ("app.mjs", "text/javascript"),
        ("app.cjs", "text/javascript"),
        ("app.jsx", "text/javascript"),
        ("app.ts", "text/plain"),
        ("app.mts", "text/plain"),
        ("app.tsx", "text/plain"),
        ("main.rs", "text/plain"),
        ("main.py", "text/plain"),
        ("main.c", "text/plain"),
        ("Cargo.toml", "text/plain"),
        ("ci.yml", "text/plain"),
        ("install.sh", "text/plain"),
        ("main.rb", "text/plain"),
        ("Main.java", "text/plain"),
        ("main.kt", "text/plain"),
        ("index.php", "text/plain"),
        ("app.vue", "text/plain"),
        ("app.scss", "text/plain"),
        ("paper.tex", "text/plain"),
        ("schema.proto", "text/plain"),
        ("README", "text/plain"),
        ("LICENSE-APACHE", "text/plain"),
        ("Makefile", "text/plain"),
        ("Dockerfile", "text/plain"),
        ("go.mod", "text/plain"),
        (".gitignore", "text/plain"),
        ("notes.ipynb", "application/x-ipynb+json"),
        ("captions.ttml", "application/ttml+xml"),
        ("notes.txt", "text/plain"),
        ("access.log", "text/plain"),
        ("README.md", "text/markdown"),
        ("table.csv", "text/csv"),
        ("captions.vtt", "text/vtt"),
        ("day.ics", "text/calendar"),
        ("app.js.map", "application/json"),
        ("data.json", "application/json"),
        ("data.jsonl", "application/jsonl"),
        ("data.jsonld", "application/ld+json"),
        ("map.geojson", "application/geo+json"),
        ("site.webmanifest", "application/manifest+json"),
        ("page.xhtml", "application/xhtml+xml"),
        ("feed.xml", "text/xml"),
        ("feed.rss", "application/rss+xml"),
        ("feed.atom", "application/atom+xml"),
        ("logo.svg", "image/svg+xml"),
    ];
    for (name, expected) in rows {
        assert_eq!(of(name), format!("{expected}; charset=utf-8"), "{name}");
    }
}

#[test]
fn other_types_say_no_charset() {
    let rows = [
        ("app.wasm", "application/wasm"),
        ("a.avif", "image/avif"),
        ("a.webp", "image/webp"),
        ("a.jxl", "image/jxl"),
        ("a.png", "image/png"),
        ("a.apng", "image/apng"),
        ("a.jpg", "image/jpeg"),
        ("a.jpeg", "image/jpeg"),
        ("a.gif", "image/gif"),
        ("a.heic", "image/heic"),
        ("favicon.ico", "image/x-icon"),
        ("hand.cur", "image/x-icon"),
        ("a.woff", "font/woff"),
        ("a.woff2", "font/woff2"),
        ("a.ttf", "font/ttf"),
        ("a.otf", "font/otf"),
        ("a.mp3", "audio/mpeg"),
        ("a.m4a", "audio/mp4"),
        ("a.opus", "audio/ogg"),
        ("a.ogg", "audio/ogg"),
        ("a.flac", "audio/flac"),
        ("a.wav", "audio/wav"),
        ("a.aac", "audio/aac"),
        ("a.mp4", "video/mp4"),
        ("a.m4v", "video/mp4"),
        ("a.webm", "video/webm"),
        ("a.mkv", "video/x-matroska"),
        ("a.mov", "video/quicktime"),
        ("a.m2ts", "video/mp2t"),
        ("a.m3u8", "application/vnd.apple.mpegurl"),
        ("a.glb", "model/gltf-binary"),
        ("a.3mf", "model/3mf"),
        ("a.mtl", "model/mtl"),
        ("a.obj", "model/obj"),
        ("a.stl", "model/stl"),
        ("a.step", "model/step"),
        ("a.STP", "model/step"),
        ("a.usda", "model/vnd.usda"),
        ("a.exr", "image/aces"),
        ("a.psd", "image/vnd.adobe.photoshop"),
        ("a.pdf", "application/pdf"),
        ("a.epub", "application/epub+zip"),
        ("a.zip", "application/zip"),
        ("a.tar", "application/x-tar"),
        ("a.tar.gz", "application/gzip"),
        ("a.tgz", "application/gzip"),
        ("a.tar.zst", "application/zstd"),
        ("a.7z", "application/x-7z-compressed"),
        ("a.exe", "application/octet-stream"),
        ("a.bin", "application/octet-stream"),
    ];
    for (name, expected) in rows {
        assert_eq!(of(name), expected, "{name}");
    }
}

#[test]
fn extension_is_compared_without_case() {
    assert_eq!(of("INDEX.HTML"), of("index.html"));
    assert_eq!(of("APP.MJS"), of("app.mjs"));
    assert_eq!(of("Photo.JpG"), "image/jpeg");
    let types = ContentTypes::new(vec![("LoG".into(), "text/x-log".into())]);
    assert_eq!(types.of(b"a.lOg"), "text/x-log; charset=utf-8");
}

#[test]
fn user_rows_win_and_the_last_one_first() {
    let rows = [
        ("ts", "video/mp2t"),
        ("bin", "text/plain"),
        ("txt", "text/plain; charset=iso-8859-1"),
        ("html", "text/html; Charset=\"koi8-r\""),
        ("x", "a/b"),
        ("x", "application/x-last"),
        ("apple-app-site-association", "application/json"),
        ("feed.xml", "application/atom+xml"),
        ("tar.gz", "application/x-gtar"),
        ("LICENSE", "text/x-license"),
    ];
    let types = ContentTypes::new(rows.map(|(e, t)| (e.into(), t.into())).into());
    let expected = [
        ("a.ts", "video/mp2t"),
        ("a.bin", "text/plain; charset=utf-8"),
        ("a.txt", "text/plain; charset=iso-8859-1"),
        ("a.html", "text/html; Charset=\"koi8-r\""),
        ("a.x", "application/x-last"),
        ("a.css", "text/css; charset=utf-8"),
        ("apple-app-site-association", "application/json; charset=utf-8"),
        ("not-apple-app-site-association", "application/octet-stream"),
        ("feed.xml", "application/atom+xml; charset=utf-8"),
        ("other.xml", "text/xml; charset=utf-8"),
        ("my.feed.xml", "application/atom+xml; charset=utf-8"),
        ("myfeed.xml", "text/xml; charset=utf-8"),
        ("a.tar.gz", "application/x-gtar"),
        ("a.gz", "application/gzip"),
        ("LICENSE", "text/x-license; charset=utf-8"),
        ("license", "text/x-license; charset=utf-8"),
        ("x", "application/x-last"),
    ];
    for (name, value) in expected {
        assert_eq!(types.of(name.as_bytes()), value, "{name}");
    }
}

#[test]
fn broken_overrides_are_refused() {
    let refused = [
        "",
        "md",
        "=text/plain",
        ".=text/plain",
        "..md=text/plain",
        "a/b=text/plain",
        "md=",
        "md=text",
        "md=text/",
        "md=/plain",
        "md=text/plain/x",
        "md= text/plain",
        "md=text /plain",
        "md=text/pl\u{e4}in",
        "md=text/plain\r\nX: y",
        "md=text/plain\n",
        "md=text/plain\0",
        "md=text/plain;",
        "md=text/plain; ",
        "md=text/plain; charset",
        "md=text/plain; charset=",
        "md=text/plain; =utf-8",
        "md=text/plain; charset =utf-8",
        "md=text/plain; charset=utf-8;",
        "md=text/plain; charset=utf-8 x",
        "md=text/plain; a=\"",
        "md=text/plain; a=\"b\\\"",
        "md=text/plain; a=\"b\"c",
        "md=text/plain; a=\"\n\"",
        "md=text/plain; a=\"\\\n\"",
    ];
    for text in refused {
        assert!(parse_override(text).is_err(), "{text:?}");
    }
}

#[test]
fn good_overrides_are_taken_as_they_are() {
    let rows = [
        ("md=text/markdown", "md", "text/markdown"),
        (".md=text/markdown", "md", "text/markdown"),
        ("x=a/b", "x", "a/b"),
        ("tar.gz=a/b", "tar.gz", "a/b"),
        ("apple-app-site-association=a/b", "apple-app-site-association", "a/b"),
        ("\u{e4}=a/b", "\u{e4}", "a/b"),
        ("svg=image/svg+xml;charset=x", "svg", "image/svg+xml;charset=x"),
        ("x=a/b ; c=d ; e=f", "x", "a/b ; c=d ; e=f"),
        ("x=a/b; c=\"d; \\\" e=f\"; g=h", "x", "a/b; c=\"d; \\\" e=f\"; g=h"),
    ];
    for (text, extension, value) in rows {
        let expected = Ok((extension.to_owned(), value.to_owned()));
        assert_eq!(parse_override(text), expected, "{text}");
    }
}
