//! The tables: one a workload, and one over all of them.

use crate::measure::Cell;
use crate::recipes::{Program, Role};
use crate::support::table::{figure, median, print};
use crate::support::{find_program, machine};
use crate::workload::{Load, Workload};
use std::process::Command;

/// What was found of one workload.
pub struct Table {
    pub name: &'static str,
    pub title: &'static str,
    /// Whether CPU is in milliseconds a GB, in place of microseconds a request.
    pub is_of_bytes: bool,
    pub rows: Vec<Row>,
}

/// One server's medians over the rounds of one workload.
pub struct Row {
    pub name: String,
    pub role: Role,
    rate: f64,
    pub cpu: f64,
    /// Half the distance between the lowest and the highest `cpu`, in hundredths of the median:
    /// what is noise.
    spread: f64,
    p50: f64,
    pub p99: f64,
    /// Of all rounds.
    errors: u64,
    /// Mebibytes.
    memory: f64,
}

impl Row {
    pub fn new(name: &str, cells: &[Cell]) -> Row {
        let of = |value: fn(&Cell) -> f64| median(cells.iter().map(value));
        let cpu = of(|cell| cell.cpu);
        let lowest = cells.iter().map(|cell| cell.cpu).fold(f64::NAN, f64::min);
        let highest = cells.iter().map(|cell| cell.cpu).fold(f64::NAN, f64::max);
        Row {
            name: name.to_owned(),
            role: Role::of(name),
            rate: of(|cell| cell.rate),
            cpu,
            spread: (highest - lowest) / cpu * 50.0,
            p50: of(|cell| cell.p50),
            p99: of(|cell| cell.p99),
            errors: cells.iter().map(|cell| cell.errors).sum(),
            memory: of(|cell| cell.memory as f64) / f64::from(1 << 20),
        }
    }
}

/// Prints what the numbers were measured on and with.
pub fn print_machine(programs: &[Program]) {
    println!("{}", machine());
    for program in programs {
        println!("{}: {}", program.name, program.version);
    }
    let wrk = find_program("wrk").and_then(|wrk| Command::new(wrk).arg("-v").output().ok());
    let said = wrk.map(|output| output.stdout).unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    println!("client: {}\n", said.lines().next().unwrap_or("wrk is not installed"));
}

/// Prints the table of one workload. The ratios are to the lowest value among the peers.
pub fn print_table(workload: &Workload, rows: &[Row]) {
    let (rate, cpu) = match workload.load {
        Load::Downloads(_) => ("GB/s", "CPU ms/GB"),
        _ => ("requests/s", "CPU µs"),
    };
    let headings =
        ["server", rate, cpu, "±%", "p50 µs", "p99 µs", "errors", "MiB", "CPU ratio", "p99 ratio"];
    let (best_cpu, best_p99) = (best(rows, |row| row.cpu), best(rows, |row| row.p99));
    let line = |row: &Row| {
        let figures = [row.rate, row.cpu, row.spread, row.p50, row.p99];
        let ratios = [row.memory, row.cpu / best_cpu, row.p99 / best_p99];
        let mut line = vec![row.name.clone()];
        line.extend(figures.map(figure));
        line.push(row.errors.to_string());
        line.extend(ratios.map(figure));
        line
    };
    print(&headings, &rows.iter().map(line).collect::<Vec<_>>());
}

/// Prints what connections at rest cost the busy ones: with them, divided by without.
pub fn print_difference(alone: &[Row], beside: &[Row]) {
    let line = |(alone, beside): (&Row, &Row)| {
        let ratios = [beside.rate / alone.rate, beside.cpu / alone.cpu, beside.p99 / alone.p99];
        let mut line = vec![alone.name.clone()];
        line.extend(ratios.map(figure));
        line
    };
    let lines: Vec<_> = alone.iter().zip(beside).map(line).collect();
    print(&["with / without", "requests/s", "CPU", "p99"], &lines);
}

/// Prints the CPU of all workloads side by side, and how tinyhttpd compares with the best peer and
/// with the floor.
pub fn print_summary(tables: &[Table]) {
    let mut names: Vec<&str> = Vec::new();
    for row in tables.iter().flat_map(|table| &table.rows) {
        if !names.contains(&row.name.as_str()) {
            names.push(&row.name);
        }
    }
    let line = |Table { name, rows, .. }: &Table| {
        let cpu = |name: &&str| rows.iter().find(|row| row.name == **name).map(|row| row.cpu);
        let mut line = vec![name.to_string()];
        line.extend(names.iter().map(|name| figure(cpu(name).unwrap_or(f64::NAN))));
        line.extend(ratios(rows).map(figure));
        line
    };
    let mut headings = vec!["CPU µs a request, ms a GB"];
    headings.extend(&names);
    headings.extend(["x best peer", "p99 x best peer", "x bare loop"]);
    println!("All workloads; the ratios are tinyhttpd's:\n");
    print(&headings, &tables.iter().map(line).collect::<Vec<_>>());
}

/// tinyhttpd's CPU and p99 to the best peer's, and its CPU to the floor's.
fn ratios(rows: &[Row]) -> [f64; 3] {
    let of = |role: Role, value: fn(&Row) -> f64| {
        rows.iter().find(|row| row.role == role).map_or(f64::NAN, value)
    };
    let cpu = of(Role::Ours, |row| row.cpu);
    [
        cpu / best(rows, |row| row.cpu),
        of(Role::Ours, |row| row.p99) / best(rows, |row| row.p99),
        cpu / of(Role::Floor, |row| row.cpu),
    ]
}

/// The lowest value among the peers; not a number where there is no peer.
pub fn best(rows: &[Row], value: fn(&Row) -> f64) -> f64 {
    let peers = rows.iter().filter(|row| row.role == Role::Peer);
    peers.map(value).fold(f64::NAN, f64::min)
}
