//! Query strings and form bodies.

use std::collections::BTreeMap;

/// The parameters of a request in the order sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads the part of a URL after the `?`.
    pub(crate) fn parse(text: Option<&str>) -> Self {
        Self(pairs(text.unwrap_or_default()).collect())
    }

    /// The value of a parameter, none if absent or empty; the last one of a name wins.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).last().filter(|value| !value.is_empty())
    }

    /// Every value of a parameter that may be repeated.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether a parameter is `true`.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }

    /// A parameter that holds several values: separated by commas, as people write them, or given several times, as
    /// HubSpot's own clients do.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        self.all(name)
            .flat_map(|text| text.split(','))
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect()
    }
}

/// Fields of `application/x-www-form-urlencoded` text.
pub(crate) fn parse_form(text: &str) -> BTreeMap<String, String> {
    pairs(text).collect()
}

fn pairs(text: &str) -> impl Iterator<Item = (String, String)> {
    text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(&name.replace('+', " ")), decode(&value.replace('+', " ")))
    })
}

/// Undoes percent-encoding; a stray `%` stays.
pub(crate) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let pair = tail.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match (first, pair.and_then(|pair| u8::from_str_radix(pair, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_forms() {
        let form = parse_form("grant_type=refresh_token&client_secret=a%26b%3Dc+d&flag&x=%zz");
        assert_eq!(form["client_secret"], "a&b=c d");
        assert_eq!(form["flag"], "");
        assert_eq!(form["x"], "%zz");
    }

    #[test]
    fn reads_lists() {
        let query = Query::parse(Some("properties=a,b,%20c&archived=true&after="));
        assert_eq!(query.list("properties"), ["a", "b", "c"]);
        let query_of_a_client = Query::parse(Some("properties=a&limit=5&properties=b,c"));
        assert_eq!(query_of_a_client.list("properties"), ["a", "b", "c"]);
        assert!(query.flag("archived"));
        assert_eq!(query.get("after"), None);
        let query = Query::parse(Some("listIds=1&x=y&listIds=2"));
        assert_eq!(query.all("listIds").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(query.get("listIds"), Some("2"));
    }
}
