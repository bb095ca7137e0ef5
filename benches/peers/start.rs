//! Start-up: the time until a server's first answer, and what it needs at rest.

use crate::support::recipe::Recipe;
use crate::support::server::Server;
use crate::support::table;
use std::path::Path;
use std::time::Instant;

/// Starts each server `rounds` times and prints the medians. Returns what failed.
pub fn measure(recipes: &[Recipe], rounds: usize, scratch: &Path) -> Vec<String> {
    println!("start: until the first answer, and at rest after it\n");
    let mut failures = Vec::new();
    let mut rows = Vec::new();
    for recipe in recipes {
        let starts: Vec<_> = (0..rounds).map(|_| start(recipe, scratch)).collect();
        let (good, bad): (Vec<_>, Vec<_>) = starts.into_iter().partition(Result::is_ok);
        let good: Vec<(f64, f64)> = good.into_iter().flatten().collect();
        failures.extend(bad.into_iter().filter_map(Result::err).map(|e| e.to_string()));
        let binary = std::fs::metadata(&recipe.program).map_or(0, |program| program.len());
        rows.push(vec![
            recipe.name.clone(),
            table::figure(table::median(good.iter().map(|(milliseconds, _)| *milliseconds))),
            table::figure(table::median(good.iter().map(|(_, mebibytes)| *mebibytes))),
            table::figure(binary as f64 / f64::from(1 << 20)),
        ]);
    }
    table::print(&["server", "ms", "memory MiB", "binary MiB"], &rows);
    failures
}

/// Milliseconds and mebibytes.
fn start(recipe: &Recipe, scratch: &Path) -> std::io::Result<(f64, f64)> {
    let start = Instant::now();
    let server = Server::start(recipe, scratch)?;
    let milliseconds = start.elapsed().as_secs_f64() * 1e3;
    let memory = server.memory();
    Ok((milliseconds, memory as f64 / f64::from(1 << 20)))
}
