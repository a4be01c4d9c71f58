//! From method and path to the kind of call, by one table.
//!
//! Most paths exist twice: `/crm/v3/objects/...` and `/crm/objects/2026-03/...`. The table has the numbered one.
//! Source: <https://developers.hubspot.com/docs/developer-tooling/platform/versioning>.

use super::endpoint::Endpoint;
use super::query::decode;
use crate::endpoints;

/// Versions that are named by a date.
pub(crate) const DATED: &[&str] = &["2025-09", "2026-03", "2026-09"];

/// What the answers of a call rest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Truth {
    /// Recorded answers, which the tests replay; what no recording shows is as documented.
    Recorded,
    /// HubSpot's documents and specifications, and reports of others.
    Documented,
    /// Inference from other calls.
    Inferred,
}

/// A call of the API.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) method: &'static str,
    /// Its path with the version's number. A name in braces stands for one segment: the first `object` type and its
    /// `item`, and what is at the far end: the object type it leads `to`, and the `other` item.
    pub(crate) path: &'static str,
    pub(crate) endpoint: Endpoint,
    pub(crate) truth: Truth,
}

/// A call whose answers were recorded.
pub(crate) const fn recorded(method: &'static str, path: &'static str, endpoint: Endpoint) -> Known {
    Known { method, path, endpoint, truth: Truth::Recorded }
}

/// A call that is answered as documented.
pub(crate) const fn documented(method: &'static str, path: &'static str, endpoint: Endpoint) -> Known {
    Known { method, path, endpoint, truth: Truth::Documented }
}

/// A call whose answers are inferred: what they hold besides success is in no document.
pub(crate) const fn inferred(method: &'static str, path: &'static str, endpoint: Endpoint) -> Known {
    Known { method, path, endpoint, truth: Truth::Inferred }
}

/// The two ways HubSpot names versions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Version {
    /// `v3`, `v4`.
    #[default]
    Numbered,
    /// `2026-03`.
    Dated,
}

/// What a path names besides the first object type and item.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Target {
    /// The object type an association leads to.
    pub(crate) object: Option<String>,
    /// The record an association leads to, or the list members come from.
    pub(crate) item: Option<String>,
    pub(crate) version: Version,
}

/// A request's kind and the names in its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) endpoint: Endpoint,
    /// The path as the table has it.
    pub(crate) path: &'static str,
    pub(crate) object: Option<String>,
    pub(crate) item: Option<String>,
    pub(crate) target: Target,
}

/// Why a request is no call of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unrouted {
    /// The path is none.
    Path,
    /// The path takes other methods: these.
    Method(Vec<&'static str>),
}

/// Finds the call that a method and path stand for.
pub(crate) fn find(method: &str, path: &str) -> Result<Route, Unrouted> {
    let decoded: Vec<String> = path.trim_matches('/').split('/').map(decode).collect();
    let segments: Vec<&str> = decoded.iter().map(String::as_str).collect();
    let spellings = numbered(&segments);
    let meant = endpoints::calls().find_map(|known| {
        let (spelled, version) = spellings.iter().find(|(spelled, _)| known.fits(spelled))?;
        Some((known, spelled, *version))
    });
    let (first, spelled, version) = meant.ok_or(Unrouted::Path)?;
    let there = || endpoints::calls().filter(|known| known.path == first.path);
    match there().find(|known| known.method == method) {
        Some(known) => Ok(known.route(spelled, version)),
        None => Err(Unrouted::Method(there().map(|known| known.method).collect())),
    }
}

/// The paths with a version's number that a path may stand for.
fn numbered<'a>(segments: &[&'a str]) -> Vec<(Vec<&'a str>, Version)> {
    let dated = |version: &str| DATED.contains(&version);
    match segments {
        ["crm", name, version, rest @ ..] if dated(version) => {
            let with = |number| [&["crm", number, *name], rest].concat();
            vec![(with("v3"), Version::Dated), (with("v4"), Version::Dated)]
        }
        ["events", "custom", version, rest @ ..] if dated(version) => {
            vec![([&["events", "v3"], rest].concat(), Version::Dated)]
        }
        [name, version, rest @ ..] if dated(version) => {
            let with = |number| [&[*name, number], rest].concat();
            vec![(with("v3"), Version::Dated), (with("v4"), Version::Dated)]
        }
        _ => vec![(segments.to_vec(), Version::Numbered)],
    }
}

