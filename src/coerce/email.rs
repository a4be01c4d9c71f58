//! E-mail addresses: refusing what certainly is none, before it costs a batch.
//!
//! HubSpot has the last word, so everything that might be an address passes.

use super::Coerced;
use super::invalid::Reason;
use super::json_text::{Json, escape_into};
use super::text;

/// Writes `value`, trimmed, for an e-mail property.
///
/// # Errors
/// [`Reason::NotAnEmail`].
pub(super) fn write(value: Json<'_>, out: &mut Vec<u8>) -> Result<Coerced, Reason> {
    let Json::String(text) = value else { return Err(Reason::NotAnEmail) };
    let decoded = text.decode()?;
    let address = decoded.trim();
    if address.is_empty() {
        return Ok(Coerced::Empty);
    }
    check(address)?;
    escape_into(address, out);
    Ok(Coerced::Written)
}

/// Refuses text that cannot be one address: exactly one `@`, something before it, a domain of at least
/// two labels behind it, no blanks, control characters or list punctuation.
pub(super) fn check(address: &str) -> Result<(), Reason> {
    let (local, domain) = address.split_once('@').ok_or(Reason::NotAnEmail)?;
    let labels = domain.split('.');
    if local.is_empty()
        || domain.contains('@')
        || !domain.contains('.')
        || labels.into_iter().any(str::is_empty)
        || address.contains(is_stray)
    {
        return Err(Reason::NotAnEmail);
    }
    text::check_length(address)
}

/// Blanks, control characters and what an unquoted address cannot hold (RFC 5322, `specials`, without the
/// dot and the `@`).
fn is_stray(c: char) -> bool {
    matches!(c, '\0'..=' ' | '\x7f' | '<' | '>' | '(' | ')' | '[' | ']' | ',' | ';' | ':' | '"' | '\\')
        || (!c.is_ascii() && (c.is_whitespace() || c.is_control()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coerce::testing::{property, sent};
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

    #[test]
    fn only_the_contacts_property_is_checked() {
        let rule = ValueRule::new(&property("email", "string", "text"), RuleOptions::default());
        assert_eq!(sent(&rule, r#""reception desk""#), "reception desk");
    }
}
