//! Field values over any bytes: dates, ranges, entity-tags, Accept, Accept-Encoding and
//! X-Forwarded-For.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::net::IpAddr;
use tinyhttpd::http::date::{self, Timestamp};
use tinyhttpd::http::field::Fields;
use tinyhttpd::http::forwarded::{TrustedProxies, TrustedProxy};
use tinyhttpd::http::method::Method;
use tinyhttpd::http::negotiation::{accepted_codings, media_type_weight};
use tinyhttpd::http::precondition::{self, Preconditions};
use tinyhttpd::http::range::{self, Ranged};
use tinyhttpd::http::validator::Validators;

const NOW: Timestamp = Timestamp::from_seconds(1_795_388_527);

/// What reads a value as a precondition or a preference.
const NAMES: [&str; 7] = [
    "If-Match",
    "If-None-Match",
    "If-Modified-Since",
    "If-Unmodified-Since",
    "If-Range",
    "Accept",
    "Accept-Encoding",
];

/// What was written as a date is read as that date.
fn check_date(value: &[u8]) {
    let Some(time) = date::parse(value, NOW) else { return };
    let date = time.http_date().expect("what was read can be written");
    assert_eq!(date::parse(date.as_str().as_bytes(), NOW), Some(time));
}

fn check_range(value: &[u8], complete_length: u64) {
    if let Ranged::Part(part) = range::resolve(value, complete_length) {
        assert!(part.start < part.end && part.end <= complete_length, "{part:?}");
    }
}

/// An entity-tag is equal to itself, and to nothing that is longer.
fn check_entity_tag(value: &[u8]) {
    let validators = Validators::of_content(value);
    let tag = validators.entity_tag.expect("content has an entity-tag");
    assert!(tag.equals_strongly(tag.as_str().as_bytes()));
    assert!(tag.equals_weakly(tag.as_str().as_bytes()));
    if tag.equals_strongly(value) {
        assert_eq!(value, tag.as_str().as_bytes());
    }
}

fn check_fields(name: &str, value: &[u8]) {
    let lines = [name.as_bytes(), b": ", value, b"\r\n"].concat();
    let Ok(fields) = Fields::parse(&lines) else { return };
    let validators = Validators::of_content(b"content");
    for method in [Method::Get, Method::Head, Method::Put] {
        for current in [None, Some(&validators)] {
            let preconditions = Preconditions::of(&fields);
            let verdict = preconditions.evaluate(method, current, NOW);
            assert_eq!(preconditions.into_owned().evaluate(method, current, NOW), verdict);
        }
    }
    precondition::range_applies(&fields, &validators, NOW);
    assert!(media_type_weight(&fields, "text/html") <= 1000);
    assert!(accepted_codings(&fields).count() <= 16);
    fields.list(name).for_each(drop);
}

/// Whoever is named as the client is one address, and no trusted proxy; nobody is where the proxy
/// that sends the field is not trusted.
fn check_forwarded(value: &[u8]) {
    let lines = [b"X-Forwarded-For: ", value].concat();
    let Ok(fields) = Fields::parse(&lines) else { return };
    let network = TrustedProxy::parse("10.0.0.0/8").expect("a network");
    let proxies: TrustedProxies = [network].into_iter().collect();
    let client = proxies.client(&fields, Some(IpAddr::from([10, 0, 0, 1])));
    if let Some(client) = client {
        assert_eq!(client, client.to_canonical());
        assert!(proxies.client(&fields, Some(client)).is_none(), "{client}");
    }
    assert_eq!(proxies.client(&fields, None), None);
}

// The first byte names the field and the length.
fuzz_target!(|data: &[u8]| {
    let Some((&first, value)) = data.split_first() else { return };
    check_date(value);
    let lengths = [0, 1, 2, 1000, u64::MAX];
    check_range(value, lengths[usize::from(first) % lengths.len()]);
    check_entity_tag(value);
    check_forwarded(value);
    check_fields(NAMES[usize::from(first) % NAMES.len()], value);
});
