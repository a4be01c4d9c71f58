//! What the commands read of the account: details, property definitions, custom objects.

use serde::Deserialize;

use super::client::Client;
use super::patient::{Patience, Trouble, get_json};
use crate::crm::account::AccountDetails;
use crate::crm::object::{ObjectSchema, ObjectType};
use crate::crm::property::Property;

/// Which property definitions to list; HubSpot leaves the sensitive ones out unless asked.
///
/// Source: HubSpot's "Manage sensitive data" (`dataSensitivity`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sensitivity {
    /// The ordinary ones.
    Ordinary,
    /// `sensitive`
    Sensitive,
    /// `highly_sensitive`
    HighlySensitive,
}

#[derive(Deserialize)]
struct Listed<T> {
    #[serde(default = "Vec::new")]
    results: Vec<T>,
}

/// The account the token belongs to.
///
/// # Errors
/// [`Trouble`] when HubSpot refuses or cannot be reached before patience ends.
pub async fn details(client: &Client, patience: Patience) -> Result<AccountDetails, Trouble> {
    get_json(client, &client.paths().account_details(), patience).await
}

/// Property definitions of an object type.
///
/// # Errors
/// [`Trouble`] when HubSpot refuses or cannot be reached before patience ends.
pub async fn properties(
    client: &Client,
    object: &ObjectType,
    sensitivity: Sensitivity,
    patience: Patience,
) -> Result<Vec<Property>, Trouble> {
    let path = client.paths().properties(&object.path);
    let path = match sensitivity {
        Sensitivity::Ordinary => path,
        Sensitivity::Sensitive => format!("{path}?dataSensitivity=sensitive"),
        Sensitivity::HighlySensitive => format!("{path}?dataSensitivity=highly_sensitive"),
    };
    get_json::<Listed<Property>>(client, &path, patience).await.map(|listed| listed.results)
}

/// The account's custom objects.
///
/// # Errors
/// [`Trouble`] when HubSpot refuses or cannot be reached before patience ends; accounts without the feature, and
/// tokens without the scope, are refused with 403.
pub async fn schemas(client: &Client, patience: Patience) -> Result<Vec<ObjectSchema>, Trouble> {
    get_json::<Listed<ObjectSchema>>(client, &client.paths().schemas(), patience)
        .await
        .map(|listed| listed.results)
}
