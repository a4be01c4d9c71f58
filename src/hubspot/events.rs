//! What the commands read of custom events.

use serde::Deserialize;

use super::client::Client;
use super::patient::{Patience, Trouble, get_json};
use crate::api::Paging;
use crate::crm::event::EventDefinition;

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    results: Vec<EventDefinition>,
    #[serde(default)]
    paging: Option<Paging>,
}

/// All event definitions of the account, with their properties; an account has at most 500.
///
/// # Errors
/// [`Trouble`] when HubSpot refuses or cannot be reached before patience ends; a token without the scope is refused
/// with 403.
pub async fn definitions(client: &Client, patience: Patience) -> Result<Vec<EventDefinition>, Trouble> {
    let path = client.paths().event_definitions();
    let mut definitions = Vec::new();
    let mut after = String::new();
    loop {
        let path = format!("{path}?includeProperties=true&limit=100{after}");
        let page: Page = get_json(client, &path, patience).await?;
        definitions.extend(page.results);
        match page.paging.and_then(Paging::after) {
            // The cursor is HubSpot's own, digits or base 64: both may stand in a query.
            Some(next) => after = format!("&after={next}"),
            None => return Ok(definitions),
        }
    }
}
