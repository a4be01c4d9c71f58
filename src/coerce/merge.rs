//! Two values of one multi-select property that are sent as one: the effect of both, in order.

/// Appends to `out` the value whose effect is that of writing `earlier` and then `later`.
///
/// Both are values as [`coerce`](super::coerce()) wrote them for a multi-select property, quotes included,
/// or `""` for clearing. A later list without leading `;` replaces everything before it; one with it adds.
pub fn merge_lists(earlier: &[u8], later: &[u8], out: &mut Vec<u8>) {
    let (before, after) = (body(earlier), body(later));
    let Some(added) = after.strip_prefix(b";") else {
        out.extend_from_slice(later);
        return;
    };
    out.push(b'"');
    out.extend_from_slice(before);
    let known: std::collections::HashSet<_> = options(before).collect();
    let mut separate = !before.is_empty();
    for option in options(added).filter(|option| !known.contains(option)) {
        if separate {
            out.push(b';');
        }
        out.extend_from_slice(option);
        separate = true;
    }
    out.push(b'"');
}

fn body(quoted: &[u8]) -> &[u8] {
    quoted.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(quoted)
}

/// The options of a list, still escaped: a semicolon is never part of an escape.
fn options(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    body.split(|&byte| byte == b';').filter(|option| !option.is_empty())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::coerce::testing;

    fn merged(earlier: &str, later: &str) -> String {
        let mut out = Vec::new();
        merge_lists(format!("\"{earlier}\"").as_bytes(), format!("\"{later}\"").as_bytes(), &mut out);
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn the_later_value_replaces_or_adds() {
        for (earlier, later, expected) in [
            ("a;b", "c", "c"),
            ("a;b", ";b;c", "a;b;c"),
            (";a", ";b", ";a;b"),
            (";a;b", ";b;a", ";a;b"),
            (";a", "b", "b"),
            ("", ";b;c", "b;c"),
            ("a", "", ""),
        ] {
            assert_eq!(merged(earlier, later), expected, "{earlier} then {later}");
        }
    }

    fn list() -> impl Strategy<Value = String> {
        (any::<bool>(), prop::collection::btree_set("[a-e]", 0..4)).prop_map(|(adds, options)| {
            let list = options.into_iter().collect::<Vec<_>>().join(";");
            if adds && !list.is_empty() { format!(";{list}") } else { list }
        })
    }

    /// What a record holds after a value is written to it.
    fn write(held: &BTreeSet<String>, value: &str) -> BTreeSet<String> {
        let listed = value.split(';').filter(|option| !option.is_empty()).map(str::to_owned);
        if value.starts_with(';') { held.iter().cloned().chain(listed).collect() } else { listed.collect() }
    }

    proptest! {
        #![proptest_config(testing::config())]

        #[test]
        fn one_write_has_the_effect_of_two(
            held in prop::collection::btree_set("[a-e]", 0..4), earlier in list(), later in list(),
        ) {
            let twice = write(&write(&held, &earlier), &later);
            prop_assert_eq!(write(&held, &merged(&earlier, &later)), twice);
        }
    }
}
