//! Plots as SVG files: black on white, so that they can be read on a dark page too.

pub mod dots;
pub mod lines;

use super::wrong;
use plotters::prelude::*;
use plotters::style::Color;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::fs;
use std::io;
use std::path::Path;

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

/// Colours that those who see few colours tell apart (Okabe and Ito's); the first for what a plot
/// is about.
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(90, 90, 90),
];
const GREY: RGBColor = RGBColor(215, 215, 215);
const DARK: RGBColor = RGBColor(60, 60, 60);

/// Draws on a white sheet of `size` and writes it to `path`, whose directory is made.
fn write(
    path: &Path,
    size: (u32, u32),
    draw: impl FnOnce(&Area) -> Result<(), Box<dyn std::error::Error>>,
) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let sheet = SVGBackend::new(path, size).into_drawing_area();
    let drawn = sheet.fill(&WHITE).map_err(Into::into).and_then(|()| draw(&sheet));
    let written = drawn.and_then(|()| sheet.present().map_err(Into::into));
    written.map_err(|error| wrong(format!("{}: {error}", path.display())))?;
    println!("plot: {}\n", path.display());
    Ok(())
}

/// A style of text of about `pixels` from its top to its foot, that stands at its place by `horizontal`, and at half its height.
fn text<'a>(pixels: u32, colour: RGBColor, horizontal: HPos) -> TextStyle<'a> {
    let mut style = TextStyle::from(("sans-serif", pixels).into_font());
    style.color = colour.to_backend_color();
    style.pos(Pos::new(horizontal, VPos::Center))
}
