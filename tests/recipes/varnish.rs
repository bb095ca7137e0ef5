//! `deploy/varnish.vcl` behind `deploy/hitch.conf`.

use crate::instance::Instance;
use crate::proxy::{Desk, Listens, Recipe};
use crate::{expect, instance::Dying, plain, site, wait_until};
use rustix::process::Signal;
use std::fs;
use std::time::{Duration, Instant};

/// In the foreground, as the user who runs the test.
const VARNISH: Recipe = Recipe {
    program: "varnishd",
    file: "varnish.vcl",
    check: &["-C", "-f", "DESK/varnish.vcl", "-n", "DESK/varnish"],
    run: &[
        "-F",
        "-j",
        "none",
        "-n",
        "DESK/varnish",
        "-f",
        "DESK/varnish.vcl",
        "-s",
        "malloc,16m",
        "-p",
        "feature=+http2",
        "-p",
        "backend_idle_timeout=10",
        "-a",
        "DESK/clients.sock,PROXY,mode=666",
    ],
    replaced: &[],
    listens: Listens::Socket("clients.sock"),
};

const HITCH: Recipe = Recipe {
    program: "hitch",
    file: "hitch.conf",
    check: &["--test", "--config=DESK/hitch.conf"],
    run: &["--config=DESK/hitch.conf"],
    replaced: &[
        ("\"[*]:443\"", "\"[ADDRESS]:HTTPS\""),
        ("/run/varnish-clients.sock", "DESK/clients.sock"),
    ],
    listens: Listens::Https,
};

const BOTH: [&Recipe; 2] = [&VARNISH, &HITCH];

#[test]
fn varnish_and_hitch_find_no_fault() {
    let Some(desk) = Desk::new(&[Dying::start().address; 2]) else { return };
    desk.check(&VARNISH);
    // hitch wants to see the socket.
    let Some(_varnish) = desk.start(&VARNISH) else { return };
    desk.check(&HITCH);
}

#[test]
fn varnish_keeps_its_connections_and_names_the_client() {
    expect::http2_by_kept_connections_and_the_clients_address(&BOTH);
}

#[test]
fn varnish_leaves_a_draining_instance() {
    expect::drain_loses_no_request(&BOTH);
}

#[test]
fn varnish_loses_no_get_of_a_killed_instance() {
    expect::end_loses_no_get(&BOTH, Signal::KILL);
}

#[test]
fn varnish_tries_again_what_is_safe() {
    expect::get_is_tried_again_and_put_is_not(&BOTH);
}

#[test]
fn varnish_tries_again_what_got_503() {
    expect::get_with_503_is_tried_again(&BOTH);
}

const PAGE: &str = "https://example.org/page.html";

#[test]
fn varnish_asks_again_by_the_entity_tag_and_sees_an_edited_file() {
    let instances = [(); 2].map(|()| Instance::start(site(), &[]));
    let Some(desk) = expect::desk(&instances) else { return };
    let Some((_proxies, curl)) = expect::start(&desk, &BOTH) else { return };
    let requests = || instances.each_ref().map(Instance::requests).concat();
    let answers = |status| requests().iter().filter(|request| request.status == status).count();

    let head = curl.ask(&["--head"], PAGE).to_lowercase();
    assert!(head.contains("cache-control: no-cache"), "{head}");
    wait_until("an instance answers 304", || {
        assert!(curl.ask(&[], PAGE).contains("A page"));
        answers(304) > 0
    });
    // One body, whatever clients ask.
    assert_eq!(answers(200), 1);
    assert!(requests().iter().all(|request| request.status == 200 || request.body_bytes == 0));

    for instance in &instances {
        fs::write(instance.root().join("page.html"), "An edited page").expect("a file");
    }
    // The recipe's second. The first request after it has to see the edited page.
    let edited = Instant::now();
    wait_until("a second is over", || edited.elapsed() > Duration::from_secs(1));
    assert_eq!(curl.ask(&[], PAGE), "An edited page");
    wait_until("it was sent by an instance", || answers(200) == 2);
    // A client's own tag is compared by Varnish.
    let tag = desk.path("tag");
    let tag = plain(&tag);
    curl.ask(&["--etag-save", tag], PAGE);
    let again = ["--etag-compare", tag, "--write-out", "%{http_code}"];
    assert_eq!(curl.ask(&again, PAGE), "304");
    assert_eq!(answers(200), 2);
}

#[test]
fn varnish_serves_what_it_has_while_all_instances_are_gone() {
    let mut instances = [(); 2].map(|()| Instance::start(site(), &[]));
    let Some(desk) = expect::desk(&instances) else { return };
    let Some((_proxies, curl)) = expect::start(&desk, &BOTH) else { return };
    assert!(curl.ask(&[], PAGE).contains("A page"));
    instances.iter_mut().for_each(Instance::kill);
    let is_stale = || {
        let head = curl.ask(&["--include"], PAGE).to_lowercase();
        let age = head.lines().find_map(|line| line.strip_prefix("age: ")?.trim().parse().ok());
        head.contains("a page") && age.is_some_and(|age: u32| age > 1)
    };
    wait_until("the page is sent when it is stale", is_stale);
}

#[test]
fn varnish_asks_for_a_part_of_a_long_file_as_a_part() {
    let instances = [(); 2].map(|()| Instance::start(site(), &[]));
    for instance in &instances {
        let long = fs::File::create(instance.root().join("long.bin")).expect("a file");
        long.set_len(20_000_000).expect("a length");
    }
    let Some(desk) = expect::desk(&instances) else { return };
    let Some((_proxies, curl)) = expect::start(&desk, &BOTH) else { return };
    let range = ["--range", "1-2", "--output", "/dev/null", "--write-out", "%{http_code}"];
    for _ in 0..2 {
        assert_eq!(curl.ask(&range, "https://example.org/long.bin"), "206");
    }
    let requests = || instances.each_ref().map(Instance::requests).concat();
    // The first tells Varnish that the file is long.
    wait_until("both are in a log", || requests().len() == 2);
    let requests = requests();
    let part = requests.iter().find(|request| request.status == 206);
    assert_eq!(part.map(|request| request.body_bytes), Some(2), "{requests:?}");
}
