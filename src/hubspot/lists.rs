//! What the commands read and make of lists.

use serde::Deserialize;

use super::client::Client;
use super::patient::{Patience, Trouble, get_json};
use crate::crm::list::List;

#[derive(Deserialize)]
struct Envelope {
    list: List,
}

/// One list by its id.
///
/// # Errors
/// [`Trouble`] when HubSpot refuses, as it does where there is no such list, or cannot be reached.
pub async fn by_id(client: &Client, id: &str, patience: Patience) -> Result<List, Trouble> {
    get_json::<Envelope>(client, &client.paths().list(id), patience).await.map(|envelope| envelope.list)
}

/// One list by its name and the type id of its members.
///
/// # Errors
/// [`Trouble`] when HubSpot refuses, as it does where there is no such list, or cannot be reached.
pub async fn by_name(
    client: &Client,
    object_type_id: &str,
    name: &str,
    patience: Patience,
) -> Result<List, Trouble> {
    let path = client.paths().list_by_name(object_type_id, name);
    get_json::<Envelope>(client, &path, patience).await.map(|envelope| envelope.list)
}
