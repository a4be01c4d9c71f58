//! Where the members of an object stand in its text: found by the pass that checks the text, so that whoever wants the
//! members need not look for them again.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use super::cursor::name_at;
use super::repeats::Repeats;
use super::value::{Form, Raw};
use super::{Cursor, Malformed, NotAnObject};

/// The places of an object's members. Kept from text to text, so that finding them takes no allocation, and names that
/// stand where they stood before are recognised without being read.
#[derive(Debug, Default)]
pub struct Index {
    places: Vec<Place>,
    expected: Expected,
    /// Among the names of an object of this layout, and so among those of the next while they are the same.
    repeats: (Layout, Repeats),
}

/// The names of the object before, in its order: rows of a stream come with the same columns in the same order.
#[derive(Debug, Default)]
struct Expected {
    /// Changes with the names.
    layout: Layout,
    /// What stands between the values: the names in their quotes, the colons, and white space where there is some.
    text: Vec<u8>,
    names: Vec<ExpectedName>,
}

#[derive(Clone, Copy, Debug)]
struct ExpectedName {
    start: usize,
    end: usize,
    /// Bytes of the name itself.
    length: usize,
    is_plain: bool,
}

/// The number of the next layout that differs from all before.
static NEXT_LAYOUT: AtomicU64 = AtomicU64::new(1);

/// Names that are remembered. An object type of HubSpot has at most 1,000 properties.
const MOST_EXPECTED: usize = 1_024;
/// Bytes of a name that is remembered, with what stands around it.
const LONGEST_EXPECTED: usize = 256;

/// Members for which room is kept from object to object: an object with more gives its memory back.
const MOST_KEPT: usize = 16 * MOST_EXPECTED;

/// Where a member stands, in bytes from the beginning of the text that the object is a part of. A line is at most 64 MiB
/// long, and half the size counts where it holds nothing but members.
#[derive(Clone, Copy, Debug)]
struct Place {
    name: (u32, u32),
    value: (u32, u32),
    name_is_plain: bool,
    form: Form,
}

impl Place {
    fn name(self, around: &str) -> Result<Cow<'_, str>, NotAnObject> {
        name_at(around, range(self.name), self.name_is_plain).map_err(|_| NotAnObject)
    }

    fn value(self, around: &str) -> Result<Raw<'_>, NotAnObject> {
        let value = around.get(range(self.value)).ok_or(NotAnObject)?;
        Ok(Raw::seen(value, self.form))
    }
}

fn range((start, end): (u32, u32)) -> Range<usize> {
    start as usize..end as usize
}

/// A place that lies beyond what a line can hold leads nowhere.
fn short(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

/// A JSON value that should be an object, as raw text, and where its members are if that is known.
/// The default is no value at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct Object<'a> {
    text: &'a str,
    members: Option<Members<'a>>,
}

#[derive(Clone, Copy, Debug)]
struct Members<'a> {
    /// What the object is a part of.
    around: &'a str,
    places: &'a [Place],
    layout: Option<Layout>,
    repeats: &'a Repeats,
}

/// Which names the members of an object have, in their order. Of two objects with one layout, the shorter has the names
/// that the longer begins with. No two indexes share one, but for that of no names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layout(u64);

impl Index {
    /// Takes the next value, and the places of its members if it is an object.
    ///
    /// # Errors
    /// [`Malformed`] where it is no JSON.
    pub fn read<'a>(&'a mut self, cursor: &mut Cursor<'a>) -> Result<Object<'a>, Malformed> {
        self.places.clear();
        if self.places.capacity() > MOST_KEPT {
            self.places = Vec::new();
        }
        if !cursor.is_object()? {
            return Ok(Object::of(cursor.value()?));
        }
        let start = cursor.offset();
        cursor.open(b'{')?;
        let mut goes_on = !cursor.closes(b'}')?;
        while goes_on {
            let (name, name_is_plain) = self.expected.next(cursor, self.places.len())?;
            cursor.peek()?;
            let value = cursor.offset();
            let form = cursor.form()?;
            self.places.push(Place {
                name: (short(name.start), short(name.end)),
                value: (short(value), short(cursor.offset())),
                name_is_plain,
                form,
            });
            goes_on = cursor.goes_on(b'}')?;
        }
        let (seen, repeats) = &self.repeats;
        if self.expected.layout != *seen || !repeats.holds_for(self.places.len()) {
            self.repeats = (self.expected.layout, self.find_repeats(cursor.whole()));
        }
        let (_, repeats) = &self.repeats;
        // What is not remembered of it may differ from object to object, and who goes by the layout takes every member.
        let is_remembered = self.places.len() <= self.expected.names.len() && repeats.is_empty();
        let layout = is_remembered.then_some(self.expected.layout);
        let members = Members { around: cursor.whole(), places: &self.places, layout, repeats };
        Ok(Object { text: cursor.since(start)?, members: Some(members) })
    }

