//! What HubSpot answers in pages, read as a whole.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::client::Client;
use super::patient::{Patience, Trouble, get_json};
use crate::api::{Pages, Paging};

/// Most entries of one page that are read; HubSpot's largest pages have 500.
const MOST_OF_A_PAGE: usize = 1000;

#[derive(Deserialize)]
struct Page<T> {
    #[serde(default = "Vec::new")]
    results: Vec<T>,
    #[serde(default)]
    paging: Option<Paging>,
}

/// Reads all pages; `path` makes the path of the first, and of the one a cursor names.
///
/// # Errors
/// [`Trouble`] when HubSpot refuses or cannot be reached before patience ends, or when the pages do not end: at most
/// `most` are read.
pub(super) async fn get_pages<T: DeserializeOwned>(
    client: &Client,
    path: impl Fn(Option<&str>) -> String,
    most: usize,
    patience: Patience,
) -> Result<Vec<T>, Trouble> {
    let mut pages = Pages::at_most(most);
    let (mut all, mut after) = (Vec::new(), None::<String>);
    loop {
        let page: Page<T> = get_json(client, &path(after.as_deref()), patience).await?;
        all.extend(page.results);
        let Some(cursor) = page.paging.and_then(Paging::after) else { return Ok(all) };
        if all.len() > most * MOST_OF_A_PAGE || pages.follow(&cursor).is_err() {
            return Err(Trouble::Endless);
        }
        after = Some(cursor);
    }
}
