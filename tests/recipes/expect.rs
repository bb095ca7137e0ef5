//! What each recipe promises.

use crate::curl::{CLIENT, Curl};
use crate::instance::{Dying, Instance, free_port, fresh_address};
use crate::proxy::{Desk, Proxy, Recipe};
use crate::{site, wait_until};
use rustix::process::Signal;
use std::net::SocketAddr;
use std::thread;

/// Requests through a proxy, four at a time over one connection.
const REQUESTS: usize = 1000;

/// Further ones over a connection each.
const SINGLE_REQUESTS: usize = 30;

/// Connections that a proxy may open for them.
const HANDFUL: usize = 12;

/// Starts the recipes' programs, in this order. `None` where one is missing.
pub fn start(desk: &Desk, recipes: &[&Recipe]) -> Option<(Vec<Proxy>, Curl)> {
    let proxies: Option<Vec<_>> = recipes.iter().map(|recipe| desk.start(recipe)).collect();
    Some((proxies?, Curl::of(desk)?))
}

/// A desk for proxies of these instances.
pub fn desk(instances: &[Instance]) -> Option<Desk> {
    Desk::new(&instances.iter().map(|instance| instance.address).collect::<Vec<_>>())
}

/// A GET of each client over HTTP/2 comes to an instance with the client's address, over a handful
/// of connections.
pub fn http2_by_kept_connections_and_the_clients_address(recipes: &[&Recipe]) {
    let instances = [(); 2].map(|()| Instance::start(site(), &[]));
    let Some(desk) = desk(&instances) else { return };
    let Some((proxies, curl)) = start(&desk, recipes) else { return };
    // The client's own word for who it is counts for nothing.
    let forged = ["--header", "X-Forwarded-For: 192.0.2.1"];
    let statuses = curl.statuses(&forged, &format!("/page.html?[1-{REQUESTS}]"));
    assert_eq!(statuses, [200; REQUESTS]);
    for number in 1..=SINGLE_REQUESTS {
        assert_eq!(curl.once(&forged, &format!("/page.html?single{number}")), 200);
    }
    drop(proxies);
    wait_until("each is in a log", || count(&instances) == REQUESTS + SINGLE_REQUESTS);
    let requests = instances.each_ref().map(Instance::requests);
    assert!(requests.iter().all(|some| some.len() > REQUESTS / 10), "both have their part");
    let other = requests.iter().flatten().find(|request| request.client != CLIENT);
    assert!(other.is_none(), "{other:?}");
    let requests = requests.map(|some| some.len());
    for (instance, requests) in instances.into_iter().zip(requests) {
        let log = instance.stop();
        let sent = log.0.iter().filter(|line| line.contains(" send(")).count();
        // Each answer is one `send`; a health check may come by a connection of its own.
        let checks = sent - requests;
        let connections = log.connections();
        assert!(connections <= HANDFUL + checks, "{connections}, and {checks} checks");
    }
}

/// The requests that two instances have answered and logged.
fn count(instances: &[Instance; 2]) -> usize {
    instances.iter().map(|instance| instance.requests().len()).sum()
}

/// The requests that `ask_for_a_page` sends at a time.
const BATCH: usize = 100;

/// Sends requests, each for another query, and expects each to be answered with 200.
fn ask_for_a_page(curl: &Curl, batch: usize) {
    let statuses = curl.statuses(&[], &format!("/page.html?{batch}.[1-{BATCH}]"));
    assert_eq!(statuses, [200; BATCH]);
}

/// An instance that drains serves until the proxy has seen it, and then stops: no request is lost.
pub fn drain_loses_no_request(recipes: &[&Recipe]) {
    let mut instances = [(); 2].map(|()| Instance::start_to_drain_for_ever(site()));
    let Some(desk) = desk(&instances) else { return };
    let Some((_proxies, curl)) = start(&desk, recipes) else { return };
    ask_for_a_page(&curl, 0);
    wait_until("both are asked", || count(&instances) == BATCH);
    let mut before = instances[0].requests().len();
    assert!(before > 0 && before < BATCH, "{before}");
    instances[0].signal(Signal::TERM);
    let mut batch = 0;
    wait_until("the draining one is asked no more", || {
        batch += 1;
        ask_for_a_page(&curl, batch);
        wait_until("each is in a log", || count(&instances) == (batch + 1) * BATCH);
        let after = instances[0].requests().len();
        std::mem::replace(&mut before, after) == after
    });
    // A second signal ends it.
    instances[0].signal(Signal::TERM);
    instances[0].wait();
    ask_for_a_page(&curl, batch + 1);
}

