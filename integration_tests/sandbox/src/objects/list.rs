//! `GET /crm/v3/objects/{objectType}`: pages of all records in the order of their ids.

use serde_json::json;

use super::read::selection;
use crate::catalog::TypeIndex;
use crate::endpoints::Call;
use crate::error::Refusal;
use crate::http::Answer;
use crate::records::RecordJson;
use crate::world::World;

/// Most records of a page.
const MAX_PAGE: usize = 100;

/// Answers one page.
pub(crate) fn page(world: &World, call: &Call<'_>, kind: TypeIndex) -> Result<Answer, Refusal> {
    let limit = match call.query.get("limit") {
        None => 10,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=MAX_PAGE).contains(limit))
            .ok_or_else(|| Refusal::invalid(format!("limit must be between 1 and {MAX_PAGE}.")))?,
    };
    let after = match call.query.get("after") {
        None => 0,
        Some(text) => text.parse().map_err(|_| Refusal::invalid("after is not a valid paging cursor."))?,
    };
    let archived = call.query.flag("archived");
    let names = call.query.list("properties");
    let selection = selection(&names);
    let (definition, store) = world.kind_and_store(kind);
    let mut records = store.after(after).filter(|record| record.archived.is_some() == archived).peekable();
    let mut last = 0;
    let mut results = Vec::with_capacity(limit);
    while results.len() < limit
        && let Some(record) = records.next()
    {
        last = record.id;
        results.push(RecordJson::new(&world.account, definition, record, &selection));
    }
    let mut body = json!({ "results": results });
    if records.peek().is_some() {
        let link =
            format!("https://api.hubapi.com/crm/v3/objects/{}?limit={limit}&after={last}", definition.plural);
        body["paging"] = json!({ "next": { "after": last.to_string(), "link": link } });
    }
    Ok(Answer::json(200, &body))
}
