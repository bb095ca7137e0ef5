//! Thousands of slow clients on a pool of a few workers, and what a well-behaved one notices of
//! them.

use crate::Stage;
use crate::attack::{Attack, Manner};
use crate::growth::threads;
use crate::guest::visit;
use crate::support::affordable;
use crate::support::recipe::{OURS, Recipe};
use crate::support::server::Server;
use crate::support::table::{self, figure};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

const SENDERS: usize = 5000;
const READERS: usize = 500;
/// Requests of one guest: at one in a little over 5 ms, longer than any head may take.
const REQUESTS: usize = 2500;

/// Who attacks.
const SCENES: [(&str, &[Manner]); 4] = [
    ("nobody", &[]),
    ("slow senders", &[Manner::SendsSlowly]),
    ("slow readers", &[Manner::ReadsSlowly]),
    ("both", &[Manner::SendsSlowly, Manner::ReadsSlowly]),
];

/// Measures each server under each attack. Returns what failed.
pub fn show(stage: &Stage) -> io::Result<Vec<String>> {
    let wanted = stage.options.scaled(SENDERS + READERS);
    let attackers = affordable(wanted, stage.descriptors);
    let readers = attackers * READERS / (SENDERS + READERS);
    let senders = attackers - readers;
    println!("{senders} slow senders, {readers} slow readers, and well-behaved clients:\n");
    let mut rows = Vec::new();
    let mut failures = Vec::new();
    for recipe in stage.recipes(2 * attackers) {
        for (scene, manners) in SCENES {
            let attackers = manners.iter().map(|&manner| match manner {
                Manner::SendsSlowly => (manner, senders),
                Manner::ReadsSlowly => (manner, readers),
            });
            match play(stage, &recipe, &attackers.collect::<Vec<_>>()) {
                Ok((row, failure)) => {
                    rows.push([vec![recipe.name.clone(), scene.to_owned()], row].concat());
                    let named = |what| format!("slow, {}, {scene}: {what}", recipe.name);
                    failures.extend(failure.map(named));
                }
                Err(error) => failures.push(format!("slow, {}, {scene}: {error}", recipe.name)),
            }
        }
    }
    let headings = [
        "server",
        "attack",
        "unanswered",
        "p50 µs",
        "p99 µs",
        "longest",
        "threads",
        "MiB",
        "attackers ended",
    ];
    table::print(&headings, &rows);
    Ok(failures)
}

/// Returns the rest of a row, and what failed.
fn play(
    stage: &Stage,
    recipe: &Recipe,
    attackers: &[(Manner, usize)],
) -> io::Result<(Vec<String>, Option<String>)> {
    let server = Server::start(recipe, stage.site.scratch())?;
    let threads_before = threads(&server);
    let attacks = attackers
        .iter()
        .map(|&(manner, count)| Attack::begin(server.address, manner, count))
        .collect::<io::Result<Vec<Attack>>>()?;
    let over = AtomicBool::new(false);
    let requests = stage.options.scaled(REQUESTS);
    let (visit, memory, threads_during, ended) = thread::scope(|scope| {
        let over = &over;
        let attacks: Vec<_> =
            attacks.into_iter().map(|attack| scope.spawn(move || attack.go_on(over))).collect();
        let visit = visit(server.address, requests, &stage.small);
        let (memory, during) = (server.memory(), threads(&server));
        over.store(true, Ordering::Relaxed);
        let ended = attacks.into_iter().map(|attack| attack.join().unwrap_or(0));
        (visit, memory, during, ended.sum::<usize>())
    });
    let failure = match visit.unanswered {
        0 if recipe.name == OURS && threads_during > threads_before => {
            Some(format!("{threads_during} threads, {threads_before} before"))
        }
        0 => None,
        unanswered => Some(format!("{unanswered} requests unanswered")),
    };
    let mut row = vec![visit.unanswered.to_string()];
    row.extend([50, 99, 100].map(|percent| figure(visit.percentile(percent))));
    row.push(threads_during.to_string());
    row.push(figure(memory as f64 / f64::from(1 << 20)));
    row.push(ended.to_string());
    Ok((row, failure))
}
