//! Lists with their members.

use super::Page;
use super::html::{Html, heading, link, note, table};
use crate::lists::ObjectList;
use crate::world::World;

/// Members shown.
const SHOWN: usize = 500;

/// `/lists`.
pub(super) fn index_page(world: &World) -> Page {
    Page::new("Lists", [rows(world)])
}

/// A table of the lists that are not deleted.
pub(super) fn rows(world: &World) -> Html {
    let rows = world.lists.live().map(|list| {
        let id = list.id.to_string();
        vec![
            link(&["lists", &id], &id),
            link(&["lists", &id], &list.name),
            Html::text(&world.catalog.get(list.kind).plural),
            Html::text(list.processing.spelled()),
            Html::text(members(world, list).count()),
        ]
    });
    table(&["id", "name", "of", "kind", "members"], rows)
}

fn members<'w>(world: &'w World, list: &'w ObjectList) -> impl Iterator<Item = (u64, String)> {
    let (_, store) = world.kind_and_store(list.kind);
    list.members.iter().filter(|(id, _)| store.is_live(**id)).map(|(id, joined)| (*id, joined.iso()))
}

/// `/lists/{id}`.
pub(super) fn list_page(world: &World, id: &str) -> Option<Page> {
    let list = world.lists.get(id.parse().ok()?)?;
    let (kind, store) = world.kind_and_store(list.kind);
    let count = members(world, list).count();
    let state = if list.deleted.is_some() { ", deleted" } else { "" };
    let words = format!("A {} list of {count} {}{state}.", list.processing.spelled(), kind.plural);
    let rows = members(world, list).take(SHOWN).map(|(id, joined)| {
        let id_text = id.to_string();
        let name = store.get(id).and_then(|record| super::records::display(kind, record));
        vec![
            link(&["objects", &kind.id, &id_text], &id_text),
            Html::text(name.unwrap_or_default()),
            Html::text(joined),
        ]
    });
    let mut parts = vec![note(words), heading("Members"), table(&["record", "name", "since"], rows)];
    if count > SHOWN {
        parts.push(note(format_args!("The first {SHOWN} of {count}.")));
    }
    Some(Page::new(format!("List {}: {}", list.id, list.name), parts))
}
