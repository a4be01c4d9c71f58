//! JSON as raw text: the members of an object one after the other, and a cursor for what is nested.
//!
//! A leaf used wherever an object's text is taken apart without building a tree of it.

use std::borrow::Cow;

mod cursor;
mod index;
mod repeats;
mod special;
mod value;

pub use cursor::{Cursor, Malformed};
pub use index::{Index, Layout, Object};
pub use value::{Form, Raw};

/// The text is no JSON object, or a member's name is broken text (half of a UTF-16 pair).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnObject;

/// Calls `each` with the name and the raw value of every member, in the order of the text. Names that occur
/// twice are given twice.
///
/// # Errors
/// [`NotAnObject`]; members before the fault have been given.
pub fn members<'a>(text: &'a str, mut each: impl FnMut(Cow<'a, str>, &'a str)) -> Result<(), NotAnObject> {
    let mut cursor = Cursor::new(text);
    let walked = cursor.object(|cursor, name| cursor.value().map(|value| each(name, value)));
    walked.and_then(|()| cursor.end()).map_err(|_| NotAnObject)
}

/// The JSON type a raw value has, by its first character.
#[must_use]
pub fn type_name(raw: &str) -> &'static str {
    match raw.trim_ascii_start().as_bytes().first() {
        Some(b'{') => "object",
        Some(b'[') => "array",
        Some(b'"') => "string",
        Some(b't' | b'f') => "boolean",
        Some(b'n') => "null",
        Some(_) => "number",
        None => "nothing",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_come_in_order_with_raw_values() {
        let mut found = Vec::new();
        let text = r#" {"a":1.10,"b\n":{"c":[1e400]},"a":"\u0041"} "#;
        members(text, |name, value| found.push((name.into_owned(), value))).unwrap();
        let expected = [("a", "1.10"), ("b\n", r#"{"c":[1e400]}"#), ("a", r#""\u0041""#)];
        assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value)));
        for text in ["[]", "", "1", r#"{"a":}"#] {
            assert_eq!(members(text, |_, _| ()), Err(NotAnObject), "{text}");
        }
    }
}
