//! A row for each workload, a dot for each server, placed by its ratio to the best peer.

use super::{Area, COLOURS, DARK, GREY, text, write};
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;
use std::io;
use std::path::Path;

type Failure = Box<dyn std::error::Error>;

const ROW: i32 = 26;
/// Left of the dots, for the names of rows.
const NAMES: i32 = 320;
/// Right of the dots, for what rows say in numbers.
const FIGURES: i32 = 190;
const DOTS: i32 = 470;
/// Above the dots: title, names of the servers, and marks.
const HEAD: i32 = 92;
/// Ratios that are marked, of which those are shown that are in range.
const MARKS: [f64; 12] = [0.1, 0.2, 0.33, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0];

pub struct DotPlot {
    pub title: &'static str,
    /// Above the numbers at the right.
    pub figures: &'static str,
    pub rows: Vec<Row>,
}

pub struct Row {
    pub name: String,
    pub dots: Vec<Dot>,
    /// The numbers behind the dots, in few words.
    pub figures: String,
}

pub struct Dot {
    pub server: String,
    /// Its value divided by the best peer's.
    pub ratio: f64,
}

impl DotPlot {
    /// Writes the plot to `path`. The first server named is the one that it is about.
    pub fn draw(&self, path: &Path) -> io::Result<()> {
        let height = HEAD + ROW * self.rows.len() as i32 + 14;
        let size = ((NAMES + DOTS + FIGURES) as u32, height as u32);
        write(path, size, |sheet| {
            self.draw_head(sheet)?;
            self.draw_marks(sheet, height - 14)?;
            self.rows
                .iter()
                .enumerate()
                .try_for_each(|(i, row)| self.draw_row(sheet, row, HEAD + ROW * i as i32 + ROW / 2))
        })
    }

    fn draw_head(&self, sheet: &Area) -> Result<(), Failure> {
        sheet.draw(&Text::new(self.title, (16, 20), text(20, BLACK, HPos::Left)))?;
        let mut left = 16;
        for (place, server) in self.servers().into_iter().enumerate() {
            draw_dot(sheet, (left + 6, 46), place)?;
            let style = text(16, colour(place), HPos::Left);
            left += 16;
            sheet.draw(&Text::new(server.to_owned(), (left, 46), style))?;
            left += 8 * server.len() as i32 + 26;
        }
        let end = (NAMES + DOTS + 16, 74);
        sheet.draw(&Text::new(self.figures, end, text(15, DARK, HPos::Left)))?;
        Ok(())
    }

    fn draw_marks(&self, sheet: &Area, bottom: i32) -> Result<(), Failure> {
        let (low, high) = self.range();
        for mark in MARKS.into_iter().filter(|mark| (low..=high).contains(mark)) {
            let across = self.across(mark);
            let line = [(across, HEAD - 6), (across, bottom)];
            let style = if mark == 1.0 { DARK.stroke_width(2) } else { GREY.stroke_width(1) };
            sheet.draw(&PathElement::new(line, style))?;
            let style = text(15, DARK, HPos::Center);
            sheet.draw(&Text::new(format!("×{mark}"), (across, HEAD - 18), style))?;
        }
        Ok(())
    }

    fn draw_row(&self, sheet: &Area, row: &Row, height: i32) -> Result<(), Failure> {
        let name = Text::new(row.name.clone(), (16, height), text(16, BLACK, HPos::Left));
        sheet.draw(&name)?;
        let figures = (NAMES + DOTS + 16, height);
        sheet.draw(&Text::new(row.figures.clone(), figures, text(15, DARK, HPos::Left)))?;
        let rule = [(NAMES, height), (NAMES + DOTS, height)];
        sheet.draw(&PathElement::new(rule, GREY))?;
        let servers = self.servers();
        // The first server comes last, so that its dot lies upon the others.
        for (place, server) in servers.iter().enumerate().rev() {
            let dot = row.dots.iter().find(|dot| dot.server == *server);
            if let Some(dot) = dot.filter(|dot| dot.ratio.is_finite()) {
                draw_dot(sheet, (self.across(dot.ratio), height), place)?;
            }
        }
        Ok(())
    }

    /// The servers in the order in which they first appear.
    fn servers(&self) -> Vec<&str> {
        let mut servers = Vec::new();
        for dot in self.rows.iter().flat_map(|row| &row.dots) {
            if !servers.contains(&dot.server.as_str()) {
                servers.push(&dot.server);
            }
        }
        servers
    }

    /// The least and the greatest ratio shown.
    fn range(&self) -> (f64, f64) {
        let ratios = self.rows.iter().flat_map(|row| &row.dots).map(|dot| dot.ratio);
        let ratios = ratios.filter(|ratio| ratio.is_finite() && *ratio > 0.0);
        let ends = ratios.fold((0.8_f64, 1.6_f64), |(low, high), r| (low.min(r), high.max(r)));
        (ends.0 / 1.1, ends.1 * 1.1)
    }

    fn across(&self, ratio: f64) -> i32 {
        let (low, high) = self.range();
        NAMES + (f64::from(DOTS) * (ratio / low).ln() / (high / low).ln()) as i32
    }
}

fn colour(place: usize) -> RGBColor {
    COLOURS[place % COLOURS.len()]
}

fn draw_dot(sheet: &Area, at: (i32, i32), place: usize) -> Result<(), Failure> {
    let (radius, style) = match place {
        0 => (7, colour(place).filled()),
        _ => (5, colour(place).stroke_width(2)),
    };
    sheet.draw(&Circle::new(at, radius, style))?;
    Ok(())
}
