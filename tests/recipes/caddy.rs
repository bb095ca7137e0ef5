//! `deploy/Caddyfile`.

use crate::proxy::{Desk, Listens, Recipe};
use crate::{expect, instance::Dying};
use rustix::process::Signal;

const CADDY: Recipe = Recipe {
    program: "caddy",
    file: "Caddyfile",
    check: &["validate", "--config", "DESK/Caddyfile", "--adapter", "caddyfile"],
    run: &["run", "--config", "DESK/Caddyfile", "--adapter", "caddyfile"],
    replaced: &[
        ("http_port 80\n", "http_port HTTP\n"),
        ("https_port 443\n", "https_port HTTPS\n"),
        ("\ttls ", "\tbind ADDRESS\n\ttls "),
        ("unix//run/", "unix/DESK/"),
    ],
    listens: Listens::Https,
};

#[test]
fn caddy_finds_no_fault() {
    let Some(desk) = Desk::new(&[Dying::start().address; 2]) else { return };
    desk.check(&CADDY);
}

#[test]
fn caddy_keeps_its_connections_and_names_the_client() {
    expect::http2_by_kept_connections_and_the_clients_address(&[&CADDY]);
}

#[test]
fn caddy_leaves_a_draining_instance() {
    expect::drain_loses_no_request(&[&CADDY]);
}

#[test]
fn caddy_loses_no_get_of_a_killed_instance() {
    expect::end_loses_no_get(&[&CADDY], Signal::KILL);
}

#[test]
fn caddy_tries_again_what_is_safe() {
    expect::get_is_tried_again_and_put_is_not(&[&CADDY]);
}

#[test]
fn caddy_tries_a_put_again_that_found_nobody() {
    let Some(statuses) = expect::statuses_of_puts_beside_nobody(&CADDY) else { return };
    assert_eq!(statuses, [201; 4]);
}
