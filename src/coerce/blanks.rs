//! Characters that cannot be seen: white space, and what has no shape or width at all.
//!
//! Values pasted from spreadsheets and web pages come with them at their ends, where they mean nothing. HubSpot refuses
//! values of every property that is not text when they begin or end with one. Source: HubSpot's changelog, "Enhanced
//! validations for non-string properties in HubSpot's CRM object APIs".

use std::borrow::Cow;

/// `text` without blanks and other invisible characters around it.
pub(super) fn trim(text: &str) -> &str {
    if is_bare(text) { text } else { text.trim_matches(is_invisible) }
}

/// Whether neither end of `text` needs a closer look: both are seen, and ASCII.
///
/// Mostly that is so, which two bytes tell; looking character by character costs 80 instructions.
#[inline]
pub(super) fn is_bare(text: &str) -> bool {
    let is_seen = |end: Option<&u8>| end.is_some_and(u8::is_ascii_graphic);
    let bytes = text.as_bytes();
    is_seen(bytes.first()) && is_seen(bytes.last())
}

/// Whether there is nothing to be seen.
pub(super) fn is_blank(text: &str) -> bool {
    trim(text).is_empty()
}

/// `text` without the characters that take no room, wherever they stand; blanks stay.
pub(super) fn seen(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || !text.contains(takes_no_room) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.chars().filter(|c| !takes_no_room(*c)).collect())
    }
}

fn is_invisible(c: char) -> bool {
    c.is_whitespace() || c.is_control() || takes_no_room(c)
}

/// Joiners, direction marks, byte order marks, fillers. Selectors of a character's variant belong to the character.
///
/// Source: Unicode, `Default_Ignorable_Code_Point`, and the blank of Braille.
fn takes_no_room(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_trimmed_and_nothing_else() {
        for around in [
            "",
            " ",
            "\t\n",
            "\u{a0}",
            "\u{200b}",
            "\u{feff}",
            "\u{200e}\u{200f}",
            "\u{200d} \u{2060}",
            "\u{202a}",
            "\0",
        ] {
            for text in ["x", "a b", "é", "7\u{200b}7", "❤\u{fe0f}"] {
                assert_eq!(trim(&format!("{around}{text}{around}")), text, "{around:?}");
            }
            assert!(is_blank(around) && !is_blank(&format!("{around}.")), "{around:?}");
        }
    }

    #[test]
    fn inside_only_what_takes_no_room_goes() {
        assert_eq!(seen("\u{200e}1990\u{200e}-\u{200e}02 \u{a0}é"), "1990-02 \u{a0}é");
        assert!(matches!(seen("é x"), Cow::Borrowed(_)));
    }
}
