//! Company domains: the host name inside whatever a source calls a website.
//!
//! Companies are found by `domain`. If a key were looked up as `example.com` but stored as
//! `https://www.example.com/`, every sync would create the company again; so value and key share this rule.

use std::borrow::Cow;

use super::Coerced;
use super::invalid::Reason;
use super::json_text::{Json, escape_into};
use super::text::{self, lower_case};

/// Writes `value` for a company's domain: the host where there is one, else the text, trimmed.
///
/// # Errors
/// [`Reason::TooLong`], [`Reason::BrokenText`].
pub(super) fn write(value: Json<'_>, out: &mut Vec<u8>) -> Result<Coerced, Reason> {
    let decoded = match value {
        Json::String(text) => text.decode()?,
        // 1.5 is no sensible domain, but text that looks like it would be taken for one.
        Json::Number(number) => Cow::Borrowed(number),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => return text::write(value, out),
    };
    let trimmed = decoded.trim();
    if trimmed.is_empty() {
        return Ok(Coerced::Empty);
    }
    text::check_length(trimmed)?;
    escape_into(host(trimmed).as_deref().unwrap_or(trimmed), out);
    Ok(Coerced::Written)
}

/// The host of a URL or bare domain, in lower case, without scheme, user, port, path, trailing dot and
/// leading `www.` (which names the web server of the same company, not another one).
///
/// `None` where no dotted host name is left; an e-mail address is none.
pub(super) fn host(text: &str) -> Option<Cow<'_, str>> {
    let mut rest = text.trim();
    let scheme =
        rest.find("://").filter(|&end| rest[..end].bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+'));
    if let Some(end) = scheme {
        rest = &rest[end + 3..];
    } else {
        rest = rest.strip_prefix("//").unwrap_or(rest);
    }
    rest = &rest[..rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len())];
    if scheme.is_some() {
        rest = rest.rsplit_once('@').map_or(rest, |(_user, host)| host);
    }
    if let Some((host, port)) = rest.rsplit_once(':')
        && port.bytes().all(|b| b.is_ascii_digit())
    {
        rest = host;
    }
    rest = rest.trim_end_matches('.');
    while let Some(parent) =
        rest.split_at_checked(4).and_then(|(www, parent)| www.eq_ignore_ascii_case("www.").then_some(parent))
        && parent.contains('.')
    {
        rest = parent;
    }
    is_host(rest).then(|| lower_case(rest))
}

fn is_host(text: &str) -> bool {
    let in_label = |c: char| {
        c.is_ascii_alphanumeric()
            || c == '-'
            || c == '_'
            || (!c.is_ascii() && !c.is_whitespace() && !c.is_control())
    };
    text.contains('.') && text.split('.').all(|label| !label.is_empty() && label.chars().all(in_label))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::coerce::testing;
    use crate::coerce::{ObjectKind, RuleOptions, ValueRule};

    #[test]
    fn hosts_inside_urls() {
        for (text, expected) in [
            ("example.com", Some("example.com")),
            ("Example.COM", Some("example.com")),
            ("https://www.Example.com/x?y=1#z", Some("example.com")),
            ("http://example.com:8080", Some("example.com")),
            ("//cdn.example.com/x", Some("cdn.example.com")),
            ("www.example.com", Some("example.com")),
            ("WWW.example.com/about", Some("example.com")),
            ("www.com", Some("www.com")),
            ("wwwx.com", Some("wwwx.com")),
            ("https://user:secret@example.com/", Some("example.com")),
            ("example.com.", Some("example.com")),
            ("shop.example.co.uk", Some("shop.example.co.uk")),
            ("https://Münich.example", Some("münich.example")),
            ("jane@example.com", None),
            ("localhost", None),
            ("https://", None),
            ("exam ple.com", None),
            ("a..b", None),
            ("http://[::1]/", None),
            ("", None),
        ] {
            assert_eq!(host(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn only_a_companys_domain_is_rewritten() {
        let domain = testing::property("domain", "string", "text");
        let company =
            ValueRule::new(&domain, RuleOptions { object: ObjectKind::Company, ..RuleOptions::default() });
        assert_eq!(testing::sent(&company, r#"" https:\/\/www.Example.com\/x ""#), "example.com");
        assert_eq!(testing::sent(&company, r#"" n/a ""#), "n/a");
        assert_eq!(testing::sent(&company, r#"" ""#), "<empty>");
        assert_eq!(testing::sent(&testing::rule(&domain), r#""https://x.com/""#), "https://x.com/");
    }

    proptest! {
        #![proptest_config(testing::config())]

        #[test]
        fn a_host_is_its_own_host(text in prop_oneof![
            any::<String>(),
            "(https?://|//)?(www\\.|[a-zA-Z]{1,4}@)?[a-zA-Zé.:@/]{1,12}(:[0-9]{0,3})?(/[a-z]*)?"
        ]) {
            if let Some(found) = host(&text) {
                prop_assert_eq!(host(&found), Some(Cow::Borrowed(&*found)));
            }
        }
    }
}
