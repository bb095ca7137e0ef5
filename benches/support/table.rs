//! Medians of rounds, and tables that can be pasted into a page.

/// The median; not a number where there is no value.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 0 => (values[n / 2 - 1] + values[n / 2]) / 2.0,
        n => values[n / 2],
    }
}

/// A value with as many digits as say something; `-` where there is none.
pub fn figure(value: f64) -> String {
    match value.abs() {
        magnitude if !magnitude.is_finite() => "-".to_owned(),
        magnitude if magnitude < 10.0 => format!("{value:.2}"),
        magnitude if magnitude < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// Prints a Markdown table, the first column aligned left, the others right.
pub fn print(headings: &[&str], rows: &[Vec<String>]) {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        let widths = cells.map(|cell| cell.chars().count());
        widths.max().unwrap_or(0).max(headings[column].chars().count())
    };
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    let headings: Vec<String> = headings.iter().map(|heading| heading.to_string()).collect();
    print_row(&headings, &widths);
    let rules: Vec<String> = widths.iter().map(|&w| format!("{}:", "-".repeat(w - 1))).collect();
    println!("| {} | {} |", "-".repeat(widths[0]), rules[1..].join(" | "));
    rows.iter().for_each(|row| print_row(row, &widths));
    println!();
}

fn print_row(cells: &[String], widths: &[usize]) {
    let cell = |(column, &width): (usize, &usize)| match cells.get(column) {
        Some(text) if column == 0 => format!("{text:<width$}"),
        Some(text) => format!("{text:>width$}"),
        None => " ".repeat(width),
    };
    let line: Vec<String> = widths.iter().enumerate().map(cell).collect();
    println!("| {} |", line.join(" | "));
}
