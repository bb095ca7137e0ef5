//! What follows an answer on its connection: the next one, in order, or the end.

use crate::support::{Fixture, Random, exchange, get, masked, set_modified};
use std::io::Write;
use std::thread;
use std::time::Duration;

/// No time of the server ends what is tested: only the event itself can.
const AN_HOUR: Duration = Duration::from_secs(3600);

fn fixture() -> Fixture {
    let fixture = Fixture::with(|_, server| {
        server.idle_time = AN_HOUR;
        server.head_time = AN_HOUR;
    });
    add(&fixture, "a", "content of a");
    add(&fixture, "b", "of b");
    fixture
}

/// A file dated 2001: one of this second would get its Last-Modified with the next.
fn add(fixture: &Fixture, name: &str, content: &str) {
    fixture.file(name, content);
    set_modified(&fixture.path(name), 1_000_000_000);
}

#[test]
fn connection_persists_where_the_client_wants_it() {
    let fixture = fixture();
    let rows = [
        ("1.1", "Host: a\r\n", true),
        ("1.1", "Host: a\r\nConnection: keep-alive\r\n", true),
        ("1.1", "Host: a\r\nConnection: closed, x\r\n", true),
        ("1.1", "Host: a\r\nConnection: close\r\n", false),
        ("1.1", "Host: a\r\nConnection: x, CLOSE\r\n", false),
        ("1.1", "Host: a\r\nconnection: keep-alive, close\r\n", false),
        ("1.1", "Host: a\r\nConnection: x\r\nConnection: close\r\n", false),
        ("1.0", "", false),
        ("1.0", "Host: a\r\n", false),
        ("1.0", "Connection: close\r\n", false),
        ("1.0", "Connection: keep-alive, close\r\n", false),
        ("1.0", "Connection: Keep-Alive\r\n", true),
        ("1.0", "Connection: x\r\nConnection: keep-alive\r\n", true),
    ];
    for (version, lines, persists) in rows {
        let request = format!("GET /a HTTP/{version}\r\n{lines}\r\n");
        let mut client = fixture.client();
        for _ in 0..if persists { 3 } else { 1 } {
            client.send(&request);
            let reply = client.reply().expect_status(200);
            let told = reply.field("Connection");
            assert_eq!(told == Some("keep-alive"), persists, "{request}");
            assert_eq!(told == Some("close"), !persists, "{request}");
        }
        if !persists {
            client.expect_closed();
        }
    }
}

#[test]
fn idle_time_of_zero_turns_persistence_off() {
    let fixture = Fixture::with(|_, server| server.idle_time = Duration::ZERO);
    for lines in ["", "Connection: keep-alive\r\n"] {
        let mut client = fixture.client();
        client.send(format!("GET /a HTTP/1.1\r\nHost: a\r\n{lines}\r\n"));
        let reply = client.reply().expect_status(404);
        assert_eq!(reply.field("Connection"), Some("close"));
        client.expect_closed();
    }
}

#[test]
fn idle_connection_is_closed_in_silence() {
    let fixture = Fixture::with(|_, server| {
        server.idle_time = Duration::from_millis(100);
        server.head_time = AN_HOUR;
    });
    let mut client = fixture.client();
    client.send(get("/a"));
    let reply = client.reply().expect_status(404);
    assert_eq!(reply.field("Connection"), Some("keep-alive"));
    client.expect_closed();
}

#[test]
fn time_of_a_head_begins_with_its_first_byte() {
    let fixture = Fixture::with(|_, server| {
        server.idle_time = AN_HOUR;
        server.head_time = Duration::from_secs(1);
    });
    // Alone, and together with the request before it.
    for pieces in [&[get("/a"), "GET".to_owned()][..], &[get("/a") + "GET"]] {
        let mut client = fixture.client();
        let [first, rest @ ..] = pieces else { continue };
        client.send(first);
        client.reply().expect_status(404);
        rest.iter().for_each(|piece| client.send(piece));
        client.reply().expect_status(408);
        client.expect_closed();
    }
}

