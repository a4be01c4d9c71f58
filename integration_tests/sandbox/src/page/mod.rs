//! The sandbox in a browser: what it holds and what it was asked, live while a client runs.
//!
//! Rendered here, without a framework: a page asks for itself again every second and takes over what changed. Pages
//! need no token, count against no limit and are not in the request log.

mod events;
mod html;
mod lists;
mod overview;
mod records;
mod requests;
mod shell;
mod trouble;
mod window;

use crate::http::{Answer, Query, Shared, lock};
use html::Html;
pub(crate) use html::escaped;
use requests::Seen;
use trouble::Settings;

/// One page: its title and what is on it.
struct Page {
    title: String,
    /// What is taken over when it changes.
    body: Html,
    /// What stays as people filled it in.
    forms: Html,
}

impl Page {
    /// A page without forms.
    fn new(title: impl Into<String>, parts: impl IntoIterator<Item = Html>) -> Self {
        Self { title: title.into(), body: parts.into_iter().collect(), forms: Html::default() }
    }
}

/// Answers a request for a page; none if it is for something else.
pub(crate) fn answer(shared: &Shared, method: &str, path: &str, query: Option<&str>) -> Option<Answer> {
    if method != "GET" {
        return None;
    }
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    let query = Query::parse(query);
    let log = &*shared.log;
    let page = match segments.as_slice() {
        [""] => {
            let seen = Seen::of(log);
            overview::page(&lock(&shared.world), &seen)
        }
        ["objects", kind] => records::table_page(&lock(&shared.world), kind, &query)?,
        ["objects", kind, id] => records::record_page(&mut lock(&shared.world), kind, id)?,
        ["lists"] => lists::index_page(&lock(&shared.world)),
        ["lists", id] => lists::list_page(&lock(&shared.world), id)?,
        ["events"] => events::page(&lock(&shared.world)),
        ["requests"] => {
            let seen = Seen::of(log);
            let limit = lock(&shared.world).budgets.first_limit();
            requests::page(&seen, limit)
        }
        ["control"] => {
            let (limits, readings) = {
                let world = &mut *lock(&shared.world);
                (world.limits(), world.switches.readings())
            };
            let faults = lock(&shared.faults).states();
            trouble::page(&Settings { control: shared.control, faults, limits, readings })
        }
        ["requests", number] => requests::request_page(log, number)?,
        _ => return None,
    };
    let mut answer = Answer::page(shell::whole(page));
    let policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; \
                  img-src data:";
    answer.headers.push(("content-security-policy".to_owned(), policy.to_owned()));
    answer.headers.push(("cache-control".to_owned(), "no-store".to_owned()));
    Some(answer)
}