/// An instance that is stopped or killed loses no GET.
pub fn end_loses_no_get(recipes: &[&Recipe], signal: Signal) {
    let mut ending = Instance::start(site(), &["--drain", "0"]);
    let other = Instance::start(site(), &[]);
    let Some(desk) = Desk::new(&[ending.address, other.address]) else { return };
    let Some((_proxies, curl)) = start(&desk, recipes) else { return };
    let statuses = thread::scope(|scope| {
        let asking = scope.spawn(|| curl.statuses(&[], &format!("/page.html?[1-{REQUESTS}]")));
        wait_until("it is asked", || !ending.requests().is_empty());
        ending.signal(signal);
        ending.wait();
        asking.join().expect("no panic")
    });
    assert_eq!(statuses, [200; REQUESTS]);
    ask_for_a_page(&curl, 1);
}

/// A GET that an instance took and did not answer is sent to the other; a PUT is not.
pub fn get_is_tried_again_and_put_is_not(recipes: &[&Recipe]) {
    let dying = Dying::start();
    let other = Instance::start(site(), &["--writable", "--host", "example.org"]);
    let Some(desk) = Desk::new(&[dying.address, other.address]) else { return };
    let Some((_proxies, curl)) = start(&desk, recipes) else { return };
    let mut name = 0;
    wait_until("the dying one gets some GETs", || {
        name += 1;
        assert_eq!(curl.once(&[], &format!("/page.html?{name}")), 200);
        dying.count("GET") > 3
    });
    let mut name = 0;
    wait_until("the dying one gets a PUT", || {
        name += 1;
        let status = curl.put(&format!("/{name}"));
        let seen = dying.count("PUT");
        assert!(seen == 0 && status == 201 || seen == 1 && status >= 500, "{seen} {status}");
        seen == 1
    });
    let is_stored = |name: &usize| other.root().join(name.to_string()).exists();
    assert!((1..name).all(|name| is_stored(&name)) && !is_stored(&name));
}

/// A GET that one instance answers with 503 is sent to the other.
pub fn get_with_503_is_tried_again(recipes: &[&Recipe]) {
    let (busy, other) = (Dying::start(), Instance::start(site(), &[]));
    let Some(desk) = Desk::new(&[busy.address, other.address]) else { return };
    let Some((_proxies, curl)) = start(&desk, recipes) else { return };
    assert_eq!(curl.statuses(&[], "/page.html?busy.[1-20]"), [200; 20]);
    assert!(busy.count("GET") > 0);
}

/// The statuses of some PUTs where nobody listens at one of two instances.
pub fn statuses_of_puts_beside_nobody(recipe: &Recipe) -> Option<Vec<u16>> {
    let (address, other) =
        (fresh_address(), Instance::start(site(), &["--writable", "--host", "example.org"]));
    let nobody = SocketAddr::new(address, free_port(address));
    let desk = Desk::new(&[nobody, other.address])?;
    let (_proxies, curl) = start(&desk, &[recipe])?;
    Some((0..4).map(|name| curl.put(&format!("/{name}"))).collect())
}

/// Plain HTTP is sent to HTTPS.
pub fn http_is_redirected(recipe: &Recipe) {
    let Some(desk) = Desk::new(&[Dying::start().address; 2]) else { return };
    let Some((_proxies, curl)) = start(&desk, &[recipe]) else { return };
    let asked = ["--output", "/dev/null", "--write-out", "%{http_code} %{redirect_url}"];
    let answer = curl.ask(&asked, "http://example.org/a?b");
    assert_eq!(answer, "301 https://example.org/a?b");
}