    /// Which members come again further behind. A broken name is like no other, and ends a walk anyway.
    fn find_repeats(&self, around: &str) -> Repeats {
        Repeats::among(self.places.len(), |number| self.places.get(number)?.name(around).ok())
    }

    /// The places of the members of a text that is an object and nothing else.
    fn places_of<'a>(&'a mut self, text: &'a str) -> Result<(&'a [Place], &'a Repeats), NotAnObject> {
        let mut cursor = Cursor::new(text);
        let object = self.read(&mut cursor).map_err(|_| NotAnObject)?;
        let members = object.members.ok_or(NotAnObject)?;
        cursor.end().map_err(|_| NotAnObject)?;
        Ok((members.places, members.repeats))
    }
}

impl Expected {
    /// Takes a member's name up to its value, given how many came before it.
    #[inline]
    fn next(&mut self, cursor: &mut Cursor<'_>, number: usize) -> Result<(Range<usize>, bool), Malformed> {
        cursor.peek()?;
        let start = cursor.offset();
        if let Some(known) = self.names.get(number)
            && cursor.is_past(&self.text[known.start..known.end])
        {
            return Ok((start + 1..start + 1 + known.length, known.is_plain));
        }
        let (name, is_plain) = cursor.name()?;
        self.learn(number, cursor.since(start)?, name.len(), is_plain);
        Ok((name, is_plain))
    }

    /// From here on this object differs from the one before. Names beyond what objects of HubSpot have are not worth
    /// their memory.
    #[cold]
    fn learn(&mut self, number: usize, text: &str, length: usize, is_plain: bool) {
        self.layout = Layout(NEXT_LAYOUT.fetch_add(1, Ordering::Relaxed));
        self.names.truncate(number);
        let start = self.names.last().map_or(0, |known| known.end);
        self.text.truncate(start);
        if number == self.names.len() && number < MOST_EXPECTED && text.len() <= LONGEST_EXPECTED {
            self.text.extend_from_slice(text.as_bytes());
            self.names.push(ExpectedName { start, end: self.text.len(), length, is_plain });
        }
    }
}

