//! E-mail addresses as HubSpot takes and stores them.

/// The address as HubSpot stores it: trimmed and in lower case.
pub(crate) fn normalised(text: &str) -> String {
    text.trim().to_lowercase()
}

/// Whether a normalised address is one HubSpot accepts: one `@`, a local part without spaces, and a domain of
/// at least two labels.
pub(crate) fn is_valid(address: &str) -> bool {
    let Some((local, domain)) = address.split_once('@') else { return false };
    let local_ok = !local.is_empty()
        && local.len() <= 64
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && local.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"()<>[]:;,\\\"".contains(c));
    let label_ok = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    let labels: Vec<&str> = domain.split('.').collect();
    let top_ok =
        labels.last().is_some_and(|top| top.chars().count() >= 2 && !top.chars().all(|c| c.is_ascii_digit()));
    local_ok && labels.len() >= 2 && labels.iter().all(|label| label_ok(label)) && top_ok
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_addresses_from_other_text() {
        for good in ["a@b.io", "first.last+tag@sub.example.com", "o'brien@example.co.uk", "ü@exämple.de"] {
            assert!(is_valid(good), "{good}");
        }
        for bad in [
            "", "a", "a@", "@b.io", "a@b", "a b@c.io", "a@b c.io", "a@b..io", "a@@b.io", ".a@b.io",
            "a@-b.io", "a@b.1",
        ] {
            assert!(!is_valid(bad), "{bad}");
        }
    }

    #[test]
    fn stores_addresses_trimmed_and_in_lower_case() {
        assert_eq!(normalised(" A.B@Example.COM "), "a.b@example.com");
    }
}
