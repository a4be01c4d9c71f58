//! Text with its escapes read, and where in the original each byte of it came from.

use std::ops::Range;

/// Bytes that stand for a part of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Decoded {
    bytes: Vec<u8>,
    /// Where the original of each byte begins, and at last where the text ends.
    origins: Vec<usize>,
}

impl Decoded {
    /// A text as it is.
    pub(super) fn plain(text: &[u8]) -> Self {
        Self { bytes: text.to_vec(), origins: (0..=text.len()).collect() }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The part of the original that a part of the bytes stands for.
    pub(super) fn original(&self, part: Range<usize>) -> Range<usize> {
        self.origins[part.start]..self.origins[part.end]
    }

    /// With what a JSON string escapes; `None` where nothing is escaped.
    pub(super) fn unescaped(&self) -> Option<Self> {
        self.bytes.contains(&b'\\').then(|| self.read(unescape))
    }

    /// With what a URL escapes; `None` where nothing is escaped.
    pub(super) fn percent_decoded(&self, plus_is_blank: bool) -> Option<Self> {
        let is_escape = |byte: &u8| *byte == b'%' || (plus_is_blank && *byte == b'+');
        self.bytes.iter().any(is_escape).then(|| {
            self.read(|rest, out| match rest {
                [b'%', high, low, ..] => match (hex(*high), hex(*low)) {
                    (Some(high), Some(low)) => {
                        out.push((high << 4) | low);
                        3
                    }
                    _ => as_it_is(rest, out),
                },
                [b'+', ..] if plus_is_blank => {
                    out.push(b' ');
                    1
                }
                _ => as_it_is(rest, out),
            })
        })
    }

    /// Reads the bytes from left to right: `step` appends what the next ones stand for and says how many they are.
    fn read(&self, step: impl Fn(&[u8], &mut Vec<u8>) -> usize) -> Self {
        let mut read = Self { bytes: Vec::with_capacity(self.bytes.len()), origins: Vec::new() };
        let mut at = 0;
        while at < self.bytes.len() {
            let length = step(&self.bytes[at..], &mut read.bytes);
            // All bytes of one escape begin where it begins.
            read.origins.resize(read.bytes.len(), self.origins[at]);
            at += length.clamp(1, self.bytes.len() - at);
        }
        read.origins.push(self.origins[self.bytes.len()]);
        read
    }
}

fn as_it_is(rest: &[u8], out: &mut Vec<u8>) -> usize {
    out.push(rest[0]);
    1
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// One character of a JSON string, escaped or not.
fn unescape(rest: &[u8], out: &mut Vec<u8>) -> usize {
    let [b'\\', escaped, ..] = rest else { return as_it_is(rest, out) };
    let plain = match escaped {
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'b' => 8,
        b'f' => 12,
        b'u' => return unescape_unit(rest, out),
        other => *other,
    };
    out.push(plain);
    2
}

/// `\uXXXX`, or two of them for a character beyond 16 bits.
fn unescape_unit(rest: &[u8], out: &mut Vec<u8>) -> usize {
    let Some(first) = unit(rest) else { return as_it_is(rest, out) };
    let second = if (0xD800..0xDC00).contains(&first) { unit(&rest[6..]) } else { None };
    let (character, length) = match second.filter(|second| (0xDC00..0xE000).contains(second)) {
        Some(second) => (char::from_u32(0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00)), 12),
        None => (char::from_u32(first), 6),
    };
    match character {
        Some(character) => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        // Half of a pair stands for nothing that a secret could hold.
        None => out.push(0xFF),
    }
    length
}

fn unit(rest: &[u8]) -> Option<u32> {
    let digits = rest.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |value, digit| Some((value << 4) | u32::from(hex(*digit)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<u8>, Decoded) {
        let decoded = Decoded::plain(text.as_bytes()).unescaped().unwrap();
        (decoded.bytes.clone(), decoded)
    }

    #[test]
    fn every_escape_is_read_and_leads_back_to_where_it_stands() {
        let (bytes, decoded) = read(r#"a\"\u00e9\ud83d\ude00\/z"#);
        assert_eq!(String::from_utf8(bytes).unwrap(), "a\"é😀/z");
        assert_eq!(decoded.original(2..4), 3..9, "é is two bytes and one escape");
        assert_eq!(decoded.original(4..8), 9..21);
        assert_eq!(decoded.original(0..decoded.bytes.len()), 0..24);
    }

    #[test]
    fn what_is_no_escape_stays() {
        for text in [r"\u12", r"\ud83d", r"\ud83dx", "\\", r"\uzzzz"] {
            let (bytes, decoded) = read(text);
            assert!(!bytes.is_empty());
            assert_eq!(decoded.original(0..bytes.len()), 0..text.len(), "{text}");
        }
        assert_eq!(Decoded::plain(b"plain").unescaped(), None);
        let decoded = Decoded::plain(b"%4g%2").percent_decoded(false).unwrap();
        assert_eq!(decoded.bytes(), b"%4g%2");
    }

    #[test]
    fn urls_are_read_with_their_blanks() {
        let decoded = Decoded::plain(b"a%2B+%c3%A9").percent_decoded(true).unwrap();
        assert_eq!(decoded.bytes(), "a+ é".as_bytes());
        assert_eq!(decoded.original(1..2), 1..4);
        assert_eq!(Decoded::plain(b"a+b").percent_decoded(false), None);
    }
}