#[test]
fn head_that_has_begun_does_not_rest() {
    let fixture = Fixture::with(|_, server| {
        server.idle_time = Duration::from_millis(100);
        server.head_time = AN_HOUR;
    });
    let mut client = fixture.client();
    client.send(get("/a") + "GET /b HTTP/1.0\r\n");
    client.reply().expect_status(404);
    // Those that rest are closed meanwhile.
    for _ in 0..3 {
        let mut resting = fixture.client();
        resting.send(get("/a"));
        resting.reply().expect_status(404);
        resting.expect_closed();
    }
    client.send("\r\n");
    client.reply().expect_status(404);
}

/// Requests of several kinds, each with its answer as it is when it comes alone.
fn requests_with_answers(fixture: &Fixture) -> Vec<(String, String)> {
    add(fixture, "large", &"0123456789".repeat(40_000));
    let of = |line: &str, lines: &str| format!("{line} HTTP/1.1\r\nHost: a\r\n{lines}\r\n");
    let requests = [
        of("GET /a", ""),
        of("HEAD /a", ""),
        of("GET /b", "Range: bytes=1-2\r\n"),
        of("GET /b", "If-None-Match: *\r\n"),
        of("GET /missing", ""),
        of("POST /a", ""),
        of("OPTIONS *", ""),
        of("GET /large", ""),
        "\r\nGET /a HTTP/1.0\nConnection: keep-alive\n\n".to_owned(),
    ];
    requests
        .into_iter()
        .map(|request| {
            let mut client = fixture.client();
            client.send(&request);
            client.end_sending();
            (request, masked(client.rest()))
        })
        .collect()
}

