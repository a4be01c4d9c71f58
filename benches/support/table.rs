//! Samples as numbers, numbers as cells of a table.

use std::fmt::{Display, Formatter, Result, Write as _};

/// What was measured several times.
#[derive(Clone, Debug, Default)]
pub(crate) struct Samples(Vec<f64>);

impl FromIterator<f64> for Samples {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        Self(values)
    }
}

impl Samples {
    /// The middle one, or the mean of the two in the middle; 0 where nothing was measured.
    pub(crate) fn median(&self) -> f64 {
        match self.0.len() {
            0 => 0.0,
            length if length % 2 == 1 => self.0[length / 2],
            length => f64::midpoint(self.0[length / 2 - 1], self.0[length / 2]),
        }
    }

    /// Median and spread: `1,234 (1,200–1,300)`, with so many decimals.
    pub(crate) fn cell(&self, decimals: usize) -> String {
        self.cell_in(decimals, "")
    }

    /// The same with a unit behind the median: `8.1× (7.9–8.4)`.
    pub(crate) fn cell_in(&self, decimals: usize, unit: &str) -> String {
        let show = |value: f64| Number(value, decimals).to_string();
        let (Some(least), Some(most)) = (self.0.first(), self.0.last()) else { return "–".to_owned() };
        if self.0.len() == 1 {
            return format!("{}{unit}", show(*least));
        }
        format!("{}{unit} ({}–{})", show(self.median()), show(*least), show(*most))
    }
}

/// A number that is not negative, with so many decimals, and commas between thousands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number(pub(crate) f64, pub(crate) usize);

impl Display for Number {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        let text = format!("{:.*}", self.1, self.0);
        let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
        for (place, digit) in whole.char_indices() {
            if place > 0 && (whole.len() - place).is_multiple_of(3) {
                formatter.write_char(',')?;
            }
            formatter.write_char(digit)?;
        }
        formatter.write_str(rest)
    }
}

/// A table in Markdown: numbers to the right, the first column to the left.
#[derive(Debug)]
pub(crate) struct Table(String);

impl Table {
    /// A table with these columns.
    pub(crate) fn new(columns: &[&str]) -> Self {
        let rules: String =
            (0..columns.len()).map(|place| if place == 0 { "---|" } else { "---:|" }).collect();
        Self(format!("| {} |\n|{rules}\n", columns.join(" | ")))
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: &[String]) {
        // Writing to a string cannot fail.
        let _infallible = writeln!(self.0, "| {} |", cells.join(" | "));
    }
}

impl Display for Table {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        formatter.write_str(&self.0)
    }
}
