//! `deploy/nginx.conf`.

use crate::proxy::{Desk, Listens, Recipe};
use crate::{expect, instance::Dying};
use rustix::process::Signal;

const ARGUMENTS: [&str; 4] = ["-c", "DESK/nginx.conf", "-e", "stderr"];

const NGINX: Recipe = Recipe {
    program: "nginx",
    file: "nginx.conf",
    check: &["-t", ARGUMENTS[0], ARGUMENTS[1], ARGUMENTS[2], ARGUMENTS[3]],
    run: &["-g", "daemon off;", ARGUMENTS[0], ARGUMENTS[1], ARGUMENTS[2], ARGUMENTS[3]],
    replaced: &[
        ("listen 80;", "listen ADDRESS:HTTP;"),
        ("listen 443 ", "listen ADDRESS:HTTPS "),
        ("/run/nginx.pid", "DESK/nginx.pid"),
        // Where it keeps bodies for a while is fixed when it is built.
        (
            "http {\n",
            "http {
                client_body_temp_path DESK/client; proxy_temp_path DESK/proxy;
                fastcgi_temp_path DESK/fastcgi; uwsgi_temp_path DESK/uwsgi;
                scgi_temp_path DESK/scgi;\n",
        ),
    ],
    listens: Listens::Https,
};

#[test]
fn nginx_finds_no_fault() {
    let Some(desk) = Desk::new(&[Dying::start().address; 2]) else { return };
    desk.check(&NGINX);
}

#[test]
fn nginx_redirects_to_https() {
    expect::http_is_redirected(&NGINX);
}

#[test]
fn nginx_keeps_its_connections_and_names_the_client() {
    expect::http2_by_kept_connections_and_the_clients_address(&[&NGINX]);
}

#[test]
fn nginx_loses_no_get_of_an_instance_that_stops() {
    expect::end_loses_no_get(&[&NGINX], Signal::TERM);
}

#[test]
fn nginx_loses_no_get_of_a_killed_instance() {
    expect::end_loses_no_get(&[&NGINX], Signal::KILL);
}

#[test]
fn nginx_tries_again_what_is_safe() {
    expect::get_is_tried_again_and_put_is_not(&[&NGINX]);
}

#[test]
fn nginx_tries_again_what_got_503() {
    expect::get_with_503_is_tried_again(&[&NGINX]);
}

#[test]
fn nginx_does_not_try_a_put_again_that_found_nobody() {
    let Some(mut statuses) = expect::statuses_of_puts_beside_nobody(&NGINX) else { return };
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 201, 502, 502]);
}
