//! The plot of all workloads: a row for each, a dot for each server.

use crate::recipes::Role;
use crate::report::{self, Row, Table};
use crate::support::plot::dots::{self, Dot, DotPlot};
use crate::support::table::figure;
use std::io;
use std::path::Path;

/// Draws `tables` into `directory`. Where each server had one core, the times that clients waited
/// are drawn too: there they are not those of clients and server that wait for each other.
pub fn draw(tables: &[Table], directory: &Path, is_pinned: bool) -> io::Result<()> {
    if tables.is_empty() {
        return Ok(());
    }
    let row = |table: &Table| {
        let unit = if table.is_of_bytes { "ms/GB" } else { "µs" };
        row(table, "", unit, |row| row.cpu)
    };
    let mut plot = DotPlot {
        title: "CPU a request, as a ratio to the best peer's; left is better",
        figures: "tinyhttpd / best peer",
        rows: tables.iter().map(row).collect(),
    };
    if is_pinned {
        plot.title =
            "Server on one core, client on another; ratios to the best peer; left is better";
        plot.rows.iter_mut().for_each(|row| row.name.push_str(": CPU"));
        let waits = |table: &Table| self::row(table, ": p99", "µs", |row| row.p99);
        plot.rows.extend(tables.iter().map(waits));
    }
    plot.draw(&directory.join(if is_pinned { "peers-pinned.svg" } else { "peers.svg" }))
}

fn row(table: &Table, what: &str, unit: &str, value: fn(&Row) -> f64) -> dots::Row {
    let best = report::best(&table.rows, value);
    let shown = table.rows.iter().filter(|row| row.role != Role::Variant);
    let dot = |row: &Row| Dot { server: row.name.clone(), ratio: value(row) / best };
    let ours = table.rows.iter().find(|row| row.role == Role::Ours).map_or(f64::NAN, value);
    dots::Row {
        name: format!("{}{what}", table.title),
        dots: shown.map(dot).collect(),
        figures: format!("{} / {} {unit}", figure(ours), figure(best)),
    }
}
