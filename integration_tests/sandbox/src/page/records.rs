//! Objects as tables, and one record with its properties, its history and what it belongs to.

use std::collections::BTreeMap;

use super::Page;
use super::html::{Html, heading, link, note, short, table};
use crate::catalog::{ObjectType, Slot, TypeIndex};
use crate::http::Query;
use crate::records::{Record, RecordStore, WriteKind};
use crate::world::World;

/// Records and columns of a table, and writes of a history.
const ROWS: usize = 50;
const COLUMNS: usize = 7;
const WRITES: usize = 200;

fn find(world: &World, name: &str) -> Option<TypeIndex> {
    world.catalog.types().iter().position(|kind| kind.answers_to(name)).map(TypeIndex)
}

/// The property that names a record to people, if it has a value.
pub(super) fn display(kind: &ObjectType, record: &Record) -> Option<String> {
    let (slot, _) = kind.property(&kind.primary_display)?;
    record.value(slot).map(str::to_owned)
}

/// `/objects/{type}`: the newest records first.
pub(super) fn table_page(world: &World, name: &str, query: &Query) -> Option<Page> {
    let index = find(world, name)?;
    let (kind, store) = world.kind_and_store(index);
    let before = query.get("before").and_then(|text| text.parse().ok()).unwrap_or(u64::MAX);
    let mut shown: Vec<&Record> =
        store.before(before).filter(|record| record.archived.is_none()).take(ROWS + 1).collect();
    let more = shown.len() > ROWS;
    shown.truncate(ROWS);
    let columns = columns(kind, &shown);
    let mut heads = vec!["id"];
    heads.extend(columns.iter().map(|slot| kind.in_slot(*slot).name.as_str()));
    heads.push("changed");
    let rows = shown.iter().map(|record| {
        let id = record.id.to_string();
        let mut cells = vec![link(&["objects", &kind.id, &id], &id)];
        cells.extend(columns.iter().map(|slot| record.value(*slot).map(short).unwrap_or_default()));
        cells.push(Html::text(record.updated.iso()));
        cells
    });
    let mut parts = vec![types(world), note(count(store)), table(&heads, rows)];
    if let Some(last) = shown.last().filter(|_| more) {
        let href = format!("?before={}", last.id);
        parts.push(Html::tag("a", &[("href", &href)], [Html::text("older")]));
    }
    Some(Page::new(format!("{} ({})", kind.label_plural, kind.id), parts))
}

fn count(store: &RecordStore) -> String {
    format!(
        "{} records, {} made, {} archived.",
        store.live().count(),
        store.counts.created,
        store.counts.archived
    )
}

/// Links to the types that have records.
fn types(world: &World) -> Html {
    let used = world.catalog.types().iter().zip(&world.stores).filter(|(_, store)| store.counts.created > 0);
    let links = used.flat_map(|(kind, _)| [link(&["objects", &kind.id], &kind.plural), Html::text(" ")]);
    Html::tag("p", &[], links)
}

/// The properties that most of the records have a value for, the one that names a record first.
fn columns(kind: &ObjectType, records: &[&Record]) -> Vec<Slot> {
    let mut uses: BTreeMap<Slot, usize> = BTreeMap::new();
    for (slot, _) in records.iter().flat_map(|record| record.values()) {
        *uses.entry(slot).or_default() += 1;
    }
    let mut slots: Vec<(Slot, usize)> = uses.into_iter().collect();
    let first = |slot: Slot| kind.in_slot(slot).name == kind.primary_display;
    slots.sort_by_key(|(slot, uses)| (!first(*slot), std::cmp::Reverse(*uses), *slot));
    slots.into_iter().take(COLUMNS).map(|(slot, _)| slot).collect()
}

/// `/objects/{type}/{id}`.
pub(super) fn record_page(world: &mut World, name: &str, id: &str) -> Option<Page> {
    let index = find(world, name)?;
    let id: u64 = id.parse().ok()?;
    let associated = associations(world, index, id);
    let (kind, store) = world.kind_and_store(index);
    let record = store.get(id)?;
    let state = match record.archived {
        Some(at) => format!(", archived {}", at.iso()),
        None => String::new(),
    };
    let words = format!("Made {}, changed {}{state}.", record.created.iso(), record.updated.iso());
    let properties = record.values().map(|(slot, value)| {
        let property = kind.in_slot(slot);
        vec![Html::text(&property.name), Html::text(&property.label), Html::text(value)]
    });
    let lists = world.lists.live().filter(|list| list.kind == index && list.members.contains_key(&id));
    let lists = lists.map(|list| {
        let number = list.id.to_string();
        vec![link(&["lists", &number], &number), Html::text(&list.name)]
    });
    let parts = [
        note(words),
        heading("Properties"),
        Html::tag("div", &[("class", &"wrap")], [table(&["name", "label", "value"], properties)]),
        heading("History"),
        history(world, index, id),
        heading("Associations"),
        table(&["with", "record", "labels"], associated),
        heading("Lists"),
        table(&["id", "name"], lists),
    ];
    let title = display(kind, record).unwrap_or_else(|| kind.label_singular.clone());
    Some(Page::new(format!("{title} ({} {id})", kind.plural), parts))
}

/// What was written to a record, the latest first.
fn history(world: &World, index: TypeIndex, id: u64) -> Html {
    let kind = world.catalog.get(index);
    let mut writes = world.history.select(
        |other, record| other == index && record == id,
        |_| kind.id.clone(),
        |_, slot| kind.in_slot(Slot(slot)).name.clone(),
    );
    writes.reverse();
    let rows = writes.into_iter().take(WRITES).map(|write| {
        let request = write.request.to_string();
        let values: Vec<String> =
            write.values.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let by =
            if write.request == 0 { Html::text("the test") } else { link(&["requests", &request], &request) };
        vec![Html::text(write.sequence), Html::text(word(write.kind)), by, Html::text(values.join(", "))]
    });
    Html::tag("div", &[("class", &"wrap")], [table(&["write", "did", "request", "values"], rows)])
}

fn word(kind: WriteKind) -> &'static str {
    match kind {
        WriteKind::Created => "made",
        WriteKind::Updated => "changed",
        WriteKind::Unchanged => "changed nothing",
        WriteKind::Archived => "archived",
        WriteKind::Merged => "merged away",
        WriteKind::Erased => "erased",
    }
}

fn associations(world: &mut World, index: TypeIndex, id: u64) -> Vec<Vec<Html>> {
    let mut rows = Vec::new();
    for target in (0..world.catalog.types().len()).map(TypeIndex) {
        if world.associations.links.of((index, id), target).next().is_none() {
            continue;
        }
        let known = world.types_between(index, target).to_vec();
        let (kind, store) = world.kind_and_store(target);
        for (other, types) in world.associations.links.of((index, id), target) {
            if !store.is_live(other) {
                continue;
            }
            let text = other.to_string();
            let label = |own| known.iter().find(|known| known.own == own)?.label.clone();
            let labels: Vec<String> = types.iter().copied().filter_map(label).collect();
            rows.push(vec![
                Html::text(&kind.plural),
                link(&["objects", &kind.id, &text], &text),
                Html::text(labels.join(", ")),
            ]);
        }
    }
    rows
}
