//! How much of a whole may be something: so many, or so many percent of it.

use std::fmt;
use std::str::FromStr;

/// A bound on a part of a whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// So many.
    Count(u64),
    /// So many percent of the whole, 0 to 100.
    Percent(f64),
}

/// The text is neither a whole number nor a percentage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotABound;

impl Bound {
    /// Whether a part of so many is more than the bound allows of the whole.
    #[must_use]
    pub fn is_exceeded_by(self, part: u64, whole: u64) -> bool {
        match self {
            Self::Count(most) => part > most,
            Self::Percent(most) => part as f64 * 100.0 > most * whole as f64,
        }
    }
}

impl FromStr for Bound {
    type Err = NotABound;

    /// Reads `100` or `5%`, decimals of a percentage included.
    fn from_str(text: &str) -> Result<Self, NotABound> {
        let text = text.trim();
        match text.strip_suffix('%') {
            None if is_number(text, 0) => text.parse().map(Self::Count).map_err(|_| NotABound),
            Some(number) if is_number(number.trim_end(), 1) => {
                let percent: f64 = number.trim_end().parse().map_err(|_| NotABound)?;
                if percent <= 100.0 { Ok(Self::Percent(percent)) } else { Err(NotABound) }
            }
            _ => Err(NotABound),
        }
    }
}

/// Whether a text is digits, with at most so many decimal points among them.
fn is_number(text: &str, points: usize) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let found = text.bytes().filter(|byte| *byte == b'.').count();
    digits > 0 && digits + found == text.len() && found <= points
}

impl fmt::Display for Bound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(most) => write!(formatter, "{most}"),
            Self::Percent(most) => write!(formatter, "{most}%"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_percentages_are_read_and_nothing_else() {
        for (text, bound) in [
            ("0", Bound::Count(0)),
            (" 100 ", Bound::Count(100)),
            ("5%", Bound::Percent(5.0)),
            ("2.5 %", Bound::Percent(2.5)),
            ("100%", Bound::Percent(100.0)),
        ] {
            assert_eq!(text.parse(), Ok(bound), "{text}");
            assert_eq!(bound.to_string().parse(), Ok(bound), "{text}");
        }
        for text in
            ["", "%", "-1", "1.5", "5%%", "101%", "1e3%", "nan%", "ten", "1 000", "99999999999999999999", "."]
        {
            assert_eq!(text.parse::<Bound>(), Err(NotABound), "{text}");
        }
    }

    #[test]
    fn a_bound_itself_is_allowed() {
        for (bound, part, whole, exceeded) in [
            (Bound::Count(0), 0, 0, false),
            (Bound::Count(0), 1, 10, true),
            (Bound::Count(5), 5, 5, false),
            (Bound::Percent(0.0), 0, 0, false),
            (Bound::Percent(10.0), 100, 1_000, false),
            (Bound::Percent(10.0), 101, 1_000, true),
            (Bound::Percent(100.0), 7, 7, false),
        ] {
            assert_eq!(bound.is_exceeded_by(part, whole), exceeded, "{part} of {whole}, {bound}");
        }
    }
}
