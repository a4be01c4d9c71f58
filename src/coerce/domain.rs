//! Company domains: the host name inside whatever a source calls a website.
//!
//! Companies are found by `domain`. If a key were looked up as `example.com` but stored as
//! `https://www.example.com/`, every sync would create the company again; so value and key share this rule.

use std::borrow::Cow;

use super::text::lower_case;

/// The host of a URL or bare domain, in Unicode and lower case, without scheme, user, port, path, trailing dot and
/// leading `www.` (which names the web server of the same company, not another one).
///
/// `None` where no dotted host name is left; an e-mail address is none.
pub(super) fn host(text: &str) -> Option<Cow<'_, str>> {
    let host = named(text);
    if !is_host(host) {
        return None;
    }
    let lower = lower_case(host);
    if lower.is_ascii() && !lower.contains(PUNYCODE) {
        return Some(lower);
    }
    // What is no name of the international kind stays what it is.
    Some(match idna::domain_to_unicode(&lower) {
        (unicode, Ok(())) if is_host(&unicode) => Cow::Owned(unicode),
        _ => lower,
    })
}

/// Whether a text stands in the place of a domain that is not known, as `n/a`, `none` and `-` do: it names no host that
/// could be anywhere.
pub(super) fn is_placeholder(text: &str) -> bool {
    let name = named(text);
    // The shortest of the endings there are has two characters: `n.a.` is no host.
    let ends_well = name.rsplit_once('.').is_some_and(|(_, end)| end.chars().nth(1).is_some());
    !ends_well || !name.contains(char::is_alphanumeric)
}

/// The other spelling of a host that has two: with its labels in ASCII.
pub(super) fn punycode(host: &str) -> Option<String> {
    (!host.is_ascii()).then(|| idna::domain_to_ascii(host).ok()).flatten()
}

/// How a label begins that stands for one in Unicode. Source: RFC 5890.
const PUNYCODE: &str = "xn--";

/// What stands in the place of the host.
fn named(text: &str) -> &str {
    let mut rest = super::blanks::trim(text);
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
    rest
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
            ("xn--mnich-kva.example", Some("münich.example")),
            ("https://www.XN--MNICH-KVA.Example/x", Some("münich.example")),
            ("mu\u{308}nich.example", Some("münich.example")),
            ("xn--a.example", Some("xn--a.example")),
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
    fn what_stands_for_no_domain_is_told_from_one() {
        for text in [
            "n/a",
            "none",
            "-",
            "null",
            "unknown",
            "N.A.",
            "n.a",
            "localhost",
            "http://localhost:80/a.b",
            "--.--",
            "x.y/z",
        ] {
            assert!(is_placeholder(text), "{text}");
        }
        for text in ["acme.de", "https://a.co/x", "1.2.3.45", "münchen.example", "ada@example.com", "a b.com"]
        {
            assert!(!is_placeholder(text), "{text}");
        }
        assert_eq!(punycode("münich.example").as_deref(), Some("xn--mnich-kva.example"));
        assert_eq!(punycode("munich.example"), None);
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