impl<'a> Object<'a> {
    /// A value of which nothing is known yet.
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        Self { text, members: None }
    }

    /// The raw text.
    #[must_use]
    pub fn text(self) -> &'a str {
        self.text
    }

    /// Which names its members have, where that is known.
    #[must_use]
    pub fn layout(self) -> Option<Layout> {
        self.members?.layout
    }

    /// How many members it has, where that is known.
    #[must_use]
    pub fn known_length(self) -> Option<usize> {
        self.members.map(|members| members.places.len())
    }

    /// The value of the member that stands at this place, counted from 0, where places are known.
    #[must_use]
    pub fn value(self, place: usize) -> Option<Raw<'a>> {
        let Members { around, places, .. } = self.members?;
        let place = places.get(place)?;
        place.value(around).ok()
    }

    /// Calls `each` with every value, in the order of the text, for those who know the names by the layout.
    ///
    /// # Errors
    /// [`NotAnObject`].
    #[inline]
    pub fn values(self, mut each: impl FnMut(Raw<'a>)) -> Result<(), NotAnObject> {
        let Members { around, places, .. } = self.members.ok_or(NotAnObject)?;
        for place in places {
            each(place.value(around)?);
        }
        Ok(())
    }

    /// Calls `each` with the name and the value of every member, in the order of the text. Of a name that occurs twice
    /// the last value is given.
    ///
    /// # Errors
    /// [`NotAnObject`]; members before a broken name have been given.
    #[inline]
    pub fn members(self, mut each: impl FnMut(Cow<'a, str>, Raw<'a>)) -> Result<(), NotAnObject> {
        let mut index = Index::default();
        let (around, places, repeats) = match self.members {
            Some(members) => (members.around, members.places, members.repeats),
            None => {
                let (places, repeats) = index.places_of(self.text)?;
                (self.text, places, repeats)
            }
        };
        let mut earlier = repeats.earlier();
        for (number, place) in places.iter().enumerate() {
            let name = place.name(around)?;
            if !earlier.contains(number) {
                each(name, place.value(around)?);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Members = (Vec<(String, String)>, Result<(), NotAnObject>);

    #[test]
    fn of_a_name_that_comes_again_the_last_value_counts() {
        let mut index = Index::default();
        for (text, expected) in [
            (r#"{"a":1,"b":2,"a":3}"#, r#"b 2 a 3"#),
            (r#"{"a":1,"b":2}"#, "a 1 b 2"),
            (r#"{"a":1,"b":2,"a":4}"#, "b 2 a 4"),
            (r#"{"a":1,"b":2,"a":4,"\u0061":5,"b":6}"#, "a 5 b 6"),
            (r#"{"a":1}"#, "a 1"),
            (r#"{"a":1,"a":null}"#, "a null"),
            (r#"{"x":{"y":1,"y":2},"x":{"y":3,"y":4}}"#, r#"x {"y":3,"y":4}"#),
        ] {
            for _again in 0..2 {
                let object = index.read(&mut Cursor::new(text)).unwrap();
                let flat = |(found, _): Members| {
                    found
                        .into_iter()
                        .map(|(name, value)| format!("{name} {value}"))
                        .collect::<Vec<_>>()
                        .join(" ")
                };
                assert_eq!(flat(listed(object)), expected, "{text}");
                assert_eq!(flat(listed(Object::of(text))), expected, "{text}");
                let has_each_once = object.known_length() == Some(expected.matches(' ').count().div_ceil(2));
                assert_eq!(object.layout().is_some(), has_each_once, "{text}");
            }
        }
    }

    #[test]
    fn a_large_object_gives_its_memory_back() {
        let mut index = Index::default();
        let many: Vec<String> = (0..100_000).map(|number| format!("\"n{number}\":0")).collect();
        let text = format!("{{{},\"n7\":1}}", many.join(","));
        let object = index.read(&mut Cursor::new(&text)).unwrap();
        let mut names = 0;
        object.members(|name, value| names += usize::from((&*name, value.text()) != ("n7", "0"))).unwrap();
        assert_eq!(names, 100_000);
        index.read(&mut Cursor::new("{}")).unwrap();
        assert!(index.places.capacity() <= MOST_KEPT);
    }

    fn listed(object: Object<'_>) -> Members {
        let mut found = Vec::new();
        let walked = object.members(|name, value| found.push((name.into_owned(), value.text().to_owned())));
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

    #[test]
    fn what_is_remembered_of_names_is_bounded() {
        let mut index = Index::default();
        let many: Vec<String> = (0..3_000).map(|number| format!("\"n{number}\":0")).collect();
        let long = format!("\"{}\":0", "x".repeat(100_000));
        for text in [format!("{{{}}}", many.join(",")), format!("{{{long},{}}}", many.join(","))] {
            for _again in 0..2 {
                let object = index.read(&mut Cursor::new(&text)).unwrap();
                assert_eq!(listed(object), listed(Object::of(&text)));
            }
            assert!(index.expected.text.len() <= MOST_EXPECTED * LONGEST_EXPECTED);
        }
    }

    /// Objects that are much like each other, with white space, escapes, and now and then a fault.
    fn rows() -> impl Strategy<Value = Vec<String>> {
        let name =
            prop::sample::select(vec!["a", "b", "ab", "a\\u0062", "é", "", "\\ud800", "a\":\"b", "x\\\\"]);
        let value = prop::sample::select(vec![
            "1",
            "\"x\"",
            "\"\\n\"",
            "null",
            "[1,{\"a\":2}]",
            "{}",
            "nul",
            "\"\u{1}\"",
        ]);
        let colon = prop::sample::select(vec![":", " :", ": ", "\n:\t", ""]);
        let comma = prop::sample::select(vec![",", " , ", ",\n"]);
        let usual = (Just("a"), Just(":"), Just("1"), Just(","));
        let member = prop_oneof![4 => usual.boxed(), 1 => (name, colon, value, comma).boxed()];
        let row = prop::collection::vec(member, 0..5).prop_map(|members| {
            let mut text = "{".to_owned();
            for (place, (name, colon, value, comma)) in members.into_iter().enumerate() {
                let comma = if place == 0 { "" } else { comma };
                text.push_str(&format!("{comma}\"{name}\"{colon}{value}"));
            }
            text + "}"
        });
        prop::collection::vec(row, 1..8)
    }

    proptest! {
        #[test]
        fn the_rows_before_change_nothing(rows in rows()) {
            let mut index = Index::default();
            for row in &rows {
                let read = index.read(&mut Cursor::new(row)).map(|object| (object.text(), listed(object)));
                let is_json = serde_json::from_str::<&serde_json::value::RawValue>(row).is_ok();
                prop_assert_eq!(read.is_ok(), is_json, "{}", row);
                if let Ok(read) = read {
                    prop_assert_eq!(read, (&**row, listed(Object::of(row))));
                }
            }
        }
    }
}
