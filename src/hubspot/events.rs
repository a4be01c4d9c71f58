//! What the commands read of custom events.

use super::client::Client;
use super::pages::get_pages;
use super::patient::{Patience, Trouble};
use crate::crm::event::EventDefinition;

/// Pages of definitions, 100 each: ten times what an account may have.
const MOST_PAGES: usize = 50;

/// All event definitions of the account, with their properties; an account has at most 500.
///
/// # Errors
/// [`Trouble`] when HubSpot refuses or cannot be reached before patience ends; a token without the scope is refused
/// with 403.
pub async fn definitions(client: &Client, patience: Patience) -> Result<Vec<EventDefinition>, Trouble> {
    get_pages(client, |after| client.paths().event_definitions_page(after), MOST_PAGES, patience).await
}
