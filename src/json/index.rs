//! Where the members of an object stand in its text: found by the pass that checks the text, so that whoever wants the
//! members need not look for them again.

use std::borrow::Cow;

use super::cursor::name_at;
use super::{Cursor, Malformed, NotAnObject, members};

/// The places of an object's members. Kept from text to text, so that finding them takes no allocation.
#[derive(Debug, Default)]
pub struct Index {
    places: Vec<Place>,
}

/// Where a member stands, in bytes from the beginning of the object's text.
#[derive(Clone, Copy, Debug)]
struct Place {
    name: (u32, u32),
    value: (u32, u32),
    name_is_plain: bool,
}

/// A JSON value that should be an object, as raw text, and where its members are if that is known.
/// The default is no value at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct Object<'a> {
    text: &'a str,
    places: Option<&'a [Place]>,
}

impl Index {
    /// Takes the next value, and the places of its members if it is an object.
    ///
    /// # Errors
    /// [`Malformed`] where it is no JSON.
    pub fn read<'a>(&'a mut self, cursor: &mut Cursor<'a>) -> Result<Object<'a>, Malformed> {
        self.places.clear();
        if !cursor.is_object()? {
            return Ok(Object::of(cursor.value()?));
        }
        let start = cursor.offset();
        let place = |from: usize, to: usize| (short(from - start), short(to - start));
        cursor.object_at(|cursor, name, name_is_plain| {
            let length = cursor.value()?.len();
            let end = cursor.offset();
            let name = place(name.start, name.end);
            self.places.push(Place { name, value: place(end - length, end), name_is_plain });
            Ok(())
        })?;
        Ok(Object { text: cursor.since(start)?, places: Some(&self.places) })
    }
}

/// A line is much shorter than this can count; of a text that is not, members are not found where they seem to be.
fn short(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

impl<'a> Object<'a> {
    /// A value of which nothing is known yet.
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        Self { text, places: None }
    }

    /// The raw text.
    #[must_use]
    pub fn text(self) -> &'a str {
        self.text
    }

    /// Calls `each` as [`members`] does.
    ///
    /// # Errors
    /// [`NotAnObject`]; members before the fault have been given.
    pub fn members(self, mut each: impl FnMut(Cow<'a, str>, &'a str)) -> Result<(), NotAnObject> {
        let Some(places) = self.places else { return members(self.text, each) };
        let cut = |(from, to): (u32, u32)| self.text.get(from as usize..to as usize).ok_or(NotAnObject);
        for place in places {
            let name = place.name.0 as usize..place.name.1 as usize;
            let name = name_at(self.text, name, place.name_is_plain).map_err(|_| NotAnObject)?;
            each(name, cut(place.value)?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Members = (Vec<(String, String)>, Result<(), NotAnObject>);

    fn listed(object: Object<'_>) -> Members {
        let mut found = Vec::new();
        let walked = object.members(|name, value| found.push((name.into_owned(), value.to_owned())));
        (found, walked)
    }

    #[test]
    fn an_indexed_object_has_the_members_of_its_text() {
        let mut index = Index::default();
        for text in [
            r#"{}"#,
            r#"{"a":1,"b":"x","a":[{"c":null}]}"#,
            r#"{ "a\n" : 1 , "\u00e9" : { "x" : "}" } , "":"" }"#,
            r#"{"ok":1,"\ud800":2,"never":3}"#,
            "[1]",
            "7",
            "null",
        ] {
            let padded = format!(" \t{text} ,");
            let mut cursor = Cursor::new(&padded);
            let object = index.read(&mut cursor).unwrap();
            assert_eq!((object.text(), listed(object)), (text, listed(Object::of(text))), "{text}");
        }
        assert!(index.read(&mut Cursor::new(r#"{"a":}"#)).is_err());
        let again = index.read(&mut Cursor::new(r#"{"b":2}"#)).unwrap();
        assert_eq!(listed(again), (vec![("b".to_owned(), "2".to_owned())], Ok(())));
    }
}
