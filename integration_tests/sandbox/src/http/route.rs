//! From method and path to the kind of call.
//!
//! Most paths exist twice: `/crm/v3/objects/...` and `/crm/objects/2026-03/...`.
//! Source: <https://developers.hubspot.com/docs/developer-tooling/platform/versioning>.

use super::endpoint::Endpoint;
use super::query::decode;
use crate::endpoints;

/// Versions that are named by a date.
const DATED: &[&str] = &["2025-09", "2026-03", "2026-09"];

/// What a path leads to: the calls by method, and the names in the path.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) methods: &'static [(&'static str, Endpoint)],
    /// The object type as the path names it.
    pub(crate) object: Option<String>,
    /// The record, property, owner, list, event or token as the path names it.
    pub(crate) item: Option<String>,
    /// What the path names at its far end.
    pub(crate) target: Target,
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
#[derive(Clone, Debug, Default)]
pub(crate) struct Target {
    /// The object type an association leads to.
    pub(crate) object: Option<String>,
    /// The record an association leads to, or the list members come from.
    pub(crate) item: Option<String>,
    pub(crate) version: Version,
}

impl Place {
    /// A place whose path names nothing.
    pub(crate) fn new(methods: &'static [(&'static str, Endpoint)]) -> Self {
        Self { methods, object: None, item: None, target: Target::default() }
    }

    /// Adds the object type of the path.
    pub(crate) fn of(mut self, object: &str) -> Self {
        self.object = Some(object.to_owned());
        self
    }

    /// Adds the item of the path.
    pub(crate) fn at(mut self, item: &str) -> Self {
        self.item = Some(item.to_owned());
        self
    }

    /// Adds the object type at the far end.
    pub(crate) fn towards(mut self, object: &str) -> Self {
        self.target.object = Some(object.to_owned());
        self
    }

    /// Adds the way the path names its version.
    pub(crate) fn version(mut self, version: Version) -> Self {
        self.target.version = version;
        self
    }

    /// Adds the item at the far end.
    pub(crate) fn and(mut self, item: &str) -> Self {
        self.target.item = Some(item.to_owned());
        self
    }
}

/// A request's kind and the names in its path.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) endpoint: Endpoint,
    pub(crate) object: Option<String>,
    pub(crate) item: Option<String>,
    pub(crate) target: Target,
}

/// Why a request is no call of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unrouted {
    Path,
    Method,
}

/// Finds the call that a method and path stand for.
pub(crate) fn find(method: &str, path: &str) -> Result<Route, Unrouted> {
    let decoded: Vec<String> = path.trim_matches('/').split('/').map(decode).collect();
    let segments: Vec<&str> = decoded.iter().map(String::as_str).collect();
    let place = endpoints::place(&segments).ok_or(Unrouted::Path)?;
    let (_, endpoint) = place.methods.iter().find(|(known, _)| *known == method).ok_or(Unrouted::Method)?;
    Ok(Route { endpoint: *endpoint, object: place.object, item: place.item, target: place.target })
}

/// What follows `/crm/v3/{name}` or `/crm/{name}/2026-03`.
pub(crate) fn crm<'a, 'b>(segments: &'a [&'b str], name: &str) -> Option<&'a [&'b str]> {
    match segments {
        ["crm", "v3", found, rest @ ..] if *found == name => Some(rest),
        ["crm", found, version, rest @ ..] if *found == name && DATED.contains(version) => Some(rest),
        _ => None,
    }
}

/// What follows `/crm/v4/{name}` or `/crm/{name}/2026-03`, and which of them it was.
pub(crate) fn v4<'a, 'b>(segments: &'a [&'b str], name: &str) -> Option<(Version, &'a [&'b str])> {
    match segments {
        ["crm", "v4", found, rest @ ..] if *found == name => Some((Version::Numbered, rest)),
        ["crm", found, version, rest @ ..] if *found == name && DATED.contains(version) => {
            Some((Version::Dated, rest))
        }
        _ => None,
    }
}

/// What follows `/{name}/v3` or `/{name}/2026-03`.
pub(crate) fn dated<'a, 'b>(segments: &'a [&'b str], name: &str) -> Option<&'a [&'b str]> {
    match segments {
        [found, version, rest @ ..] if *found == name && (*version == "v3" || DATED.contains(version)) => {
            Some(rest)
        }
        _ => None,
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
    fn tells_a_wrong_method_from_a_wrong_path() {
        assert_eq!(find("PUT", "/crm/v3/objects/contacts").unwrap_err(), Unrouted::Method);
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
