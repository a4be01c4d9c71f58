//! A place in a JSON text, moving forward: the text is checked and cut into raw values, and nothing is built of it.
//!
//! What serde_json would refuse is refused here, and what it takes is taken (the tests compare them on mutated texts).
//! It exists because every byte of every record and answer goes through it. With it, 20,000 contacts of 20 properties took
//! a fifth fewer instructions from stdin to settled than with serde_json's passes; and a quarter fewer again (546 million
//! instead of 738) once names were remembered from row to row ([`super::Index`]), the form of each value was handed on
//! with it ([`super::Raw`]), and short strings were read without a call (callgrind, release build).

use std::borrow::Cow;
use std::ops::Range;

use super::special;
use super::value::Form;

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
}

impl<'a> Cursor<'a> {
    /// The beginning of a text.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
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
        self.open(b'{')?;
        if self.closes(b'}')? {
            return Ok(());
        }
        loop {
            let (name, is_plain) = self.name()?;
            let name = name_at(self.text, name, is_plain)?;
            each(self, name)?;
            if !self.goes_on(b'}')? {
                return Ok(());
            }
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
            if !self.goes_on(b']')? {
                return Ok(());
            }
        }
    }

    /// The raw text of one value, without white space around it. As deep as it likes: nothing here recurses.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn value(&mut self) -> Result<&'a str, Malformed> {
        self.peek()?;
        let start = self.at;
        self.form()?;
        self.since(start)
    }

    /// Takes the value that stands right here.
    #[inline]
    pub(super) fn form(&mut self) -> Result<Form, Malformed> {
        match self.text.as_bytes().get(self.at) {
            Some(b'"') => self.string().map(|is_plain| if is_plain { Form::Plain } else { Form::Escaped }),
            Some(b'{' | b'[') => self.nested().map(|()| Form::Bare),
            Some(scalar) => self.bare(*scalar).map(|()| Form::Bare),
            None => Err(Malformed::Truncated),
        }
    }

    /// Takes a member's name and its colon; where the name stands, without its quotes, and whether it holds no escape.
    #[inline]
    pub(super) fn name(&mut self) -> Result<(Range<usize>, bool), Malformed> {
        if self.peek()? != b'"' {
            return Err(Malformed::NotJson);
        }
        let start = self.at + 1;
        let is_plain = self.string()?;
        let name = start..self.at - 1;
        self.colon()?;
        Ok((name, is_plain))
    }

    /// Takes this text if that is what comes next.
    #[inline]
    pub(super) fn is_past(&mut self, text: &[u8]) -> bool {
        let is_next = self.text.as_bytes().get(self.at..).is_some_and(|rest| rest.starts_with(text));
        self.at += if is_next { text.len() } else { 0 };
        is_next
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

    /// The text, from its beginning to its end.
    pub(super) fn whole(&self) -> &'a str {
        self.text
    }

    /// Where in the text this is, in bytes.
    #[inline]
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

    pub(super) fn open(&mut self, bracket: u8) -> Result<(), Malformed> {
        if self.peek()? == bracket {
            self.at += 1;
            return Ok(());
        }
        self.value()?;
        Err(Malformed::OtherShape)
    }

    /// Whether the bracket stands here; it is taken then.
    #[inline]
    pub(super) fn closes(&mut self, bracket: u8) -> Result<bool, Malformed> {
        let closes = self.peek()? == bracket;
        self.at += usize::from(closes);
        Ok(closes)
    }

    /// After a value: whether another comes, or the bracket, which is taken.
    #[inline]
    pub(super) fn goes_on(&mut self, bracket: u8) -> Result<bool, Malformed> {
        let next = self.peek()?;
        self.at += 1;
        match next {
            b',' => Ok(true),
            next if next == bracket => Ok(false),
            _ => Err(Malformed::NotJson),
        }
    }

    /// The next byte that is no white space.
    #[inline]
    pub(super) fn peek(&mut self) -> Result<u8, Malformed> {
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
                        self.name()?;
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
                b'"' => {
                    self.string()?;
                }
                bare => self.bare(bare)?,
            }
            loop {
                let Some(close) = open.last() else { return Ok(()) };
                if !self.goes_on(close)? {
                    open.pop();
                    continue;
                }
                if close == b'}' {
                    self.name()?;
                }
                break;
            }
        }
    }

    /// A number or a literal.
    #[inline]
    fn bare(&mut self, first: u8) -> Result<(), Malformed> {
        match first {
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
    // Always inlined, with calls only behind it: of 95 instructions a string took, 32 were kept for the registers.
    #[inline(always)]
    fn string(&mut self) -> Result<bool, Malformed> {
        let rest = self.text.as_bytes().get(self.at + 1..).unwrap_or_default();
        match special::near_quote(rest) {
            Some(plain) => {
                self.at += plain + 2;
                Ok(true)
            }
            None => self.any_string(),
        }
    }

    fn any_string(&mut self) -> Result<bool, Malformed> {
        self.at += 1;
        let mut is_plain = true;
        loop {
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            let plain = special::plain_bytes(rest);
            if special::has_controls(&rest[..plain]) {
                return Err(Malformed::NotJson);
            }
            self.at += plain;
            match rest.get(plain) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(is_plain);
                }
                // A backslash.
                Some(_) => {
                    is_plain = false;
                    self.escape()?;
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
mod tests;
