//! Tables of Range values, and random ones.

use super::*;
use proptest::prelude::*;

// RFC 9110 §14.1.1, §14.2.
#[test]
fn bad_syntax_is_the_whole_representation() {
    for value in [
        "",
        "bytes",
        "bytes=",
        "bytes=,",
        "bytes= , ,",
        "bytes=-",
        "bytes=--",
        "bytes=--5",
        "bytes=5",
        "bytes=20-10",
        "bytes=500-499",
        "bytes=+0-4",
        "bytes=0-+4",
        "bytes=-+5",
        "bytes=-5-",
        "bytes=0--4",
        "bytes=0-4-6",
        "bytes=0 -4",
        "bytes=0- 4",
        "bytes=0 - 4",
        "bytes=- 5",
        "bytes=0x0-4",
        "bytes=a-b",
        "bytes=0-b",
        "bytes=0-4;5",
        "bytes=0-4 5",
        "bytes=*",
        "bytes==0-4",
        "bytes:0-4",
        "bytes 0-4",
        "bytes =0-4",
        " bytes=0-4",
        "\"bytes=0-4\"",
        "bytes=0-\u{664}",
    ] {
        assert_eq!(resolve(value.as_bytes(), 1000), Ranged::Whole, "{value:?}");
    }
}

// RFC 9110 §14.2: "A server MAY ignore the Range header field".
#[test]
fn another_unit_or_several_ranges_are_the_whole_representation() {
    for value in [
        "=0-4",
        "byte=0-4",
        "bytess=0-4",
        "lines=0-4",
        "none=0-4",
        "bytes=0-4,10-14",
        "bytes=0-4, -5",
        "bytes=0-0,-1",
        "bytes=0-4,x",
        "bytes=x,0-4",
        "bytes=5000-,6000-",
    ] {
        assert_eq!(resolve(value.as_bytes(), 1000), Ranged::Whole, "{value:?}");
    }
}

#[test]
fn every_range_of_an_empty_representation_is_the_whole_of_it() {
    for value in ["bytes=0-", "bytes=0-0", "bytes=-1", "bytes=-0", "bytes=5-"] {
        assert_eq!(resolve(value.as_bytes(), 0), Ranged::Whole, "{value}");
    }
}

// RFC 9110 §14.1.2.
#[test]
fn a_range_past_the_end_is_unsatisfiable() {
    for value in [
        "bytes=1000-",
        "bytes=1000-1000",
        "bytes=1000-2000",
        "bytes=18446744073709551615-",
        "bytes=18446744073709551616-",
        "bytes=99999999999999999999999999-99999999999999999999999999",
        "bytes=-0",
        "bytes=-000",
    ] {
        let ranged = resolve(value.as_bytes(), 1000);
        assert_eq!(ranged, Ranged::Unsatisfiable, "{value}");
    }
}

// RFC 9110 §14.1.1, §14.1.2.
#[test]
fn one_range_is_that_part() {
    for (value, complete_length, expected) in [
        ("bytes=0-499", 10_000, 0..500),
        ("bytes=500-999", 10_000, 500..1000),
        ("bytes=-500", 10_000, 9500..10_000),
        ("bytes=9500-", 10_000, 9500..10_000),
        ("bytes=0-0", 10_000, 0..1),
        ("bytes=-1", 10_000, 9999..10_000),
        ("bytes=0-", 10_000, 0..10_000),
        ("bytes=9999-9999", 10_000, 9999..10_000),
        ("bytes=9999-", 10_000, 9999..10_000),
        ("bytes=9990-10000", 10_000, 9990..10_000),
        ("bytes=0-18446744073709551615", 10_000, 0..10_000),
        ("bytes=7-99999999999999999999999", 10_000, 7..10_000),
        ("bytes=-10000", 10_000, 0..10_000),
        ("bytes=-10001", 10_000, 0..10_000),
        ("bytes=-99999999999999999999999", 10_000, 0..10_000),
        ("bytes=0-0", 1, 0..1),
        ("bytes=000-0004", 10_000, 0..5),
        ("BYTES=0-4", 10_000, 0..5),
        ("bytes= 0-4", 10_000, 0..5),
        ("bytes=\t0-4 ", 10_000, 0..5),
        ("bytes=0-4,", 10_000, 0..5),
        ("bytes=, ,0-4 , ,", 10_000, 0..5),
        ("bytes=0-18446744073709551615", u64::MAX, 0..18_446_744_073_709_551_615),
    ] {
        let ranged = resolve(value.as_bytes(), complete_length);
        assert_eq!(ranged, Ranged::Part(expected), "{value}");
    }
}

#[test]
fn thousands_of_ranges_are_the_whole_representation() {
    let several = format!("bytes={}", "0-,".repeat(10_000));
    assert_eq!(resolve(several.as_bytes(), 1000), Ranged::Whole);
    let empty = format!("bytes={}", ",".repeat(30_000));
    assert_eq!(resolve(empty.as_bytes(), 1000), Ranged::Whole);
}

// RFC 9110 §14.4.
#[test]
fn content_range_has_inclusive_positions() {
    assert_eq!(content_range(&(0..500), 1234), "bytes 0-499/1234");
    assert_eq!(content_range(&(0..1), 1), "bytes 0-0/1");
    assert_eq!(
        content_range(&(42..u64::MAX), u64::MAX),
        "bytes 42-18446744073709551614/18446744073709551615"
    );
    assert_eq!(unsatisfied_range(1234), "bytes */1234");
}

proptest! {
    #[test]
    fn a_part_lies_within_the_representation(
        value in "bytes=[0-9]{0,21}-[0-9]{0,21}|bytes=[-0-9, ]{0,12}|\\PC{0,20}",
        complete_length in 0..=u64::MAX,
    ) {
        if let Ranged::Part(interval) = resolve(value.as_bytes(), complete_length) {
            prop_assert!(interval.start < interval.end);
            prop_assert!(interval.end <= complete_length);
        }
    }
}
