//! Pages that do not end.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Where an answer in pages says that it goes on, whatever was asked for. HubSpot says of cursors only that they are to be
/// handed back as they came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum NextPage {
    /// At this cursor, always: each page leads back to itself.
    Same(String),
    /// At a cursor that has not been there before, with characters that mean something in a query.
    Another,
}

impl NextPage {
    fn cursor(&self, arrival: u64) -> String {
        match self {
            Self::Same(cursor) => cursor.clone(),
            Self::Another => format!("{arrival}+/=&#?"),
        }
    }

    /// The answer, going on. `arrival` is the number of the request.
    pub(crate) fn lead_on(&self, body: &[u8], arrival: u64) -> Option<Vec<u8>> {
        let mut body: Value = serde_json::from_slice(body).ok()?;
        let paging = json!({ "next": { "after": self.cursor(arrival) } });
        if body.get("hasMore").is_some() {
            // The list search counts instead.
            body["hasMore"] = json!(true);
            body["offset"] = match self {
                Self::Same(_) => json!(250),
                Self::Another => json!(arrival * 1000),
            };
        } else if let Some(rows) = rows_with_pages(&mut body) {
            rows.for_each(|row| {
                row.insert("paging".to_owned(), paging.clone());
            });
        } else {
            body["paging"] = paging;
        }
        serde_json::to_vec(&body).ok()
    }
}

/// The records of an answer about associations, which come in pages each.
fn rows_with_pages(body: &mut Value) -> Option<impl Iterator<Item = &mut Map<String, Value>>> {
    let rows = body.get_mut("results")?.as_array_mut()?;
    let are_records = rows.iter().any(|row| row.get("from").is_some() && row.get("to").is_some());
    are_records.then(|| rows.iter_mut().filter_map(Value::as_object_mut))
}

/// The request for the first page: what goes on is the first page again.
pub(crate) fn of_first_page(body: &[u8]) -> Vec<u8> {
    let Ok(mut request) = serde_json::from_slice::<Value>(body) else { return body.to_vec() };
    if let Some(inputs) = request.get_mut("inputs").and_then(Value::as_array_mut) {
        for input in inputs.iter_mut().filter_map(Value::as_object_mut) {
            input.remove("after");
        }
    }
    if request.get("offset").is_some() {
        request["offset"] = json!(0);
    }
    serde_json::to_vec(&request).unwrap_or_else(|_| body.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn led_on(next: &NextPage, body: Value) -> Value {
        let text = next.lead_on(body.to_string().as_bytes(), 7).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    #[test]
    fn every_kind_of_page_goes_on() {
        let same = NextPage::Same("k".to_owned());
        let plain = led_on(&same, json!({ "results": [{ "id": "1" }] }));
        assert_eq!(plain["paging"]["next"]["after"], "k");
        let record = json!({ "from": { "id": "1" }, "to": [] });
        let rows = led_on(&NextPage::Another, json!({ "results": [record] }));
        assert_eq!(rows["results"][0]["paging"]["next"]["after"], "7+/=&#?");
        let lists = led_on(&NextPage::Another, json!({ "lists": [], "hasMore": false, "offset": 0 }));
        assert_eq!((&lists["hasMore"], &lists["offset"]), (&json!(true), &json!(7000)));
    }

    #[test]
    fn the_first_page_is_asked_for_again() {
        let request = of_first_page(br#"{"inputs":[{"id":"1","after":"x"}],"offset":500}"#);
        let request: Value = serde_json::from_slice(&request).unwrap();
        assert_eq!(request, json!({ "inputs": [{ "id": "1" }], "offset": 0 }));
    }
}
