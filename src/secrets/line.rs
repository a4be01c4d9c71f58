//! Secrets in a line of JSON: found in its strings, whatever they are escaped by, and in its numbers.

use std::ops::Range;

use super::Finder;
use super::decoded::Decoded;

/// What stands where a secret was.
const MASK: &str = "***";

/// The line with its secrets masked, which is JSON as before; `None` where there are none.
pub(super) fn masked(line: &str, finder: &Finder) -> Option<String> {
    let bytes = line.as_bytes();
    let may_be_hidden = memchr::memchr2(b'\\', b'%', bytes).is_some() || finder.holds_blanks;
    if !may_be_hidden && !finder.secrets.is_match(bytes) {
        return None;
    }
    let mut out = String::new();
    let mut copied = 0;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                let end = end_of_string(bytes, at + 1);
                for found in secrets_in(&bytes[at + 1..end], finder) {
                    out.push_str(&line[copied..at + 1 + found.start]);
                    out.push_str(MASK);
                    copied = at + 1 + found.end;
                }
                at = end + 1;
            }
            b'-' | b'0'..=b'9' => {
                let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
                let end = at + bytes[at..].iter().take_while(|byte| is_part(byte)).count();
                if finder.secrets.is_match(&bytes[at..end]) {
                    out.push_str(&line[copied..at]);
                    out.push_str("\"***\"");
                    copied = end;
                }
                at = end;
            }
            _ => at += 1,
        }
    }
    if copied == 0 {
        return None;
    }
    out.push_str(&line[copied..]);
    Some(out)
}

/// Where the string ends that begins at `start`.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(found) = memchr::memchr2(b'"', b'\\', &bytes[at..]) {
        at += found;
        if bytes[at] == b'"' {
            return at;
        }
        at = (at + 2).min(bytes.len());
    }
    bytes.len()
}

/// Where secrets are in what stands between two quotes, in order and apart from each other.
fn secrets_in(text: &[u8], finder: &Finder) -> Vec<Range<usize>> {
    let is_plain = memchr::memchr3(b'\\', b'%', b'+', text).is_none();
    if is_plain {
        return finder.secrets.find_iter(text).map(|found| found.range()).collect();
    }
    let overlap = finder.longest * LONGEST_ESCAPE;
    let window = SHORTEST_WINDOW.max(4 * overlap);
    let mut found = Vec::new();
    let mut start = 0;
    loop {
        let end = text.len().min(start + window);
        found
            .extend(hidden_in(&text[start..end], finder).map(|range| start + range.start..start + range.end));
        if end == text.len() {
            return united(found);
        }
        start = end - overlap;
    }
}

/// Reading escapes takes nine times the memory of what is read, so that of long texts a part is read at a time.
const SHORTEST_WINDOW: usize = 64 * 1024;
/// Bytes that one byte of a secret is escaped by at most: `\\\\u0041`, and some.
const LONGEST_ESCAPE: usize = 12;
/// How often a text can be escaped: text in a message that is text in another one is escaped twice.
const MOST_LAYERS: usize = 4;

/// The same for a part of it, out of order.
fn hidden_in(text: &[u8], finder: &Finder) -> impl Iterator<Item = Range<usize>> {
    let mut found = Vec::new();
    let mut layer = Some(Decoded::plain(text));
    for _ in 0..MOST_LAYERS {
        let Some(read) = layer else { break };
        layer = read.unescaped();
        let decoded = [false, finder.holds_blanks].map(|plus_is_blank| read.percent_decoded(plus_is_blank));
        for read in [Some(read)].into_iter().chain(decoded).flatten() {
            found.extend(finder.secrets.find_iter(read.bytes()).map(|found| read.original(found.range())));
        }
    }
    found.into_iter()
}

/// Ranges that touch or overlap become one.
fn united(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_unstable_by_key(|range| (range.start, range.end));
    let mut united: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match united.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => united.push(range),
        }
    }
    united
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::Secrets;

    const SECRET: &str = "s3cr\"et/\\ +&=%é";

    fn masked(line: &str) -> String {
        let secrets = Secrets::default();
        secrets.add([SECRET, "12345678901"]);
        let masked = secrets.masked(line).unwrap_or_else(|| line.to_owned());
        assert!(serde_json::from_str::<Value>(&masked).is_ok(), "{masked}");
        masked
    }

    /// The secret as URLs and forms write it.
    fn percent(secret: &str, space: &str) -> String {
        let encode = |byte: u8| match byte {
            b' ' => space.to_owned(),
            byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            byte => format!("%{byte:02x}"),
        };
        secret.bytes().map(encode).collect()
    }

    #[test]
    fn a_secret_is_found_however_it_is_written() {
        let unicode: String = SECRET.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        let inner = json!({"message": format!("token {SECRET} is bad")}).to_string();
        for line in [
            json!({"a": format!("x {SECRET} y")}).to_string(),
            format!(r#"{{"a":"x {unicode} y"}}"#),
            format!(r#"{{"a":"x {} y"}}"#, json!(SECRET).to_string().trim_matches('"').replace('/', "\\/")),
            json!({"a": percent(SECRET, "%20")}).to_string(),
            json!({"a": percent(SECRET, "+")}).to_string(),
            json!({"a": inner}).to_string(),
            json!({"a": json!(inner).to_string()}).to_string(),
            json!({SECRET: 1}).to_string(),
        ] {
            let masked = masked(&line);
            assert!(masked.contains("***") && !masked.contains("cr"), "{line} -> {masked}");
        }
    }

    #[test]
    fn numbers_are_masked_and_the_rest_stays_letter_by_letter() {
        let numbers = masked(r#"{"n":-12345678901,"m":[1.50,12345678901]}"#);
        assert_eq!(numbers, r#"{"n":"***","m":[1.50,"***"]}"#);
        let innocent = r#"{"a":"\u00e9 100% a+b \"x\"","b":1.50,"c":[true,null,"s3cr"]}"#;
        assert_eq!(masked(innocent), innocent);
    }

    #[test]
    fn long_texts_are_read_in_parts_and_nothing_falls_between_them() {
        let secret = "0123456789abcdefghij%";
        let secrets = Secrets::default();
        secrets.add([secret]);
        let escaped: String = secret.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
        for shift in (0..3000).step_by(7) {
            let line = format!("\"{}{escaped}{}\"", "x".repeat(64 * 1024 - shift), "y".repeat(70_000));
            let masked = secrets.masked(&line).unwrap();
            assert_eq!(masked.len(), line.len() - escaped.len() + 3, "{shift}");
        }
    }

    #[test]
    fn a_secret_is_not_put_together_from_two_texts() {
        let secrets = Secrets::default();
        secrets.add([r#"aaaa","bbbb"#]);
        let line = r#"["aaaa","bbbb"]"#;
        assert_eq!(secrets.masked(line), None);
        let escaped = serde_json::json!([r#"aaaa","bbbb"#]).to_string();
        assert_eq!(secrets.masked(&escaped).as_deref(), Some(r#"["***"]"#));
    }

    #[test]
    fn broken_lines_are_no_trouble() {
        let secrets = Secrets::default();
        secrets.add(["eight888"]);
        for line in ["\"", "\"\\", "{\"a\":\"eight888", "%\"\\u", "-"] {
            let _whatever = secrets.masked(line);
        }
    }
}
