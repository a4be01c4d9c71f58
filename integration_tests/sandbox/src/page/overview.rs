//! `/`: everything at a glance.

use super::html::{Html, heading, link, note, table};
use super::requests::Seen;
use super::{Page, events, lists, requests};
use crate::world::World;

/// Requests shown.
const SHOWN: usize = 12;
/// Types shown although they have no records.
const ALWAYS: &[&str] = &["0-1", "0-2", "0-3", "0-5"];

/// The page.
pub(super) fn page(world: &World, seen: &Seen) -> Page {
    let totals = &seen.totals;
    let count = |statuses: std::ops::RangeInclusive<u16>| -> u64 {
        totals
            .answers
            .iter()
            .filter(|((_, status), _)| statuses.contains(status))
            .map(|(_, count)| count)
            .sum()
    };
    let (limited, refused) = (count(429..=429), count(400..=499));
    let summary = format!(
        "Account {}, {} requests ({} in progress): {} fine, {} refused, {limited} over a limit, {} failed. {} writes.",
        world.account.portal_id,
        totals.arrived,
        totals.in_flight,
        count(200..=399),
        refused - limited,
        count(500..=599),
        world.history.written(),
    );
    let mut parts =
        vec![note(summary), seen.drawing(world.budgets.first_limit()), heading("Objects"), objects(world)];
    if world.lists.live().next().is_some() {
        parts.extend([heading("Lists"), lists::rows(world)]);
    }
    if world.events.definitions.live().next().is_some() {
        parts.extend([heading("Events"), events::definitions(world)]);
    }
    parts.extend([heading("Latest requests"), requests::rows(seen.recent(SHOWN))]);
    Page::new("Overview", parts)
}

fn objects(world: &World) -> Html {
    let heads = ["type", "name", "records", "made", "changed", "written unchanged", "archived"];
    let rows = world.catalog.types().iter().zip(&world.stores).filter_map(|(kind, store)| {
        let counts = store.counts;
        if counts.created == 0 && !ALWAYS.contains(&kind.id.as_str()) {
            return None;
        }
        Some(vec![
            link(&["objects", &kind.id], &kind.id),
            link(&["objects", &kind.id], &kind.plural),
            Html::text(store.live().count()),
            Html::text(counts.created),
            Html::text(counts.updated),
            Html::text(counts.unchanged),
            Html::text(counts.archived),
        ])
    });
    table(&heads, rows)
}
