//! `deploy/haproxy.cfg`.

use crate::proxy::{Desk, Listens, Recipe};
use crate::{expect, instance::Dying};
use rustix::process::Signal;

pub const HAPROXY: Recipe = Recipe {
    program: "haproxy",
    file: "haproxy.cfg",
    check: &["-c", "-f", "DESK/haproxy.cfg"],
    run: &["-db", "-f", "DESK/haproxy.cfg"],
    replaced: &[
        ("bind :80\n", "bind ADDRESS:HTTP\n"),
        ("bind :443", "bind ADDRESS:HTTPS"),
        ("/run/haproxy.sock", "DESK/haproxy.sock"),
    ],
    listens: Listens::Https,
};

#[test]
fn haproxy_finds_no_fault() {
    let Some(desk) = Desk::new(&[Dying::start().address; 2]) else { return };
    desk.check(&HAPROXY);
}

#[test]
fn haproxy_redirects_to_https() {
    expect::http_is_redirected(&HAPROXY);
}

#[test]
fn haproxy_keeps_its_connections_and_names_the_client() {
    expect::http2_by_kept_connections_and_the_clients_address(&[&HAPROXY]);
}

#[test]
fn haproxy_leaves_a_draining_instance() {
    expect::drain_loses_no_request(&[&HAPROXY]);
}

#[test]
fn haproxy_loses_no_get_of_a_killed_instance() {
    expect::end_loses_no_get(&[&HAPROXY], Signal::KILL);
}

#[test]
fn haproxy_tries_again_what_is_safe() {
    expect::get_is_tried_again_and_put_is_not(&[&HAPROXY]);
}

#[test]
fn haproxy_tries_again_what_got_503() {
    expect::get_with_503_is_tried_again(&[&HAPROXY]);
}

#[test]
fn haproxy_tries_a_put_again_that_found_nobody() {
    let Some(statuses) = expect::statuses_of_puts_beside_nobody(&HAPROXY) else { return };
    assert_eq!(statuses, [201; 4]);
}
