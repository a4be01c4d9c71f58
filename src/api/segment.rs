//! One segment of a URL path, percent-encoded.

/// `raw` as one path segment: every byte outside RFC 3986's unreserved set becomes `%XX`.
///
/// A segment of `.` or `..` is encoded twice. URL parsers treat `%2E` like a dot and would walk up the path, so
/// a record whose key is `..` could reach another endpoint; twice encoded it is only a key nobody has.
pub(super) fn encoded(raw: &str) -> String {
    match raw {
        "." => "%252E".to_owned(),
        ".." => "%252E%252E".to_owned(),
        _ => {
            let mut segment = String::with_capacity(raw.len());
            for byte in raw.bytes() {
                if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
                    segment.push(char::from(byte));
                } else {
                    segment.push('%');
                    segment.push(hex(byte >> 4));
                    segment.push(hex(byte & 0x0F));
                }
            }
            segment
        }
    }
}

/// The upper-case hexadecimal digit of a value below 16.
fn hex(nibble: u8) -> char {
    char::from(if nibble < 10 { b'0' + nibble } else { b'A' + nibble - 10 })
}

#[cfg(test)]
mod tests {
    use super::encoded;

    #[test]
    fn names_that_need_nothing_stay_as_they_are() {
        assert_eq!(encoded("2-3465404"), "2-3465404");
        assert_eq!(encoded("p123_my.thing~x"), "p123_my.thing~x");
    }

    #[test]
    fn everything_that_could_end_a_segment_is_encoded() {
        assert_eq!(encoded("a/b?c#d&e=f+g h%"), "a%2Fb%3Fc%23d%26e%3Df%2Bg%20h%25");
        assert_eq!(encoded("ada@lovelace.example"), "ada%40lovelace.example");
        assert_eq!(encoded("Süd \n"), "S%C3%BCd%20%0A");
        assert_eq!(encoded("\u{0}\u{ff}"), "%00%C3%BF");
    }

    #[test]
    fn dot_segments_cannot_climb() {
        assert_eq!(encoded("."), "%252E");
        assert_eq!(encoded(".."), "%252E%252E");
        assert_eq!(encoded("..."), "...");
    }
}
