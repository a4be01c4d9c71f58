//! Custom events.

use super::Page;
use super::html::{Html, heading, link, short, table};
use crate::world::World;

/// Occurrences shown.
const SHOWN: usize = 100;

/// `/events`.
pub(super) fn page(world: &World) -> Page {
    let all = world.events.occurrences.all();
    let rows = all.iter().rev().take(SHOWN).map(|event| {
        let who = [("contact", &event.email), ("record", &event.object_id), ("utk", &event.utk)];
        let who: Vec<String> =
            who.iter().filter_map(|(word, id)| Some(format!("{word} {}", id.as_ref()?))).collect();
        let values: Vec<String> =
            event.properties.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = event.request.to_string();
        vec![
            Html::text(&event.name),
            short(&who.join(", ")),
            Html::text(event.occurred_at.as_deref().unwrap_or_default()),
            short(&values.join(", ")),
            Html::text(event.uuid.as_deref().unwrap_or_default()),
            link(&["requests", &request], &request),
        ]
    });
    let latest = table(&["event", "of", "occurred", "properties", "uuid", "request"], rows);
    let parts = [heading("Definitions"), definitions(world), heading("Latest occurrences"), latest];
    Page::new("Events", parts)
}

/// A table of the definitions.
pub(super) fn definitions(world: &World) -> Html {
    let rows = world.events.definitions.live().map(|definition| {
        let live = definition.parts.properties.iter().filter(|known| known.archived.is_none());
        let names: Vec<&str> = live.map(|known| known.name.as_str()).collect();
        vec![
            link(&["events"], &definition.qualified),
            Html::text(&definition.parts.primary_object),
            short(&names.join(", ")),
            Html::text(world.events.occurrences.count(&definition.qualified)),
        ]
    });
    table(&["event", "of", "properties", "occurrences"], rows)
}
