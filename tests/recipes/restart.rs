//! Instances behind HAProxy that are restarted one after the other, as `docs/many-machines.md` says,
//! while clients ask.

use crate::haproxy::HAPROXY;
use crate::instance::Instance;
use crate::proxy::Desk;
use crate::support::find;
use crate::{site, wait_until};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// How many instances HAProxy finds well, as its own socket tells.
fn count_well(desk: &Desk) -> usize {
    // It comes a moment after those for clients.
    let Ok(mut stream) = UnixStream::connect(desk.path("haproxy.sock")) else { return 0 };
    stream.write_all(b"show stat\n").expect("bytes are taken");
    let mut table = String::new();
    stream.read_to_string(&mut table).expect("a table");
    let servers = table.lines().filter(|line| line.starts_with("instances,"));
    let is_well = |line: &&str| !line.contains(",BACKEND,") && line.contains(",UP,");
    servers.filter(is_well).count()
}

/// wrk, over TLS and HTTP/1.1, until it is interrupted; it counts what fails.
fn load(wrk: &Path, desk: &Desk, connection: &str) -> Child {
    Command::new(wrk)
        .args(["--threads", "1", "--connections", "8", "--duration", "1h", "--header"])
        .arg(format!("Connection: {connection}"))
        .arg(format!("https://{}/page.html", desk.https))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("wrk starts")
}

/// What wrk has seen.
fn report(wrk: Child) -> String {
    kill_process(Pid::from_child(&wrk), Signal::INT).expect("it is running");
    let output = wrk.wait_with_output().expect("an end");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn no_request_fails_while_each_instance_is_restarted_in_turn() {
    let Some(wrk) = find("wrk") else { return };
    let instances = [(); 4].map(|()| Instance::start(site(), &[]));
    let addresses = instances.each_ref().map(|instance| instance.address);
    let Some(desk) = Desk::new(&addresses) else { return };
    let Some(_haproxy) = desk.start(&HAPROXY) else { return };
    wait_until("all are well", || count_well(&desk) == 4);
    let loads = ["keep-alive", "close"].map(|connection| load(&wrk, &desk, connection));
    let mut restarted = Vec::new();
    for mut instance in instances {
        wait_until("it is asked", || !instance.requests().is_empty());
        instance.signal(Signal::TERM);
        instance.wait();
        let before = instance.requests().len();
        let instance = instance.restart();
        // It takes the place of the former before HAProxy has seen that one go, or after.
        wait_until("it is asked again", || instance.requests().len() > before);
        wait_until("all are well", || count_well(&desk) == 4);
        restarted.push(instance);
    }
    for report in loads.map(report) {
        assert!(report.contains("Requests/sec"), "{report}");
        let failed =
            report.lines().find(|line| line.contains("errors") || line.contains("Non-2xx"));
        assert_eq!(failed, None, "{report}");
    }
}