#[test]
fn each_answer_says_the_version_of_its_request() {
    let fixture = fixture();
    let rows = [
        ("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "HTTP/1.0 200 OK\r\n"),
        ("GET /a HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\n"),
        ("GET /missing HTTP/1.7\r\nHost: a\r\n\r\n", "HTTP/1.1 404 Not Found\r\n"),
        ("OPTIONS * HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "HTTP/1.0 204 No Content\r\n"),
        (
            "HEAD /a HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n\r\n",
            "HTTP/1.1 304 Not Modified\r\n",
        ),
        ("get /a HTTP/1.1\r\n\r\n", "HTTP/1.1 501 Not Implemented\r\n"),
    ];
    let mut client = fixture.client();
    for (request, line) in rows {
        client.send(request);
        let reply = client.reply();
        assert!(reply.head.starts_with(line), "{request:?}: {}", reply.head);
    }
    let refused = [
        ("get /a HTTP/1.0\r\n\r\n", "HTTP/1.0 501 Not Implemented\r\n"),
        ("GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n"),
        ("GET /\r\n", "HTTP/1.0 400 Bad Request\r\n"),
    ];
    for (request, line) in refused {
        let answer = exchange(fixture.address(), [request.as_bytes()]);
        assert!(answer.starts_with(line.as_bytes()), "{request:?}: {}", answer.escape_ascii());
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let fixture = fixture();
    let table = requests_with_answers(&fixture);
    let mut random = Random::new();
    for pieces in [1, 2, 50, 1000] {
        let chosen: Vec<_> = (0..300).map(|_| &table[random.below(table.len())]).collect();
        let mut bytes: String = chosen.iter().map(|(request, _)| request.as_str()).collect();
        let mut expected: String = chosen.iter().map(|(_, answer)| answer.as_str()).collect();
        bytes.push_str("GET /a HTTP/1.0\r\n\r\n");
        let last = table[0].1.replace("keep-alive", "close").replace("HTTP/1.1", "HTTP/1.0");
        expected.push_str(&last);
        let mut cuts: Vec<_> = (1..pieces).map(|_| random.below(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort();
        let pieces: Vec<_> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
        let answers = masked(answers_to(&fixture, &pieces));
        assert!(
            answers == expected,
            "{} pieces: {} bytes, not {}",
            pieces.len(),
            answers.len(),
            expected.len()
        );
    }
}

/// As [`exchange`], while it is still sending: for so many answers that they would fill the
/// sockets.
fn answers_to(fixture: &Fixture, pieces: &[&str]) -> Vec<u8> {
    let client = fixture.client();
    let mut writing = client.stream.get_ref().try_clone().expect("a socket");
    writing.set_nodelay(true).expect("an option");
    thread::scope(|scope| {
        scope.spawn(move || {
            for piece in pieces {
                writing.write_all(piece.as_bytes()).expect("bytes are taken");
            }
        });
        client.rest()
    })
}

#[test]
fn request_that_comes_with_the_end_of_the_former_is_answered() {
    let fixture = fixture();
    let mut client = fixture.client();
    let (a, b) = (get("/a"), get("/b"));
    // Each piece ends inside a request, the last of them but for the final line end.
    for end in [1, 2, 20, a.len() - 1] {
        client.send(&a[..end]);
        client.send([&a[end..], &b, &a[..end]].concat());
        assert_eq!(client.reply().body, b"content of a");
        assert_eq!(client.reply().body, b"of b");
        client.send(&a[end..]);
        assert_eq!(client.reply().body, b"content of a");
    }
}

#[test]
fn body_that_nobody_wants_is_never_read_as_a_request() {
    let fixture = fixture();
    let inner = get("/b");
    let length = inner.len();
    for (method, status) in [("GET", 200), ("HEAD", 200), ("OPTIONS", 204), ("POST", 405)] {
        let head = format!(
            "{method} /a HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\nContent-Length: {length}\r\n\r\n"
        );
        let whole = format!("{head}{inner}{inner}");
        let cut = head.len();
        for pieces in [vec![&whole[..]], vec![&whole[..cut], &whole[cut..]]] {
            let answer = exchange(fixture.address(), pieces.iter().map(|piece| piece.as_bytes()));
            let answer = String::from_utf8(answer).expect("UTF-8");
            assert_eq!(answer[9..12], status.to_string(), "{answer}");
            assert_eq!(answer.matches("Server: tinyhttpd").count(), 1, "{answer}");
            assert!(answer.contains("\r\nConnection: close\r\n"), "{answer}");
        }
    }
}

#[test]
fn client_that_has_ended_its_side_gets_all_its_answers() {
    let fixture = fixture();
    let large = "x".repeat(8 << 20);
    add(&fixture, "large", &large);
    let mut client = fixture.client();
    let requests = [get("/a"), get("/large"), get("/b"), get("/large")].concat();
    client.send(requests.repeat(3));
    client.end_sending();
    for _ in 0..3 {
        assert_eq!(client.reply().body, b"content of a");
        assert!(client.reply().body == large.as_bytes());
        assert_eq!(client.reply().body, b"of b");
        assert!(client.reply().body == large.as_bytes());
    }
    client.expect_closed();
}

#[test]
fn client_that_ends_inside_a_head_gets_the_answers_before_it() {
    let fixture = fixture();
    let mut client = fixture.client();
    client.send(get("/a") + "GET /b");
    client.end_sending();
    client.reply().expect_status(200);
    client.expect_closed();
}

#[test]
fn idle_connections_keep_nobody_waiting() {
    let fixture = fixture();
    // Four times the workers, before their first request, and as many after one.
    let fresh: Vec<_> = (0..16).map(|_| fixture.client()).collect();
    let mut used: Vec<_> = (0..16).map(|_| fixture.client()).collect();
    for _ in 0..2 {
        for client in &mut used {
            client.send(get("/a"));
            client.reply().expect_status(200);
        }
    }
    for mut client in fresh {
        client.send(get("/b"));
        client.reply().expect_status(200);
    }
}