fn is_name(segment: &str) -> bool {
    segment.starts_with('{')
}

impl Known {
    fn segments(&self) -> impl Iterator<Item = &'static str> {
        self.path.trim_start_matches('/').split('/')
    }

    fn fits(&self, spelled: &[&str]) -> bool {
        let mut asked = spelled.iter();
        self.segments().all(|own| {
            asked.next().is_some_and(|asked| if is_name(own) { !asked.is_empty() } else { own == *asked })
        }) && asked.next().is_none()
    }

    fn route(&self, spelled: &[&str], version: Version) -> Route {
        let named = |name: &str| {
            let found = self.segments().zip(spelled).find(|(own, _)| *own == name)?;
            Some((*found.1).to_owned())
        };
        Route {
            endpoint: self.endpoint,
            path: self.path,
            object: named("{object}"),
            item: named("{item}"),
            target: Target { object: named("{to}"), item: named("{other}"), version },
        }
    }

    /// Every path it has, the numbered one first.
    pub(crate) fn paths(&self) -> Vec<String> {
        let segments: Vec<&str> = self.segments().collect();
        let mut paths = vec![self.path.to_owned()];
        for version in DATED {
            match segments.as_slice() {
                ["crm", "v3" | "v4", name, rest @ ..] => {
                    paths.push(format!("/{}", [&["crm", *name, *version], rest].concat().join("/")));
                }
                ["events", "v3", rest @ ..] => {
                    paths.push(format!("/{}", [&["events", *version], rest].concat().join("/")));
                    paths.push(format!("/{}", [&["events", "custom", *version], rest].concat().join("/")));
                }
                [name, "v3" | "v4", rest @ ..] => {
                    paths.push(format!("/{}", [&[*name, *version], rest].concat().join("/")));
                }
                _ => {}
            }
        }
        paths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_of_the_table_leads_to_its_call() {
        for (method, path, endpoint) in [
            ("POST", "/crm/v3/objects/contacts/batch/upsert", Endpoint::Upsert),
            ("POST", "/crm/objects/2026-03/0-1/batch/upsert", Endpoint::Upsert),
            ("POST", "/crm/objects/2026-09/contacts/batch/create", Endpoint::Create),
            ("POST", "/crm/v3/objects/contacts/batch/update", Endpoint::Update),
            ("POST", "/crm/v3/objects/contacts/batch/read", Endpoint::Read),
            ("POST", "/crm/v3/objects/contacts/batch/archive", Endpoint::Archive),
            ("POST", "/crm/v3/objects/contacts/search", Endpoint::Search),
            ("POST", "/crm/v3/objects/contacts/merge", Endpoint::Merge),
            ("POST", "/crm/v3/objects/contacts", Endpoint::CreateOne),
            ("GET", "/crm/v3/objects/contacts", Endpoint::List),
            ("GET", "/crm/v3/objects/contacts/5", Endpoint::ReadOne),
            ("PATCH", "/crm/v3/objects/contacts/5", Endpoint::UpdateOne),
            ("DELETE", "/crm/v3/objects/contacts/5", Endpoint::ArchiveOne),
            ("GET", "/crm/v3/properties/contacts", Endpoint::PropertyList),
            ("GET", "/crm/properties/2026-03/contacts/email", Endpoint::PropertyRead),
            ("POST", "/crm/v3/properties/contacts/batch/create", Endpoint::PropertyBatchCreate),
            ("GET", "/crm/v3/properties/contacts/groups", Endpoint::GroupList),
            ("GET", "/crm-object-schemas/v3/schemas", Endpoint::SchemaList),
            ("GET", "/crm-object-schemas/2026-09/schemas/2-5", Endpoint::SchemaRead),
            ("GET", "/crm/v3/schemas/CONTACT", Endpoint::SchemaRead),
            ("GET", "/crm/v3/owners/", Endpoint::OwnerList),
            ("GET", "/crm/owners/2026-03", Endpoint::OwnerList),
            ("POST", "/crm/v3/lists/", Endpoint::ListCreate),
            ("GET", "/crm/lists/2026-09?listIds=1", Endpoint::ListMany),
            ("POST", "/crm/v3/lists/search", Endpoint::ListSearch),
            ("GET", "/crm/lists/2026-03/object-type-id/0-1/name/a%20b", Endpoint::ListByName),
            ("DELETE", "/crm/v3/lists/5", Endpoint::ListDelete),
            ("PUT", "/crm/v3/lists/5/memberships/add-and-remove", Endpoint::MembersAddAndRemove),
            ("PUT", "/crm/lists/2026-03/5/memberships/add-from/6", Endpoint::MembersAddFrom),
            ("GET", "/crm/v3/lists/5/memberships", Endpoint::MembersRead),
            ("GET", "/crm/v3/lists/records/0-1/5/memberships", Endpoint::RecordLists),
            ("POST", "/crm/v4/associations/0-1/0-2/batch/associate/default", Endpoint::AssociateDefault),
            ("POST", "/crm/associations/2026-03/0-1/0-2/batch/create", Endpoint::AssociationCreate),
            ("POST", "/crm/v4/associations/0-1/0-2/batch/labels/archive", Endpoint::AssociationUnlabel),
            ("GET", "/crm/associations/2026-09/0-1/0-2/labels", Endpoint::LabelList),
            ("PUT", "/crm/v4/objects/0-1/5/associations/default/0-2/6", Endpoint::AssociateDefaultOne),
            ("PUT", "/crm/objects/2026-03/0-1/5/associations/0-2/6", Endpoint::AssociateOne),
            ("GET", "/crm/v4/objects/0-1/5/associations/0-2", Endpoint::AssociationList),
            ("POST", "/events/v3/send", Endpoint::EventSend),
            ("POST", "/events/2026-03/send/batch", Endpoint::EventSendBatch),
            ("POST", "/events/custom/2026-03/send/batch", Endpoint::EventSendBatch),
            (
                "GET",
                "/events/v3/event-definitions/pe1_x/?includeProperties=true",
                Endpoint::EventDefinitionRead,
            ),
            ("POST", "/events/v3/event-definitions/pe1_x/property", Endpoint::EventPropertyCreate),
            ("GET", "/crm/v3/limits/records", Endpoint::LimitRecords),
            ("GET", "/crm/limits/2026-03/custom-properties", Endpoint::LimitProperties),
            ("GET", "/account-info/v3/details", Endpoint::AccountDetails),
            ("GET", "/account-info/2026-03/api-usage/daily/private-apps", Endpoint::AccountUsage),
            ("POST", "/oauth/v1/token", Endpoint::OAuthToken),
            ("POST", "/oauth/v3/token", Endpoint::OAuthToken),
            ("POST", "/oauth/2026-09/token/introspect", Endpoint::OAuthIntrospect),
            ("GET", "/oauth/v1/access-tokens/abc", Endpoint::OAuthAccessTokenInfo),
            ("POST", "/oauth/v2/private-apps/get/access-token-info", Endpoint::PrivateTokenInfo),
        ] {
            let path = path.split('?').next().unwrap();
            let found = find(method, path).map(|route| route.endpoint);
            assert_eq!(found, Ok(endpoint), "{method} {path}");
        }
    }

    #[test]
    fn every_path_of_a_call_leads_to_it() {
        for known in endpoints::calls() {
            for path in known.paths() {
                let path = path.replace("{object}", "0-1").replace("{to}", "0-2").replace(['{', '}'], "");
                let found = find(known.method, &path).map(|route| (route.endpoint, route.path));
                assert_eq!(found, Ok((known.endpoint, known.path)), "{path}");
            }
        }
    }

    #[test]
    fn tells_a_wrong_method_from_a_wrong_path() {
        let methods = vec!["GET", "POST"];
        assert_eq!(find("PUT", "/crm/v3/objects/contacts").unwrap_err(), Unrouted::Method(methods));
        for path in [
            "/",
            "/crm/v2/objects/contacts",
            "/crm/objects/2024-01/contacts",
            "/crm/v3/objects/contacts/batch/x",
        ] {
            assert_eq!(find("POST", path).unwrap_err(), Unrouted::Path, "{path}");
        }
    }

    #[test]
    fn names_in_the_path_are_decoded() {
        let route = find("GET", "/crm/v3/objects/contacts/a%40b.io").unwrap();
        assert_eq!((route.object.as_deref(), route.item.as_deref()), (Some("contacts"), Some("a@b.io")));
    }
}
