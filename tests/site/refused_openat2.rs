//! All of these tests once more, where `openat2` is refused.

use crate::support::linux;
use crate::support::refused::{REFUSALS, expect_tests_to_pass};

#[test]
fn site_answers_the_same_where_openat2_is_refused() {
    if !linux::has("openat2") {
        return;
    }
    // The refusals differ in the choice of the way alone, which has a test of its own.
    expect_tests_to_pass(REFUSALS[0], &[], &["openat2"]);
}
