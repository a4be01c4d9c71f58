//! One form for what may be written in several ways, so that nothing after it has to know of them.

use serde_json::{Number, Value};

/// Whole numbers up to here are exact in a double: 2^53.
const EXACT_LIMIT: f64 = 9_007_199_254_740_992.0;

/// Keys whose value is a text, that a whole number may stand for.
const LIMITS: [&str; 2] = ["rejection_limit", "mirror_max_archive"];

/// The configuration without keys whose value is null (they count as absent, at every level), with whole
/// numbers written as such (`5.0` is an integer to JSON Schema, but not to serde), and as texts where they are limits.
pub(super) fn form_of(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .filter(|(_, member)| !member.is_null())
                .map(|(key, member)| {
                    let member = form_of(member);
                    let is_limit = LIMITS.contains(&key.as_str()) && (member.is_u64() || member.is_i64());
                    let member = if is_limit { Value::String(member.to_string()) } else { member };
                    (key, member)
                })
                .collect(),
        ),
        Value::Array(elements) => Value::Array(elements.into_iter().map(form_of).collect()),
        Value::Number(number) => Value::Number(whole(number)),
        other => other,
    }
}

fn whole(number: Number) -> Number {
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < EXACT_LIMIT => {
            // The guard makes the conversion exact.
            Number::from(float as i64)
        }
        _ => number,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn null_members_go_at_every_level_and_the_order_stays() {
        let given = json!({"b": null, "a": {"x": null, "y": [{"z": null, "w": 1}, null]}, "0": 2});
        assert_eq!(form_of(given).to_string(), r#"{"a":{"y":[{"w":1},null]},"0":2}"#);
    }

    #[test]
    fn limits_become_texts() {
        let given = json!({"rejection_limit": 5.0, "create_limit": 5, "streams": [{"mirror_max_archive": 7}, {"mirror_max_archive": "7%"}]});
        let expected = r#"{"rejection_limit":"5","create_limit":5,"streams":[{"mirror_max_archive":"7"},{"mirror_max_archive":"7%"}]}"#;
        assert_eq!(form_of(given).to_string(), expected);
    }

    #[test]
    fn whole_numbers_lose_their_point_and_no_other_does() {
        let given = serde_json::from_str(r"[5.0, -0.0, 1e3, 0.5, 1e300, 18446744073709551615]").unwrap();
        assert_eq!(form_of(given), json!([5, 0, 1000, 0.5, 1e300, 18_446_744_073_709_551_615_u64]));
    }
}
