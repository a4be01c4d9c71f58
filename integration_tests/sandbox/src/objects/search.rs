//! `POST .../search`.
//!
//! Source: <https://developers.hubspot.com/docs/api-reference/latest/crm/search-the-crm>.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::read::selection;
use super::search_filter::{Filter, Matcher};
use crate::catalog::{ObjectType, TypeIndex};
use crate::endpoints::Call;
use crate::error::Refusal;
use crate::http::Answer;
use crate::records::{Record, RecordJson, RecordStore};
use crate::switches::SearchQuotes;
use crate::world::World;

/// Most characters of a body, results of a page, results of a query, groups, filters of a group, filters in all.
const LIMITS: (usize, usize, usize, usize, usize, usize) = (3_000, 200, 10_000, 5, 6, 18);

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Request {
    filter_groups: Vec<Group>,
    filters: Vec<Filter>,
    query: Option<String>,
    sorts: Vec<Value>,
    properties: Vec<String>,
    limit: Option<usize>,
    after: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Group {
    filters: Vec<Filter>,
}

/// Answers a search.
pub(crate) fn search(world: &mut World, call: &Call<'_>, kind: TypeIndex) -> Result<Answer, Refusal> {
    let request: Request = serde_json::from_slice(call.body).map_err(|error| Refusal::bad_json(&error))?;
    world.index.count_search();
    let world = &*world;
    let (definition, store) = world.kind_and_store(kind);
    let (offset, limit) = check(call.body, &request)?;
    if world.switches.search_quotes == SearchQuotes::Refused {
        let in_groups = request.filter_groups.iter().flat_map(|group| &group.filters);
        if in_groups.chain(&request.filters).any(Filter::has_an_odd_quote) {
            let message =
                "Invalid input JSON on line 1, column 1: The filter value has mismatched quotation marks.";
            return Err(Refusal::plain(400, message));
        }
    }
    let mut groups: Vec<&[Filter]> =
        request.filter_groups.iter().map(|group| group.filters.as_slice()).collect();
    if !request.filters.is_empty() {
        groups.push(&request.filters);
    }
    let groups: Vec<Vec<Matcher<'_>>> = groups
        .into_iter()
        .map(|group| group.iter().map(|filter| Matcher::new(definition, filter)).collect())
        .collect::<Result<_, _>>()?;
    let now = world.clock.now();
    let mut found: Vec<&Record> = candidates(definition, store, &groups)
        .filter(|record| world.index.shows(kind, record, now))
        .filter(|record| {
            groups.is_empty() || groups.iter().any(|group| group.iter().all(|m| m.matches(record)))
        })
        .filter(|record| matches_query(definition, record, request.query.as_deref()))
        .collect();
    sort(definition, &mut found, &request.sorts)?;
    let selection = selection(&request.properties);
    let results: Vec<RecordJson<'_>> = found
        .iter()
        .skip(offset)
        .take(limit)
        .map(|record| RecordJson::new(&world.account, definition, record, &selection))
        .collect();
    let mut body = json!({ "total": found.len(), "results": results });
    if offset + limit < found.len() {
        body["paging"] = json!({ "next": { "after": (offset + limit).to_string() } });
    }
    Ok(Answer::json(200, &body))
}

/// The refusal HubSpot has for every ill-formed search: it does not say what is wrong.
pub(crate) fn problem() -> Refusal {
    Refusal::plain(400, "There was a problem with the request.")
}

/// Checks the limits and gives the page's offset and size.
fn check(body: &[u8], request: &Request) -> Result<(usize, usize), Refusal> {
    let (characters, page, results, groups, per_group, in_all) = LIMITS;
    let counts: Vec<usize> = request.filter_groups.iter().map(|group| group.filters.len()).collect();
    let limit = request.limit.unwrap_or(10);
    let offset = match &request.after {
        None | Some(Value::Null) => 0,
        Some(Value::String(text)) => text.parse().map_err(|_| problem())?,
        Some(other) => other.as_u64().and_then(|n| usize::try_from(n).ok()).ok_or_else(problem)?,
    };
    let fits = String::from_utf8_lossy(body).chars().count() <= characters
        && (1..=page).contains(&limit)
        && offset + limit <= results
        && counts.len() <= groups
        && counts.iter().all(|count| *count <= per_group)
        && counts.iter().sum::<usize>() <= in_all;
    if fits { Ok((offset, limit)) } else { Err(problem()) }
}

/// The records to look at: a few, where a single group of filters asks for addresses, else all.
fn candidates<'a>(
    kind: &ObjectType,
    store: &'a RecordStore,
    groups: &[Vec<Matcher<'_>>],
) -> Box<dyn Iterator<Item = &'a Record> + 'a> {
    if let [group] = groups
        && let Some((slot, addresses)) = group.iter().find_map(|matcher| matcher.addresses(kind))
    {
        let ids: BTreeSet<u64> =
            addresses.into_iter().filter_map(|address| store.holder(slot, address)).collect();
        return Box::new(ids.into_iter().filter_map(|id| store.get(id)));
    }
    Box::new(store.all())
}

fn matches_query(kind: &ObjectType, record: &Record, query: Option<&str>) -> bool {
    let Some(query) = query.map(str::to_lowercase).filter(|query| !query.is_empty()) else { return true };
    kind.searchable.iter().any(|name| {
        kind.property(name)
            .and_then(|(slot, _)| record.value(slot))
            .is_some_and(|value| value.to_lowercase().contains(&query))
    })
}

/// Sorts by the first entry of `sorts` (`"-name"` or `{propertyName, direction}`), else by creation.
fn sort(kind: &ObjectType, records: &mut [&Record], sorts: &[Value]) -> Result<(), Refusal> {
    let Some(first) = sorts.first() else { return Ok(()) };
    let text = first.as_str().or_else(|| first["propertyName"].as_str()).ok_or_else(problem)?;
    let (name, mut descending) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
    descending |= first["direction"].as_str() == Some("DESCENDING");
    if kind.property(name).is_none() {
        return Err(problem());
    }
    let filter = Filter::on(name);
    let reader = Matcher::new(kind, &filter)?;
    records.sort_by(|one, other| {
        let order = reader.compare(one, other);
        if descending { order.reverse() } else { order }
    });
    Ok(())
}
