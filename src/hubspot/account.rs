//! What the commands read of the account: details, property definitions, custom objects.

use serde::Deserialize;

use super::client::Client;
use super::pages::get_pages;
use super::patient::{Patience, Trouble, get_json};
use crate::coerce::Owners;
use crate::crm::account::AccountDetails;
use crate::crm::association_label::AssociationLabel;
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

/// An object's archived properties: in the recycling bin for 90 days, and back to life when one of their name is made.
///
/// # Errors
/// [`Trouble`] when HubSpot refuses or cannot be reached before patience ends.
pub async fn archived_properties(
    client: &Client,
    object: &ObjectType,
    patience: Patience,
) -> Result<Vec<Property>, Trouble> {
    let path = format!("{}?archived=true", client.paths().properties(&object.path));
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

/// The kinds of association from one object type to another, labelled ones included.
///
/// # Errors
/// [`Trouble`] when HubSpot refuses or cannot be reached before patience ends.
pub async fn association_labels(
    client: &Client,
    from: &ObjectType,
    to: &ObjectType,
    patience: Patience,
) -> Result<Vec<AssociationLabel>, Trouble> {
    let path = client.paths().association_labels(&from.path, &to.path);
    get_json::<Listed<AssociationLabel>>(client, &path, patience).await.map(|listed| listed.results)
}

/// An owner: a user of the account that records can be assigned to.
#[derive(Debug, Deserialize)]
struct Owner {
    /// What an owner property holds.
    id: String,
    /// The address people know the owner by.
    #[serde(default)]
    email: Option<String>,
}

/// Reads the account's active owners and tells those who share them, also that the token may not see them.
///
/// # Errors
/// [`Trouble`] when HubSpot refuses for another reason or cannot be reached before patience ends, or when its pages do
/// not end.
pub async fn read_owners(client: &Client, owners: &Owners, patience: Patience) -> Result<(), Trouble> {
    match active_owners(client, patience).await {
        Ok(active) => {
            owners.tell(active.iter().filter_map(|owner| Some((owner.email.as_deref()?, owner.id.as_str()))));
            Ok(())
        }
        Err(trouble) if trouble.is_forbidden() => {
            owners.tell_unreadable();
            Ok(())
        }
        Err(trouble) => Err(trouble),
    }
}

/// Pages of owners, 500 each: more users than any account has.
const MOST_OWNER_PAGES: usize = 200;

/// All pages of them.
async fn active_owners(client: &Client, patience: Patience) -> Result<Vec<Owner>, Trouble> {
    get_pages(client, |after| client.paths().owners_page(after), MOST_OWNER_PAGES, patience).await
}
