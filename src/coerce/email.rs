//! E-mail addresses: refusing what certainly is none, before it costs a batch.
//!
//! HubSpot has the last word, so everything that might be an address passes.

use super::invalid::Reason;
use super::text;

/// Refuses text that cannot be one address: exactly one `@`, something before it, a domain of at least
/// two labels behind it, no blanks, control characters or list punctuation.
pub(super) fn check(address: &str) -> Result<(), Reason> {
    // Bytes of the local part, or of the label at hand; labels of the domain before that one, once there is a domain.
    let (mut length, mut labels) = (0_usize, None);
    for byte in address.bytes() {
        match (byte, &mut labels) {
            (b'@', None) if length > 0 => (length, labels) = (0, Some(0_usize)),
            (b'.', Some(before)) if length > 0 => (length, *before) = (0, *before + 1),
            (b'@', _) | (b'.', Some(_)) => return Err(Reason::NotAnEmail),
            (stray, _) if is_stray(stray) => return Err(Reason::NotAnEmail),
            _ => length += 1,
        }
    }
    let is_strange = |c: char| !c.is_ascii() && (c.is_whitespace() || c.is_control());
    if length == 0 || labels.unwrap_or_default() == 0 || (!address.is_ascii() && address.contains(is_strange))
    {
        return Err(Reason::NotAnEmail);
    }
    text::check_length(address)
}

/// Blanks, control characters and what an unquoted address cannot hold (RFC 5322, `specials`, without the
/// dot and the `@`).
fn is_stray(byte: u8) -> bool {
    matches!(
        byte,
        0..=b' ' | 0x7f | b'<' | b'>' | b'(' | b')' | b'[' | b']' | b',' | b';' | b':' | b'"' | b'\\'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::coerce::testing::{self, property, sent};
    use crate::coerce::{ObjectKind, RuleOptions, ValueRule};

    #[test]
    fn addresses_pass_and_are_trimmed() {
        for address in [
            "a@b.co",
            "First.Last+tag@Sub.Example.com",
            "o'neil_{x}|y@example.museum",
            "jörg@exämple.de",
            ".odd.but.seen.@docomo.example.jp",
            "a@1.2.3.4",
            "a@under_score.example",
        ] {
            assert_eq!(check(address), Ok(()), "{address}");
        }
        let options = RuleOptions { object: ObjectKind::Contact, ..RuleOptions::default() };
        let rule = ValueRule::new(&property("email", "string", "text"), options);
        assert_eq!(sent(&rule, r#"" Ada@Example.com\n""#), "Ada@Example.com");
        assert_eq!(sent(&rule, r#""\ufeffada@example.com\u200b""#), "ada@example.com");
        assert_eq!(sent(&rule, r#"" ""#), "<empty>");
        assert_eq!(sent(&rule, "null"), "<null>");
        assert_eq!(sent(&rule, "7"), "INVALID_EMAIL");
        assert_eq!(sent(&rule, r#"["a@b.co"]"#), "INVALID_EMAIL");
        assert_eq!(sent(&rule, r#""not-an-email""#), "INVALID_EMAIL");
    }

    #[test]
    fn what_cannot_be_an_address_is_refused() {
        for text in [
            "",
            "@",
            "a",
            "a@",
            "@b.co",
            "a@b",
            "a@@b.co",
            "a@b@c.co",
            "a b@c.co",
            "a@b .co",
            "a@.co",
            "a@b.",
            "a@b..co",
            "Ada <a@b.co>",
            "mailto:a@b.co",
            "a@b.co,",
            "a@b.co;c",
            "a\u{0}@b.co",
            "a\u{a0}b@c.co",
            "\"a\"@b.co",
            "a\\@b.co",
        ] {
            assert_eq!(check(text), Err(Reason::NotAnEmail), "{text}");
        }
    }

    proptest! {
        #![proptest_config(testing::config())]

        #[test]
        fn one_walk_finds_what_several_do(address in "[a.@<é\u{a0}]{0,8}|[a-c.]{1,4}@[a-c.@]{1,6}( |)") {
            let by_hand = address.split_once('@').is_some_and(|(local, domain)| {
                !local.is_empty()
                    && !domain.contains('@')
                    && domain.contains('.')
                    && !domain.split('.').any(str::is_empty)
                    && !address.contains(['<', ' ', '\u{a0}'])
            });
            prop_assert_eq!(check(&address).is_ok(), by_hand, "{}", address);
        }
    }

    #[test]
    fn only_the_contacts_property_is_checked() {
        let rule = ValueRule::new(&property("email", "string", "text"), RuleOptions::default());
        assert_eq!(sent(&rule, r#""reception desk""#), "reception desk");
    }
}
