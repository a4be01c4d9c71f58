//! HubSpot's limits of one event, checked before it is sent: one that is over fails its whole batch.
//!
//! Source: HubSpot's "Send custom event completions", limits.

/// Properties of one occurrence.
pub const MOST_PROPERTIES: usize = 50;
/// Characters of a value.
const LONGEST_VALUE: usize = 256;
/// Characters of a value whose property is named after an address on the web.
const LONGEST_ADDRESS: usize = 1024;

/// Characters that HubSpot takes as a value of a property.
#[must_use]
pub fn longest_value(property: &str) -> usize {
    let is_address = ["url", "referrer", "link"].iter().any(|part| property.contains(part));
    if is_address { LONGEST_ADDRESS } else { LONGEST_VALUE }
}

/// Whether a value, given as a JSON string with its quotes, is longer than HubSpot takes.
#[must_use]
pub fn is_too_long(property: &str, quoted: &[u8]) -> bool {
    let longest = longest_value(property);
    // An escape never is shorter than its character, so a short text needs no counting.
    if quoted.len() <= longest + 2 {
        return false;
    }
    serde_json::from_slice::<String>(quoted).is_ok_and(|text| text.chars().count() > longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(character: &str, times: usize) -> Vec<u8> {
        format!("\"{}\"", character.repeat(times)).into_bytes()
    }

    #[test]
    fn characters_are_counted_not_bytes_or_escapes() {
        for character in ["x", "\u{e9}", "\\u0041", "\\n"] {
            assert!(!is_too_long("plan", &quoted(character, 256)), "{character}");
            assert!(is_too_long("plan", &quoted(character, 257)), "{character}");
        }
    }

    #[test]
    fn addresses_may_be_longer() {
        for property in ["page_url", "referrer", "deeplink"] {
            assert!(!is_too_long(property, &quoted("x", 1024)), "{property}");
            assert!(is_too_long(property, &quoted("x", 1025)), "{property}");
        }
    }
}
