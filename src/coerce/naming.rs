//! What a property that is made for a column is called.

use super::names::{LONGEST_COLUMN, MAX_NAME, normalise, words_apart};

/// The internal name HubSpot takes for a new property: lower-case letters, digits and underscores, a letter first, at
/// most 100 characters. `None` where nothing of the column's name is left, or too much.
///
/// A name that begins with a digit gets an `n` before it, as HubSpot's own form does it. Two columns may come out as
/// one name; the caller decides between them.
#[must_use]
pub fn property_name(column: &str) -> Option<String> {
    if column.len() > LONGEST_COLUMN {
        return None;
    }
    let normal = normalise(column);
    let mut name = normal.trim_start_matches('_').to_owned();
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert(0, 'n');
    }
    name.truncate(MAX_NAME);
    (!name.is_empty()).then_some(name)
}

/// The name people are shown for a new property: the column's own where it is written for people, else its words.
#[must_use]
pub fn property_label(column: &str) -> String {
    let column = column.trim();
    if column.contains(char::is_whitespace) {
        return column.to_owned();
    }
    let shouted = !column.chars().any(char::is_lowercase);
    let spaced = if shouted { column.to_lowercase() } else { words_apart(column) };
    let spaced = spaced.replace(['_', '-', '.'], " ");
    let mut label = String::with_capacity(spaced.len());
    for (place, word) in spaced.split_whitespace().enumerate() {
        if place > 0 {
            label.push(' ');
        }
        let is_abbreviation = word.chars().nth(1).is_some() && !word.chars().any(char::is_lowercase);
        let mut letters = word.chars();
        match letters.next() {
            Some(first) if place == 0 => label.extend(first.to_uppercase()),
            Some(first) if is_abbreviation => label.push(first),
            Some(first) => label.extend(first.to_lowercase()),
            None => {}
        }
        label.push_str(letters.as_str());
    }
    if label.is_empty() { column.to_owned() } else { label }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::coerce::{is_property_name, testing};

    #[test]
    fn names_and_labels_of_new_properties() {
        for (column, name, label) in [
            ("shoe_size", "shoe_size", "Shoe size"),
            ("Shoe Size (EU)", "shoe_size_eu", "Shoe Size (EU)"),
            ("shoeSize", "shoesize", "Shoe size"),
            ("SHOE_SIZE", "shoe_size", "Shoe size"),
            ("lead-score.total", "lead_score_total", "Lead score total"),
            ("HTTPStatus", "httpstatus", "HTTP status"),
            ("2nd_address", "n2nd_address", "2nd address"),
            ("__private", "private", "Private"),
            ("Größe", "gr_e", "Größe"),
        ] {
            assert_eq!(property_name(column).as_deref(), Some(name), "{column}");
            assert_eq!(property_label(column), label, "{column}");
        }
        assert_eq!(property_name("名前"), None);
        assert_eq!(property_name("__"), None);
        assert_eq!(property_name(&"x".repeat(1_001)), None);
        assert_eq!(property_name(&"x".repeat(300)).unwrap().len(), 100);
    }

    proptest! {
        #![proptest_config(testing::config())]

        #[test]
        fn hubspot_takes_every_name(column in any::<String>()) {
            if let Some(name) = property_name(&column) {
                prop_assert!(is_property_name(&name), "{}", name);
                prop_assert_eq!(property_name(&name), Some(name.clone()));
            }
        }

        #[test]
        fn a_label_keeps_every_letter(column in "[a-zA-Z][a-zA-Z_. 0-9-]{0,30}") {
            let letters = |text: &str| {
                text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect::<String>()
            };
            prop_assert_eq!(letters(&property_label(&column)), letters(&column));
        }
    }
}
