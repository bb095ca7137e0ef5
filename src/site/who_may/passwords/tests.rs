use super::*;
use crate::http::field::Fields;

const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

/// Of `sesame`, by `htpasswd -nbBC 4`.
const HASH: &str = "$2y$04$/CqidsIt44bxEQeGcab9Gubt5uzOXAcDlkjYdE4WHBjJ1k5abNE8.";

fn credentials(user: &str, password: &str) -> Credentials {
    use base64::Engine;
    let token = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    let line = format!("Authorization: Basic {token}\r\n\r\n");
    Credentials::of(&Fields::parse(line.as_bytes()).expect("a field line")).expect("credentials")
}

fn passwords(text: &str) -> Passwords {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), text).expect("a file");
    Passwords::read(file.path()).expect("passwords")
}

#[test]
fn line_that_is_no_user_and_hash_is_named_and_not_shown() {
    let rows = [
        "user".to_owned(),
        "user:".to_owned(),
        ":secret".to_owned(),
        format!(":{HASH}"),
        "user:secret".to_owned(),
        // Other kinds of hashes that htpasswd writes.
        "user:$apr1$9Cv/OMGj$secret".to_owned(),
        "user:{SHA}secret".to_owned(),
        format!("user:{}", HASH.replace("$2y$", "$2x$")),
        format!("user:{}", HASH.replace("$04$", "$03$")),
        format!("user:{}", HASH.replace("$04$", "$18$")),
        format!("user:{}", HASH.replace("$04$", "$+4$")),
        format!("user:{HASH}."),
        format!("user:{}", &HASH[..59]),
        format!("user: {HASH}"),
        format!("user\u{7}:{HASH}"),
        format!("user:{HASH}:comment"),
    ];
    for row in rows {
        let said = parse(format!("# users\n\n{row}\n").as_bytes()).expect_err(&row);
        assert!(said.starts_with("line 3 is no user:hash"), "{said}");
        assert!(!said.contains("secret"), "{said}");
    }
    let twice = format!("a:{HASH}\r\nb:{HASH}\na:{HASH}");
    assert_eq!(
        parse(twice.as_bytes()).expect_err("twice"),
        "line 3 has a user that is there already"
    );
}

#[test]
fn comments_empty_lines_and_all_three_prefixes_are_read() {
    let hash = |prefix| HASH.replace("$2y$", prefix);
    let (a, b) = (hash("$2a$"), hash("$2b$"));
    let text = format!("# users\n\nuser y:{HASH}\r\n  \n\u{e4}:{b}\n@a#:{a}");
    let hashes = parse(text.as_bytes()).expect("lines");
    assert_eq!(hashes.len(), 3);
    let passwords = passwords(&text);
    for user in ["user y", "\u{e4}", "@a#"] {
        let asked = Some(credentials(user, "sesame"));
        assert_eq!(passwords.judge(asked.as_ref(), true, NOW), Verdict::Right, "{user}");
    }
}

#[test]
fn password_is_right_wrong_or_takes_a_hash() {
    let passwords = passwords(&format!("user:{HASH}"));
    let judge = |user, password, may_hash| {
        passwords.judge(Some(&credentials(user, password)), may_hash, NOW)
    };
    for (user, password) in [("user", "Sesame"), ("user", ""), ("other", "sesame"), ("", "sesame")]
    {
        assert_eq!(judge(user, password, false), Verdict::Unknown);
        assert_eq!(judge(user, password, true), Verdict::Wrong, "{user} {password}");
        assert_eq!(judge(user, password, false), Verdict::Unknown, "a wrong one is not kept");
    }
    assert_eq!(passwords.judge(None, true, NOW), Verdict::Wrong);
    assert_eq!(judge("user", "sesame", false), Verdict::Unknown);
    assert_eq!(judge("user", "sesame", true), Verdict::Right);
    assert_eq!(judge("user", "sesame", false), Verdict::Right);
}

#[test]
fn user_that_is_not_there_costs_as_much_as_the_dearest() {
    for (costs, expected) in [(&["04", "06", "05"][..], 6), (&[], 4)] {
        let hashes: Vec<_> =
            costs.iter().map(|cost| HASH.replace("$04$", &format!("${cost}$"))).collect();
        let nobody = hash_of_nobody(hashes.iter());
        assert_eq!(cost(&nobody), Some(expected));
        assert_eq!(bcrypt::verify("sesame", &nobody).ok(), Some(false));
    }
}

#[test]
fn file_is_known_by_what_it_is_and_by_its_place() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("passwords");
    let facts =
        |path: &Path| openat::status_of(File::open(path).expect("a file")).expect("a status").facts;
    std::fs::write(&path, "").expect("a file");
    let passwords = Passwords::read(&path).expect("no passwords");
    let former = directory.path().join("former");
    std::fs::rename(&path, &former).expect("a name");
    assert!(passwords.are_in(&facts(&former)));
    std::fs::write(&path, "").expect("a file");
    assert!(passwords.are_in(&facts(&path)));
    let other = directory.path().join("other");
    std::fs::write(&other, "").expect("a file");
    assert!(!passwords.are_in(&facts(&other)));
    let missing = Passwords::read(&directory.path().join("missing"));
    let said = missing.err().expect("no file").to_string();
    assert!(said.contains("missing: "), "{said}");
}
