//! Where the next page of an answer begins.

use serde::{Deserialize, Deserializer};

use super::scalar::Scalar;

/// The `paging` of an answer that comes in pages.
///
/// Source: HubSpot's OpenAPI files (`Paging`, `ForwardPaging`).
#[derive(Debug, Default, Deserialize)]
pub struct Paging {
    #[serde(default)]
    next: Option<Next>,
}

#[derive(Debug, Deserialize)]
struct Next {
    #[serde(default, deserialize_with = "text")]
    after: Option<String>,
}

/// Mostly text; search answers with a number in it.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Scalar::deserialize(deserializer)?.into_text())
}

impl Paging {
    /// What is asked for with `after` to get the next page; none after the last.
    #[must_use]
    pub fn after(self) -> Option<String> {
        self.next?.after
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_has_no_next() {
        for (text, expected) in [
            (r#"{"next":{"after":"k","link":"l"}}"#, Some("k")),
            (r#"{"next":{"after":200}}"#, Some("200")),
            (r#"{"next":{"after":""}}"#, None),
            (r#"{"next":{}}"#, None),
            (r#"{"next":null}"#, None),
            (r#"{"prev":{"before":"a"}}"#, None),
        ] {
            let paging: Paging = serde_json::from_str(text).unwrap();
            assert_eq!(paging.after().as_deref(), expected, "{text}");
        }
    }
}
