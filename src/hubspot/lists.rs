//! What the commands read and make of lists.

use serde::Deserialize;
use serde_json::json;

use super::client::Client;
use super::patient::{Patience, Trouble, get_json, post_json};
use crate::api::Pages;
use crate::crm::list::List;

/// Lists of one page of a search (the most is 500, HubSpot's OpenAPI file).
const PAGE: usize = 250;
/// Pages that are read of the lists whose names hold a text: more of them is no name.
const MOST_PAGES: usize = 4;

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

/// The only list of these members whose name differs from this one in letter case and outer blanks at most; `None` where
/// there is none, or several.
///
/// # Errors
/// [`Trouble`] when HubSpot cannot be reached, or does not let the token search. What else it says to a search is no word
/// about the list.
pub async fn by_name_in_any_case(
    client: &Client,
    object_type_id: &str,
    name: &str,
    patience: Patience,
) -> Result<Option<List>, Trouble> {
    let folded = |name: &str| name.trim().to_lowercase();
    let is_meant = |list: &List| {
        folded(&list.name) == folded(name) && list.object_type_id == object_type_id && !list.is_deleted()
    };
    let mut found: Vec<List> = Vec::new();
    let mut offset = 0;
    for _ in 0..MOST_PAGES {
        let body = search(offset, PAGE, &[], Some(name.trim()));
        let page: Page = match post_json(client, &client.paths().lists_search(), &body, patience).await {
            Ok(page) => page,
            Err(trouble) if trouble.is_refused() && !trouble.is_forbidden() => break,
            Err(trouble) => return Err(trouble),
        };
        found.extend(page.lists.into_iter().filter(is_meant));
        if !page.has_more || page.offset <= offset {
            break;
        }
        offset = page.offset;
    }
    Ok(if found.len() == 1 { found.pop() } else { None })
}

/// Body of a search, with every member that the dated versions require.
fn search(offset: usize, count: usize, processing_types: &[&str], query: Option<&str>) -> Vec<u8> {
    let mut body =
        json!({"listIds": [], "offset": offset, "count": count, "processingTypes": processing_types});
    if let Some(query) = query {
        body["query"] = json!(query);
    }
    body.to_string().into_bytes()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(default)]
    lists: Vec<List>,
    #[serde(default)]
    has_more: bool,
    #[serde(default)]
    offset: usize,
}

/// Makes a manual list.
///
/// # Errors
/// [`Trouble`] when HubSpot refuses, as it does where the name is taken ([`is_name_taken`]), or cannot be reached.
pub async fn create(
    client: &Client,
    object_type_id: &str,
    name: &str,
    patience: Patience,
) -> Result<List, Trouble> {
    let body = json!({"name": name, "objectTypeId": object_type_id, "processingType": "MANUAL"});
    let body = body.to_string().into_bytes();
    post_json::<Envelope>(client, &client.paths().lists(), &body, patience)
        .await
        .map(|envelope| envelope.list)
}

/// Whether HubSpot refused to make a list because one has its name.
#[must_use]
pub fn is_name_taken(trouble: &Trouble) -> bool {
    let says_so = |error: &crate::api::ApiError| {
        error.sub_category.as_deref().is_some_and(|name| name.contains("DUPLICATE_LIST_NAMES"))
    };
    trouble.is_there_already() || matches!(trouble, Trouble::Refused(error) if says_so(error))
}

/// Lists that take members, and whether there are more than were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lists {
    /// As HubSpot orders them.
    pub lists: Vec<List>,
    /// Whether more of them exist.
    pub are_more: bool,
}

/// Pages beyond those that hold what is asked for: some lists may have gone meanwhile.
const SPARE_PAGES: usize = 10;

/// At most so many of the lists that take members.
///
/// # Errors
/// [`Trouble`] when HubSpot refuses, as it does a token without the scope (403), or cannot be reached.
pub async fn taking_members(client: &Client, most: usize, patience: Patience) -> Result<Lists, Trouble> {
    let mut found = Lists::default();
    let mut pages = Pages::at_most(most.div_ceil(PAGE) + SPARE_PAGES);
    let mut offset = 0;
    loop {
        let count = PAGE.min(most - found.lists.len());
        let kinds: &[&str] = &["MANUAL", "SNAPSHOT"];
        let body = search(offset, count, kinds, None);
        let page: Page = post_json(client, &client.paths().lists_search(), &body, patience).await?;
        found.are_more = page.has_more;
        found.lists.extend(page.lists);
        found.lists.truncate(most);
        if !page.has_more || found.lists.len() >= most {
            return Ok(found);
        }
        offset = page.offset;
        pages.follow(&offset.to_string()).map_err(|_| Trouble::Endless)?;
    }
}
