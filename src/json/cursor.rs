//! A place in a JSON text, moving forward: the text is checked and cut into raw values, and nothing is built of it.
//!
//! What serde_json would refuse is refused here, and what it takes is taken (the tests compare them on mutated texts).
//! It exists because every byte of every record and answer goes through it. With it, and with the places of a record's
//! members noted as it is checked ([`super::Index`]), 20,000 contacts of 20 properties took 656 million instructions
//! from stdin to settled instead of 822, with two small changes beside them (callgrind, release build, without its start).

use std::borrow::Cow;
use std::ops::Range;

use super::special;

/// The text is no JSON, or not what it was taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// It ends too early.
    Truncated,
    /// It breaks JSON's grammar, or a name in it is broken text (half of a UTF-16 pair).
    NotJson,
    /// It is JSON of another shape than was asked for.
    OtherShape,
}

/// A place in a JSON text. Every step takes one value and what stands before it.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    text: &'a str,
    at: usize,
    /// Whether control characters have to be looked for in strings: mostly the text has none anywhere.
    has_controls: bool,
}

impl<'a> Cursor<'a> {
    /// The beginning of a text.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0, has_controls: special::has_controls(text.as_bytes()) }
    }

    /// Walks an object: `each` is called with every member's name, in the order of the text and as often as it stands
    /// there, and has to take the member's value.
    ///
    /// # Errors
    /// [`Malformed`], or what `each` says; members before the fault have been given.
    pub fn object(
        &mut self,
        mut each: impl FnMut(&mut Self, Cow<'a, str>) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        self.object_at(|cursor, name, is_plain| {
            let name = name_at(cursor.text, name, is_plain)?;
            each(cursor, name)
        })
    }

    /// The same, telling where the name stands, without its quotes, and whether it holds no escape.
    pub(super) fn object_at(
        &mut self,
        mut each: impl FnMut(&mut Self, Range<usize>, bool) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        self.open(b'{')?;
        if self.closes(b'}')? {
            return Ok(());
        }
        loop {
            if self.peek()? != b'"' {
                return Err(Malformed::NotJson);
            }
            let start = self.at + 1;
            let is_plain = self.string()?;
            let name = start..self.at - 1;
            self.colon()?;
            each(self, name, is_plain)?;
            if self.closes(b'}')? {
                return Ok(());
            }
            self.separator()?;
        }
    }

    /// Walks an array: `each` is called at every element, which it has to take.
    ///
    /// # Errors
    /// [`Malformed`], or what `each` says; elements before the fault have been given.
    pub fn array(
        &mut self,
        mut each: impl FnMut(&mut Self) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        self.open(b'[')?;
        if self.closes(b']')? {
            return Ok(());
        }
        loop {
            each(self)?;
            if self.closes(b']')? {
                return Ok(());
            }
            self.separator()?;
        }
    }

    /// The raw text of one value, without white space around it. As deep as it likes: nothing here recurses.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn value(&mut self) -> Result<&'a str, Malformed> {
        let first = self.peek()?;
        let start = self.at;
        match first {
            b'{' | b'[' => self.nested()?,
            scalar => self.scalar(scalar)?,
        }
        self.since(start)
    }

    /// Takes `null` if that is the next value, and nothing otherwise.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn null(&mut self) -> Result<bool, Malformed> {
        let is_null = self.peek()? == b'n';
        if is_null {
            self.literal("null")?;
        }
        Ok(is_null)
    }

    /// Whether the next value is a string. Takes nothing.
    ///
    /// # Errors
    /// [`Malformed::Truncated`] where nothing is left.
    pub fn is_text(&mut self) -> Result<bool, Malformed> {
        Ok(self.peek()? == b'"')
    }

    /// Whether the next value is an object. Takes nothing.
    ///
    /// # Errors
    /// [`Malformed::Truncated`] where nothing is left.
    pub fn is_object(&mut self) -> Result<bool, Malformed> {
        Ok(self.peek()? == b'{')
    }

    /// Where in the text this is, in bytes.
    pub(super) fn offset(&self) -> usize {
        self.at
    }

    /// The text of the next value, which is a string.
    ///
    /// # Errors
    /// [`Malformed`]; a string that is broken text is [`Malformed::NotJson`].
    pub fn text(&mut self) -> Result<Cow<'a, str>, Malformed> {
        if self.peek()? != b'"' {
            self.value()?;
            return Err(Malformed::OtherShape);
        }
        let start = self.at;
        let is_plain = self.string()?;
        let quoted = self.since(start)?;
        match quoted.get(1..quoted.len() - 1) {
            Some(body) if is_plain => Ok(Cow::Borrowed(body)),
            _ => decoded(quoted),
        }
    }

    /// Nothing but white space is left.
    ///
    /// # Errors
    /// [`Malformed::NotJson`] where something is.
    pub fn end(&mut self) -> Result<(), Malformed> {
        match self.peek() {
            Err(Malformed::Truncated) => Ok(()),
            _ => Err(Malformed::NotJson),
        }
    }

    #[inline]
    fn colon(&mut self) -> Result<(), Malformed> {
        if self.peek()? != b':' {
            return Err(Malformed::NotJson);
        }
        self.at += 1;
        Ok(())
    }

    fn open(&mut self, bracket: u8) -> Result<(), Malformed> {
        if self.peek()? == bracket {
            self.at += 1;
            return Ok(());
        }
        self.value()?;
        Err(Malformed::OtherShape)
    }

    /// Whether the bracket stands here; it is taken then.
    #[inline]
    fn closes(&mut self, bracket: u8) -> Result<bool, Malformed> {
        let closes = self.peek()? == bracket;
        self.at += usize::from(closes);
        Ok(closes)
    }

    #[inline]
    fn separator(&mut self) -> Result<(), Malformed> {
        if self.peek()? != b',' {
            return Err(Malformed::NotJson);
        }
        self.at += 1;
        Ok(())
    }

    /// The next byte that is no white space.
    #[inline]
    fn peek(&mut self) -> Result<u8, Malformed> {
        while let Some(byte) = self.text.as_bytes().get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\t' | b'\r') {
                return Ok(*byte);
            }
            self.at += 1;
        }
        Err(Malformed::Truncated)
    }

    #[inline]
    pub(super) fn since(&self, start: usize) -> Result<&'a str, Malformed> {
        self.text.get(start..self.at).ok_or(Malformed::NotJson)
    }

    /// An array or object with all that is in it.
    fn nested(&mut self) -> Result<(), Malformed> {
        let mut open = Brackets::default();
        loop {
            match self.peek()? {
                b'{' => {
                    self.at += 1;
                    if !self.closes(b'}')? {
                        self.skip_name()?;
                        open.push(b'}');
                        continue;
                    }
                }
                b'[' => {
                    self.at += 1;
                    if !self.closes(b']')? {
                        open.push(b']');
                        continue;
                    }
                }
                scalar => self.scalar(scalar)?,
            }
            loop {
                let Some(close) = open.last() else { return Ok(()) };
                if self.closes(close)? {
                    open.pop();
                    continue;
                }
                self.separator()?;
                if close == b'}' {
                    self.skip_name()?;
                }
                break;
            }
        }
    }

    fn skip_name(&mut self) -> Result<(), Malformed> {
        if self.peek()? != b'"' {
            return Err(Malformed::NotJson);
        }
        self.string()?;
        self.colon()
    }

    #[inline]
    fn scalar(&mut self, first: u8) -> Result<(), Malformed> {
        match first {
            b'"' => self.string().map(|_is_plain| ()),
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.literal("true"),
            b'f' => self.literal("false"),
            b'n' => self.literal("null"),
            _ => Err(Malformed::NotJson),
        }
    }

    fn literal(&mut self, literal: &str) -> Result<(), Malformed> {
        let rest = &self.text.as_bytes()[self.at..];
        if rest.starts_with(literal.as_bytes()) {
            self.at += literal.len();
            return Ok(());
        }
        Err(if literal.as_bytes().starts_with(rest) { Malformed::Truncated } else { Malformed::NotJson })
    }

    fn number(&mut self) -> Result<(), Malformed> {
        if self.is_at(b'-') {
            self.at += 1;
        }
        if self.is_at(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.is_at(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if self.is_at(b'e') || self.is_at(b'E') {
            self.at += 1;
            if self.is_at(b'+') || self.is_at(b'-') {
                self.at += 1;
            }
            self.digits()?;
        }
        // Nothing but white space or punctuation may follow: whoever asks for what comes next sees to that.
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Malformed> {
        let rest = &self.text.as_bytes()[self.at..];
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += digits;
        match (digits, rest.is_empty()) {
            (0, true) => Err(Malformed::Truncated),
            (0, false) => Err(Malformed::NotJson),
            _ => Ok(()),
        }
    }

    fn is_at(&self, byte: u8) -> bool {
        self.text.as_bytes().get(self.at) == Some(&byte)
    }

    /// A string, from its first quote to its last; whether it holds no escape.
    #[inline]
    fn string(&mut self) -> Result<bool, Malformed> {
        let bytes = self.text.as_bytes();
        let mut at = self.at + 1;
        let mut is_plain = true;
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            let plain = special::plain_bytes(rest);
            if self.has_controls && rest[..plain].iter().any(|byte| *byte < 0x20) {
                return Err(Malformed::NotJson);
            }
            at += plain;
            match bytes.get(at) {
                Some(b'"') => {
                    self.at = at + 1;
                    return Ok(is_plain);
                }
                // A backslash.
                Some(_) => {
                    is_plain = false;
                    self.at = at;
                    self.escape()?;
                    at = self.at;
                }
                None => return Err(Malformed::Truncated),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Malformed> {
        let rest = &self.text.as_bytes()[self.at + 1..];
        match rest.first() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let digits = rest[1..].iter().take(4);
                if !digits.clone().all(u8::is_ascii_hexdigit) {
                    return Err(Malformed::NotJson);
                }
                if digits.count() < 4 {
                    return Err(Malformed::Truncated);
                }
                self.at += 6;
            }
            Some(_) => return Err(Malformed::NotJson),
            None => return Err(Malformed::Truncated),
        }
        Ok(())
    }
}

/// A name that stands at a place of a text, as [`Cursor::object_at`] tells it.
#[inline]
pub(super) fn name_at(text: &str, place: Range<usize>, is_plain: bool) -> Result<Cow<'_, str>, Malformed> {
    if is_plain {
        return text.get(place).map(Cow::Borrowed).ok_or(Malformed::NotJson);
    }
    decoded(text.get(place.start - 1..place.end + 1).ok_or(Malformed::NotJson)?)
}

fn decoded(quoted: &str) -> Result<Cow<'_, str>, Malformed> {
    serde_json::from_str(quoted).map(Cow::Owned).map_err(|_| Malformed::NotJson)
}

