//! Measurements in rounds, and what is shown of them.

use crate::support::plot::lines::{Axis, Line, Panel, Point, Scale};
use crate::support::table::{self, figure, median};
use std::io;

/// What one measurement found.
#[derive(Clone, Copy)]
pub struct Cell {
    /// Requests a second.
    pub rate: f64,
    /// Microseconds of the servers' CPU a request.
    pub cpu: f64,
}

/// One row of a table: one setting that is measured, at one point of the axis.
pub struct Row<T> {
    /// Which line of the plot it belongs to.
    pub line: String,
    pub x: usize,
    /// What is measured.
    pub what: T,
    pub cells: Vec<Cell>,
}

impl<T> Row<T> {
    pub fn new(line: &str, x: usize, what: T) -> Row<T> {
        Row { line: line.to_owned(), x, what, cells: Vec::new() }
    }

    fn of(&self, value: fn(&Cell) -> f64) -> Point {
        let values = || self.cells.iter().map(value);
        Point {
            x: self.x as f64,
            y: median(values()),
            low: values().fold(f64::NAN, f64::min),
            high: values().fold(f64::NAN, f64::max),
        }
    }
}

/// Measures each row `rounds` times; in each round the next row is the first.
pub fn take_turns<T>(
    rows: &mut [Row<T>],
    rounds: usize,
    mut measure: impl FnMut(&mut T) -> io::Result<Cell>,
) -> io::Result<()> {
    let count = rows.len();
    for round in 0..rounds {
        for turn in 0..count {
            let row = &mut rows[(round + turn) % count];
            let cell = measure(&mut row.what)?;
            row.cells.push(cell);
        }
    }
    Ok(())
}

/// Prints the medians of `rows`, the spread as half of what lies between the lowest and the highest
/// round. `more` says what else is known of a row, under the `headings` of it.
pub fn print<T>(first: &str, rows: &[Row<T>], headings: &[&str], more: impl Fn(&T) -> Vec<String>) {
    let line = |row: &Row<T>| {
        let (rate, cpu) = (row.of(|cell| cell.rate), row.of(|cell| cell.cpu));
        let spread = |point: Point| figure((point.high - point.low) / point.y * 50.0);
        let mut cells = vec![row.line.clone(), row.x.to_string()];
        cells.extend([figure(rate.y), spread(rate), figure(cpu.y), spread(cpu)]);
        cells.extend(more(&row.what));
        cells
    };
    let usual = ["", first, "requests/s", "±%", "CPU µs a request", "±%"];
    let headings: Vec<&str> = usual.iter().chain(headings).copied().collect();
    table::print(&headings, &rows.iter().map(line).collect::<Vec<_>>());
}

/// Requests a second and CPU a request, as two panels.
pub fn panels<T>(rows: &[Row<T>]) -> [Panel; 2] {
    let panel = |label, value| Panel { label, scale: Scale::Linear, lines: lines(rows, value) };
    [
        panel("requests a second", |cell: &Cell| cell.rate),
        panel("server's CPU, µs a request", |cell: &Cell| cell.cpu),
    ]
}

fn lines<T>(rows: &[Row<T>], value: fn(&Cell) -> f64) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for row in rows {
        let point = row.of(value);
        match lines.iter_mut().find(|line| line.name == row.line) {
            Some(line) => line.points.push(point),
            None => lines.push(Line { name: row.line.clone(), points: vec![point] }),
        }
    }
    lines
}

/// The axis on which all of `rows` are marked.
pub fn axis<T>(label: &'static str, rows: &[Row<T>]) -> Axis {
    let mut marks: Vec<usize> = rows.iter().map(|row| row.x).collect();
    marks.sort_unstable();
    marks.dedup();
    Axis { label, marks: marks.into_iter().map(|mark| mark as f64).collect() }
}
