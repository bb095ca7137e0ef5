//! Ten thousand idle connections: what one costs, and what busy clients notice of them.

use crate::Stage;
use crate::support::idle::Idle;
use crate::support::recipe::{OURS, Recipe};
use crate::support::server::Server;
use crate::support::site::SMALL;
use crate::support::table::{self, figure, median};
use crate::support::{affordable, wrk};
use std::io;

const IDLE: usize = 10_000;
const BUSY: usize = 16;

/// One round of one server.
struct Round {
    /// Bytes of the server's memory for each idle connection.
    memory: f64,
    alone: wrk::Figures,
    beside: wrk::Figures,
}

/// Measures each server in turn. Returns what failed.
pub fn show(stage: &Stage) -> io::Result<Vec<String>> {
    let count = affordable(stage.options.scaled(IDLE), stage.descriptors);
    println!("{BUSY} busy clients beside {count} idle connections, and without:\n");
    let mut recipes = stage.recipes(2 * count);
    let mut rounds: Vec<(String, Round)> = Vec::new();
    let mut failures = Vec::new();
    for _ in 0..stage.options.rounds {
        for recipe in &recipes {
            match round(stage, recipe, count) {
                Ok(round) => rounds.push((recipe.name.clone(), round)),
                Err(error) => failures.push(format!("idle, {}: {error}", recipe.name)),
            }
        }
        recipes.reverse();
    }
    recipes.sort_by_key(|recipe| recipe.name != OURS);
    let rows: Vec<_> = recipes.iter().map(|recipe| row(recipe, &rounds)).collect();
    let headings = [
        "server",
        "B a connection",
        "requests/s alone",
        "beside",
        "ratio",
        "p50 µs alone",
        "beside",
        "p99 µs alone",
        "beside",
        "ratio",
        "errors",
    ];
    table::print(&headings, &rows);
    Ok(failures)
}

/// A round has a server of its own, so that memory freed in an earlier one is not used again
/// unseen. Fails where an idle connection is not answered, before or after.
fn round(stage: &Stage, recipe: &Recipe, count: usize) -> io::Result<Round> {
    let scratch = stage.site.scratch();
    let server = Server::start(recipe, scratch)?;
    let load = wrk::Load {
        connections: BUSY,
        seconds: stage.options.seconds,
        path: SMALL.to_owned(),
        files: 0,
        upload: None,
        fields: Vec::new(),
        status: 200,
        body_bytes: stage.small.len() as u64,
    };
    let alone = wrk::run(server.address, &load, scratch)?;
    let before = server.memory();
    let mut idle = Idle::hold(server.address, count, SMALL, &stage.small)?;
    let grown = server.memory() as f64 - before as f64;
    let beside = wrk::run(server.address, &load, scratch)?;
    idle.ask_each(SMALL, &stage.small)?;
    Ok(Round { memory: grown / count as f64, alone, beside })
}

fn row(recipe: &Recipe, rounds: &[(String, Round)]) -> Vec<String> {
    let own = || rounds.iter().filter(|(name, _)| *name == recipe.name).map(|(_, round)| round);
    let rate = |figures: &wrk::Figures| figures.requests as f64 / figures.seconds;
    let alone = median(own().map(|round| rate(&round.alone)));
    let beside = median(own().map(|round| rate(&round.beside)));
    let usual =
        [median(own().map(|round| round.alone.p50)), median(own().map(|round| round.beside.p50))];
    let late_alone = median(own().map(|round| round.alone.p99));
    let late_beside = median(own().map(|round| round.beside.p99));
    let memory = median(own().map(|round| round.memory));
    let errors: u64 = own().map(|round| round.alone.errors + round.beside.errors).sum();
    let busy = [alone, beside, beside / alone];
    let late = [late_alone, late_beside, late_beside / late_alone];
    let mut row = vec![recipe.name.clone(), figure(memory)];
    row.extend(busy.into_iter().chain(usual).chain(late).map(figure));
    row.push(errors.to_string());
    row
}