/// What is open, as the brackets that close it. The inner 64 take no allocation.
#[derive(Default)]
struct Brackets {
    /// One bit each, the innermost lowest: set for an object.
    inner: u64,
    depth: usize,
    outer: Vec<u64>,
}

impl Brackets {
    fn push(&mut self, close: u8) {
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.outer.push(self.inner);
        }
        self.inner = self.inner << 1 | u64::from(close == b'}');
        self.depth += 1;
    }

    fn pop(&mut self) {
        self.depth -= 1;
        self.inner >>= 1;
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.inner = self.outer.pop().unwrap_or_default();
        }
    }

    fn last(&self) -> Option<u8> {
        (self.depth > 0).then_some(if self.inner & 1 == 1 { b'}' } else { b']' })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::*;

    fn whole(text: &str) -> Result<&str, Malformed> {
        let mut cursor = Cursor::new(text);
        let value = cursor.value()?;
        cursor.end().map(|()| value)
    }

    fn by_serde(text: &str) -> Option<&str> {
        serde_json::from_str::<&RawValue>(text).ok().map(RawValue::get)
    }

    #[test]
    fn what_serde_json_takes_is_taken_and_nothing_else() {
        for text in [
            "",
            " ",
            "1",
            "-1",
            "-",
            "01",
            "-0",
            "0.",
            "0.5",
            ".5",
            "1e",
            "1e+",
            "1E-7",
            "1.5e400",
            "tru",
            "true",
            "truex",
            "nul",
            "null",
            "nil",
            "\"",
            "\"a",
            "\"a\"",
            "\"\\",
            "\"\\u12",
            "\"\\u12\"",
            "\"\\u12g4\"",
            "\"\\ud800\"",
            "\"\\x\"",
            "\"\u{1}\"",
            "\"\u{7f}é😀\"",
            "[",
            "[]",
            "[1",
            "[1,",
            "[1,]",
            "[1 2]",
            "[[],{}]",
            "[}",
            "{",
            "{}",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":1",
            "{\"a\":1,",
            "{\"a\":1,}",
            "{\"a\" : [ 1 , {\"b\":null} ] }",
            "{a:1}",
            "{1:1}",
            "{\"a\":1 \"b\":2}",
            "{\"a\":1}x",
            " \t\r\n[ \"x\" ] \n",
            "\u{a0}1",
            "{\"\\ud800\":1}",
        ] {
            assert_eq!(whole(text).ok(), by_serde(text), "{text:?}");
        }
    }

    #[test]
    fn depth_is_no_danger() {
        let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
        assert_eq!(whole(&deep), Ok(&*deep));
        assert_eq!(whole(&deep[..1_500_000]), Err(Malformed::Truncated));
        for depth in [63, 64, 65, 128, 129, 200] {
            let open: Vec<_> = (0..depth).map(|level| if level % 3 == 0 { "{\"a\":" } else { "[" }).collect();
            let close: String =
                (0..depth).rev().map(|level| if level % 3 == 0 { '}' } else { ']' }).collect();
            let text = format!("{}1{close}", open.concat());
            assert_eq!(whole(&text), Ok(&*text), "{depth}");
            let wrong = text.replacen("]]", "]}", 1);
            assert_eq!(whole(&wrong), Err(Malformed::NotJson), "{depth}");
        }
    }

    #[test]
    fn a_text_that_was_cut_is_told_from_one_that_is_wrong() {
        let text = r#"{"a":[1.5e3,true,"x\u00e9\n",{"b":null}],"c":-7}"#;
        for end in 0..text.len() {
            assert_eq!(whole(&text[..end]), Err(Malformed::Truncated), "{}", &text[..end]);
        }
        for text in ["{\"a\":]", "[1,}", "nulL", "\"\\q\""] {
            assert_eq!(whole(text), Err(Malformed::NotJson), "{text}");
        }
    }

    #[test]
    fn walks_give_names_and_leave_values_to_the_caller() {
        let mut cursor = Cursor::new(r#" {"a\n":[1, "x" ,[]],"b":null,"c":"\u0041","b":7} "#);
        let mut seen = Vec::new();
        let walked = cursor.object(|cursor, name| {
            match &*name {
                "a\n" => cursor.array(|cursor| cursor.value().map(|value| seen.push(value.to_owned())))?,
                "c" => seen.push(cursor.text()?.into_owned()),
                _ if cursor.null()? => seen.push("nothing".to_owned()),
                _ => seen.push(cursor.value()?.to_owned()),
            }
            Ok(())
        });
        assert_eq!((walked, cursor.end()), (Ok(()), Ok(())));
        assert_eq!(seen, ["1", "\"x\"", "[]", "nothing", "A", "7"]);
        assert_eq!(Cursor::new("[1]").object(|_, _| Ok(())), Err(Malformed::OtherShape));
        assert_eq!(Cursor::new("7").text(), Err(Malformed::OtherShape));
        assert_eq!(Cursor::new(r#"{"\ud800":1}"#).object(|_, _| Ok(())), Err(Malformed::NotJson));
    }

    fn json() -> impl Strategy<Value = String> {
        let scalar = prop_oneof![
            Just("null".to_owned()),
            any::<bool>().prop_map(|flag| flag.to_string()),
            any::<i64>().prop_map(|number| number.to_string()),
            any::<f64>().prop_map(|number| serde_json::to_string(&number).unwrap()),
            ".{0,20}".prop_map(|text| serde_json::to_string(&text).unwrap()),
        ];
        scalar.prop_recursive(4, 40, 6, |inner| {
            let pair = (".{0,12}".prop_map(|text| serde_json::to_string(&text).unwrap()), inner.clone());
            prop_oneof![
                prop::collection::vec(inner, 0..6).prop_map(|items| format!("[{}]", items.join(" ,"))),
                prop::collection::vec(pair, 0..6).prop_map(|members| {
                    let members: Vec<_> =
                        members.iter().map(|(name, value)| format!("{name}: {value}")).collect();
                    format!("{{{}}}", members.join(","))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_agrees_with_serde_json(
            text in json(),
            edits in prop::collection::vec((any::<prop::sample::Index>(), "[\\[\\]{}\",:\\\\0-9eE.+\\-tfnu \u{1}é]?"), 0..3),
        ) {
            let mut characters: Vec<String> = text.chars().map(String::from).collect();
            for (at, edit) in edits {
                let place = at.index(characters.len());
                characters[place] = edit;
            }
            let text = characters.concat();
            prop_assert_eq!(whole(&text).ok(), by_serde(&text), "{}", text);
        }
    }
}
