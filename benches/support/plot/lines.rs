//! Lines over one quantity, in panels side by side, each line named at its end.

use super::{Area, COLOURS, DARK, GREY, text, write};
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;
use std::io;
use std::ops::Range;
use std::path::Path;

type Failure = Box<dyn std::error::Error>;

const PANEL: (u32, u32) = (580, 400);
/// Right of each panel, for the names of its lines.
const NAMES: i32 = 200;
/// The least distance between the middles of two names.
const NAME_HEIGHT: i32 = 18;

/// How values become places.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// From 0.
    Linear,
    Logarithmic,
}

/// The axis that the panels share.
pub struct Axis {
    /// What it shows, with the unit.
    pub label: &'static str,
    /// The values marked on it. It is logarithmic.
    pub marks: Vec<f64>,
}

pub struct Panel {
    /// What the other axis shows, with the unit.
    pub label: &'static str,
    pub scale: Scale,
    pub lines: Vec<Line>,
}

pub struct Line {
    pub name: String,
    pub points: Vec<Point>,
}

/// A median, with the lowest and highest of what was measured.
#[derive(Clone, Copy)]
pub struct Point {
    pub x: f64,
    pub y: f64,
    pub low: f64,
    pub high: f64,
}

/// A range with marks where its user wants them.
struct Marked {
    range: Range<f64>,
    marks: Vec<f64>,
}

impl Ranged for Marked {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        let part = (value - self.range.start) / (self.range.end - self.range.start);
        from + (part * f64::from(to - from)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.marks.clone()
    }

    fn range(&self) -> Range<f64> {
        self.range.clone()
    }
}

/// Writes `panels` side by side to `path`.
pub fn draw_lines(path: &Path, title: &str, axis: &Axis, panels: &[Panel]) -> io::Result<()> {
    let size = (PANEL.0 * panels.len() as u32, PANEL.1);
    write(path, size, |sheet| {
        sheet.draw(&Text::new(title.to_owned(), (16, 20), text(20, BLACK, HPos::Left)))?;
        let note = "whiskers: lowest and highest round";
        let end = (size.0 as i32 - 16, 20);
        sheet.draw(&Text::new(note, end, text(15, DARK, HPos::Right)))?;
        let (_, below) = sheet.split_vertically(44);
        for (place, panel) in below.split_evenly((1, panels.len())).iter().zip(panels) {
            draw_panel(place, axis, panel)?;
        }
        Ok(())
    })
}

fn draw_panel(place: &Area, axis: &Axis, panel: &Panel) -> Result<(), Failure> {
    let values = panel.lines.iter().flat_map(|line| &line.points);
    let (marks, range) = vertical(panel.scale, values.flat_map(|p| [p.low, p.high]));
    let up = |value: f64| if panel.scale == Scale::Linear { value } else { value.log10() };
    let down = |place: &f64| match panel.scale {
        Scale::Linear => short(*place),
        Scale::Logarithmic => short(10_f64.powf(*place)),
    };
    let ends = [axis.marks.first(), axis.marks.last()].map(|mark| mark.map_or(0.0, |m| m.log10()));
    let margin = (ends[1] - ends[0]) * 0.04;
    let across = axis.marks.iter().map(|mark| mark.log10()).collect();
    let mut chart = ChartBuilder::on(place)
        .margin_left(8)
        .margin_right(NAMES)
        .x_label_area_size(52)
        .y_label_area_size(76)
        .build_cartesian_2d(
            Marked { range: ends[0] - margin..ends[1] + margin, marks: across },
            Marked { range, marks },
        )?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GREY)
        .axis_style(DARK)
        .label_style(("sans-serif", 16))
        .axis_desc_style(("sans-serif", 17))
        .x_desc(axis.label)
        .y_desc(panel.label)
        .x_label_formatter(&|place| short(10_f64.powf(*place)))
        .y_label_formatter(&down)
        .draw()?;
    let mut names = Vec::new();
    for (line, colour) in panel.lines.iter().zip(COLOURS) {
        let at = |point: &Point, value: f64| (point.x.log10(), up(value));
        let medians: Vec<_> = line.points.iter().map(|p| at(p, p.y)).collect();
        let style = colour.stroke_width(2);
        names.extend(medians.last().map(|end| (chart.backend_coord(end), &line.name, colour)));
        chart.draw_series(LineSeries::new(medians.iter().copied(), style))?;
        chart.draw_series(medians.iter().map(|place| Circle::new(*place, 3, colour.filled())))?;
        let whisker = |p: &Point| PathElement::new([at(p, p.low), at(p, p.high)], colour);
        chart.draw_series(line.points.iter().map(whisker))?;
    }
    draw_names(place, names)
}

/// Writes each name right of the end of its line, apart from the others.
fn draw_names(
    place: &Area,
    mut names: Vec<((i32, i32), &String, RGBColor)>,
) -> Result<(), Failure> {
    names.sort_by_key(|((_, y), ..)| *y);
    let (across, down) = place.get_pixel_range();
    // A name is pushed down by the one above it, and all up again where they would leave the panel.
    let mut heights: Vec<i32> = names.iter().map(|((_, y), ..)| *y).collect();
    for i in 1..heights.len() {
        heights[i] = heights[i].max(heights[i - 1] + NAME_HEIGHT);
    }
    let mut lowest = down.end - 64;
    for height in heights.iter_mut().rev() {
        *height = (*height).min(lowest);
        lowest = *height - NAME_HEIGHT;
    }
    let left = across.end - across.start - NAMES + 8;
    for ((_, name, colour), height) in names.into_iter().zip(heights) {
        let at = (left, height - down.start);
        place.draw(&Text::new(name.clone(), at, text(16, colour, HPos::Left)))?;
    }
    Ok(())
}

/// The marks of the vertical axis and its two ends, as places.
fn vertical(scale: Scale, values: impl Iterator<Item = f64>) -> (Vec<f64>, Range<f64>) {
    let values = values.filter(|value| value.is_finite() && *value > 0.0);
    let (lowest, highest) =
        values.fold((f64::MAX, 0.0_f64), |(low, high), v| (low.min(v), high.max(v)));
    match scale {
        Scale::Linear => {
            let step = step(highest.max(f64::MIN_POSITIVE) / 5.0);
            let count = (highest / step).ceil().max(1.0) as i32;
            ((0..=count).map(|i| f64::from(i) * step).collect(), 0.0..f64::from(count) * step)
        }
        Scale::Logarithmic => {
            let low = lowest.min(highest.max(1.0)).log10().floor();
            let high = highest.max(1.0).log10().ceil().max(low + 1.0);
            ((low as i32..=high as i32).map(f64::from).collect(), low..high)
        }
    }
}

/// The least of 1, 2, 5, 10, 20, ... that is not below `wanted`.
fn step(wanted: f64) -> f64 {
    let power = 10_f64.powf(wanted.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= wanted);
    factor.unwrap_or(10.0) * power
}

/// A number with a blank between its thousands, and without needless digits.
fn short(value: f64) -> String {
    let rounded = (value * 1000.0).round() / 1000.0;
    let (whole, part) = (rounded.trunc().to_string(), rounded.fract());
    let mut text = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if part != 0.0 {
        text.push_str(format!("{part:.3}").trim_start_matches('0').trim_end_matches('0'));
    }
    text
}
