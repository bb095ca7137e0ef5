//! One large file to one fast reader and to several: the CPU of a GB beside nginx's.

use crate::Stage;
use crate::support::download;
use crate::support::recipe::Recipe;
use crate::support::server::Server;
use crate::support::site::{HUGE, HUGE_BYTES};
use crate::support::table::{self, figure, median};
use std::io;
use std::time::Instant;

const READERS: [usize; 2] = [1, 4];

/// Milliseconds of CPU a GB, and GB a second.
type Round = (f64, f64);

/// Measures both servers in turn. Returns what failed.
pub fn show(stage: &Stage) -> io::Result<Vec<String>> {
    println!("1 GiB, {READERS:?} readers:\n");
    let recipes = stage.recipes(1024);
    let mut failures = Vec::new();
    let mut rows = Vec::new();
    for readers in READERS {
        let measured = measure(stage, &recipes, readers, &mut failures);
        let cpu = |rounds: &[Round]| median(rounds.iter().map(|(cpu, _)| *cpu));
        let nginx = recipes.iter().position(|recipe| recipe.name == "nginx");
        let beside = nginx.map_or(f64::NAN, |place| cpu(&measured[place]));
        for (recipe, rounds) in recipes.iter().zip(&measured) {
            let rate = median(rounds.iter().map(|(_, rate)| *rate));
            let figures = [rate, cpu(rounds), cpu(rounds) / beside].map(figure);
            let mut row = vec![recipe.name.clone(), readers.to_string()];
            row.extend(figures);
            rows.push(row);
        }
    }
    table::print(&["server", "readers", "GB/s", "CPU ms/GB", "x nginx"], &rows);
    Ok(failures)
}

/// The rounds of each server, the servers taking turns.
fn measure(
    stage: &Stage,
    recipes: &[Recipe],
    readers: usize,
    failures: &mut Vec<String>,
) -> Vec<Vec<Round>> {
    let servers: Vec<io::Result<Server>> = recipes.iter().map(|r| enter(stage, r)).collect();
    let mut measured: Vec<Vec<Round>> = recipes.iter().map(|_| Vec::new()).collect();
    for _ in 0..stage.options.rounds {
        for (rounds, server) in measured.iter_mut().zip(&servers) {
            let Ok(server) = server else { continue };
            match round(server, readers) {
                Ok(round) => rounds.push(round),
                Err(error) => failures.push(format!("download, {}: {error}", server.name)),
            }
        }
    }
    let errors = servers.into_iter().filter_map(Result::err);
    failures.extend(errors.map(|error| format!("download: {error}")));
    measured
}

/// A server that gives every byte of the file.
fn enter(stage: &Stage, recipe: &Recipe) -> io::Result<Server> {
    let server = Server::start(recipe, stage.site.scratch())?;
    download::compare(server.address, HUGE, &stage.site.file(HUGE))?;
    Ok(server)
}

fn round(server: &Server, readers: usize) -> io::Result<Round> {
    let (before, start) = (server.cpu(), Instant::now());
    download::discard(server.address, HUGE, readers, HUGE_BYTES)?;
    let seconds = start.elapsed().as_secs_f64();
    let spent = server.cpu() - before;
    let gigabytes = (readers as u64 * HUGE_BYTES) as f64 / 1e9;
    Ok((spent.as_secs_f64() * 1e3 / gigabytes, gigabytes / seconds))
}
