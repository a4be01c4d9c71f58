//! The path of every HubSpot call this connector makes, for each API version.
//!
//! All calls go to one host (`https://api.hubapi.com` unless configured). The versions of March and September
//! 2026 put the date behind the family's name (`/crm/objects/2026-03/...`), the older ones put `v3` before it;
//! associations were already at v4 then. Sources: the pages under
//! developers.hubspot.com/docs/api-reference/latest and HubSpot's OpenAPI files.
//!
//! Two families have several roots, of which the next one is used where the one before is an unknown path:
//!
//! * associations: of the older versions at `/crm/v4/associations`, which HubSpot ends on 2027-03-30, then dated;
//! * custom events: at `/events/v3`, which every version has today. The dated files have `/events/custom/2026-09` (also
//!   2025-09), but `/events/2026-03` for March 2026, where the guide says `/events/custom/2026-03`.

use super::segment::encoded;
use super::version::ApiVersion;

/// What a batch call on objects or properties does; at most 100 inputs each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// `batch/create`.
    Create,
    /// `batch/read`.
    Read,
    /// `batch/update` (objects only).
    Update,
    /// `batch/upsert` (objects only).
    Upsert,
    /// `batch/archive`; of objects it takes record ids only.
    Archive,
}

impl Verb {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Read => "read",
            Self::Update => "update",
            Self::Upsert => "upsert",
            Self::Archive => "archive",
        }
    }
}

/// What a batch call on associations does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AssociationVerb {
    /// Associate with the default, unlabelled type.
    AssociateDefault,
    /// Associate with given types; labels of a pair are replaced by those given. At most 2,000 inputs.
    Create,
    /// Read; at most 1,000 inputs.
    Read,
    /// Remove all associations of the pairs.
    Archive,
    /// Remove given types only.
    ArchiveLabels,
}

impl AssociationVerb {
    const fn as_str(self) -> &'static str {
        match self {
            Self::AssociateDefault => "associate/default",
            Self::Create => "create",
            Self::Read => "read",
            Self::Archive => "archive",
            Self::ArchiveLabels => "labels/archive",
        }
    }
}

/// How a call changes the members of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MembershipVerb {
    /// Body: a JSON array of record ids to add.
    Add,
    /// Body: a JSON array of record ids to remove.
    Remove,
    /// Body: `recordIdsToAdd` and `recordIdsToRemove`, both required.
    AddAndRemove,
}

impl MembershipVerb {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Remove => "remove",
            Self::AddAndRemove => "add-and-remove",
        }
    }
}

/// A family of calls that has several roots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// Associations between records.
    Associations,
    /// Custom events and their definitions.
    Events,
}

/// How many roots of each family have turned out to be unknown paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moves {
    associations: usize,
    events: usize,
}

/// The table of paths for one [`ApiVersion`]. Every argument becomes one percent-encoded segment, so it may hold
/// anything; a blank id is the caller's error, since the path would then be the collection's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Paths {
    version: ApiVersion,
    moves: Moves,
}

impl Paths {
    /// The paths of `version`.
    pub const fn new(version: ApiVersion) -> Self {
        Self { version, moves: Moves { associations: 0, events: 0 } }
    }

    /// The same with the roots of families that have moved.
    #[must_use]
    pub const fn moved(self, moves: Moves) -> Self {
        Self { moves, ..self }
    }

    /// The family that a path belongs to, with the root it has there; `None` for those that never move.
    #[must_use]
    pub fn family_of(self, path: &str) -> Option<(Family, &'static str)> {
        [Family::Associations, Family::Events].into_iter().find_map(|family| {
            let mut roots = self.roots(family).iter().copied();
            let root =
                roots.find(|root| path.strip_prefix(root).is_some_and(|rest| rest.starts_with('/')))?;
            Some((family, root))
        })
    }

    /// The root of a family.
    #[must_use]
    pub fn root(self, family: Family) -> &'static str {
        let (roots, moves) = (self.roots(family), self.moves.of(family));
        roots[moves.min(roots.len() - 1)]
    }

    /// The moves after one of a family away from this root, or `None` where it has no other: then nothing is at any of
    /// them.
    #[must_use]
    pub fn after_moving(self, family: Family, from: &str) -> Option<Moves> {
        let mut moves = self.moves;
        if self.root(family) == from {
            let of_family = match family {
                Family::Associations => &mut moves.associations,
                Family::Events => &mut moves.events,
            };
            *of_family += 1;
        }
        (moves.of(family) < self.roots(family).len()).then_some(moves)
    }

    /// The roots of a family, in the order in which they are tried.
    fn roots(self, family: Family) -> &'static [&'static str] {
        match (family, self.version) {
            (Family::Associations, ApiVersion::V3) => {
                &["/crm/v4/associations", "/crm/associations/2026-09", "/crm/associations/2026-03"]
            }
            (Family::Associations, ApiVersion::V2026_03) => &["/crm/associations/2026-03"],
            (Family::Associations, ApiVersion::V2026_09) => &["/crm/associations/2026-09"],
            (Family::Events, ApiVersion::V2026_03) => {
                &["/events/v3", "/events/custom/2026-03", "/events/2026-03"]
            }
            (Family::Events, ApiVersion::V3 | ApiVersion::V2026_09) => {
                &["/events/v3", "/events/custom/2026-09", "/events/2026-03"]
            }
        }
    }

    /// Batch call on records. `object` is a type id (`0-1`), a name (`contacts`) or a fully qualified name.
    pub fn objects_batch(self, object: &str, verb: Verb) -> String {
        format!("{}/batch/{}", self.objects(object), verb.as_str())
    }

    /// The records of one object type: GET lists them, POST creates one.
    pub fn objects(self, object: &str) -> String {
        format!("{}/{}", self.crm("objects"), encoded(object))
    }

    /// One record, by record id or (with `?idProperty=`) by a unique value.
    pub fn object(self, object: &str, id: &str) -> String {
        format!("{}/{}", self.objects(object), encoded(id))
    }

    /// Search in one object type; 5 calls a second for the whole account.
    pub fn search(self, object: &str) -> String {
        format!("{}/search", self.objects(object))
    }

    /// The properties of one object type: GET lists, POST creates.
    pub fn properties(self, object: &str) -> String {
        format!("{}/{}", self.crm("properties"), encoded(object))
    }

    /// One property.
    pub fn property(self, object: &str, name: &str) -> String {
        format!("{}/{}", self.properties(object), encoded(name))
    }

    /// Batch call on properties: create, read or archive.
    pub fn properties_batch(self, object: &str, verb: Verb) -> String {
        format!("{}/batch/{}", self.properties(object), verb.as_str())
    }

    /// The property groups of one object type.
    pub fn property_groups(self, object: &str) -> String {
        format!("{}/groups", self.properties(object))
    }

    /// The schemas of custom objects.
    pub fn schemas(self) -> String {
        format!("/crm-object-schemas/{}/schemas", self.version)
    }

    /// The schema of one object type.
    pub fn schema(self, object: &str) -> String {
        format!("{}/{}", self.schemas(), encoded(object))
    }

    /// All lists: POST creates one. Only the v3 path ends with a slash in HubSpot's OpenAPI file.
    pub fn lists(self) -> String {
        let lists = self.crm("lists");
        if self.version == ApiVersion::V3 { lists + "/" } else { lists }
    }

    /// One list.
    pub fn list(self, list_id: &str) -> String {
        format!("{}/{}", self.crm("lists"), encoded(list_id))
    }

    /// One list by the type id of its members and its name.
    pub fn list_by_name(self, object_type_id: &str, name: &str) -> String {
        format!("{}/object-type-id/{}/name/{}", self.crm("lists"), encoded(object_type_id), encoded(name))
    }

    /// Search among lists.
    pub fn lists_search(self) -> String {
        format!("{}/search", self.crm("lists"))
    }

    /// The members of one list: GET pages through them.
    pub fn memberships(self, list_id: &str) -> String {
        format!("{}/memberships", self.list(list_id))
    }

    /// One page of the members of one list: the first, or the one a cursor of HubSpot's names; 250 is the largest.
    pub fn members_page(self, list_id: &str, after: Option<&str>) -> String {
        format!("{}?limit=250{}", self.memberships(list_id), and_after(after))
    }

    /// A change to the members of one list.
    pub fn memberships_change(self, list_id: &str, verb: MembershipVerb) -> String {
        format!("{}/{}", self.memberships(list_id), verb.as_str())
    }

    /// Batch call on the associations between two object types; the direction matters.
    pub fn associations_batch(self, from: &str, to: &str, verb: AssociationVerb) -> String {
        format!("{}/batch/{}", self.associations(from, to), verb.as_str())
    }

    /// The association types and labels between two object types.
    pub fn association_labels(self, from: &str, to: &str) -> String {
        format!("{}/labels", self.associations(from, to))
    }

    /// One page of the account's owners: the first, or the one a cursor of HubSpot's names; 500 is the largest.
    pub fn owners_page(self, after: Option<&str>) -> String {
        format!("{}?limit=500{}", self.crm("owners"), and_after(after))
    }

    /// The account's id, type, time zone and hosting region.
    pub fn account_details(self) -> String {
        format!("/account-info/{}/details", self.version)
    }

    /// The daily budget of the account's private apps, with the time of its reset.
    pub fn daily_usage(self) -> String {
        format!("/account-info/{}/api-usage/daily/private-apps", self.version)
    }

    /// The OAuth token endpoint: form-encoded, everything in the body.
    pub fn oauth_token(self) -> String {
        format!("/oauth/{}/token", self.version)
    }

    /// What an OAuth token is worth: scopes, account, expiry.
    pub fn oauth_introspect(self) -> String {
        format!("{}/introspect", self.oauth_token())
    }

    /// What a private app token is worth. It has one version only.
    pub fn private_token_info(self) -> String {
        "/oauth/v2/private-apps/get/access-token-info".to_owned()
    }

    /// Send one custom event; answered 204.
    pub fn event_send(self) -> String {
        format!("{}/send", self.root(Family::Events))
    }

    /// Send up to 500 custom events; answered 204 as a whole.
    pub fn event_send_batch(self) -> String {
        format!("{}/send/batch", self.root(Family::Events))
    }

    /// The event definitions: POST creates one.
    pub fn event_definitions(self) -> String {
        format!("{}/event-definitions", self.root(Family::Events))
    }

    /// One page of the event definitions with their properties: the first, or the one a cursor of HubSpot's names; 100 is
    /// the largest.
    pub fn event_definitions_page(self, after: Option<&str>) -> String {
        format!("{}?includeProperties=true&limit=100{}", self.event_definitions(), and_after(after))
    }

    /// One event definition, by its name.
    pub fn event_definition(self, event_name: &str) -> String {
        format!("{}/{}", self.event_definitions(), encoded(event_name))
    }

    /// New properties of one event definition.
    pub fn event_definition_properties(self, event_name: &str) -> String {
        format!("{}/property", self.event_definition(event_name))
    }

    /// The root of a family of CRM calls.
    fn crm(self, family: &str) -> String {
        match self.version {
            ApiVersion::V3 => format!("/crm/v3/{family}"),
            dated => format!("/crm/{family}/{dated}"),
        }
    }

    fn associations(self, from: &str, to: &str) -> String {
        format!("{}/{}/{}", self.root(Family::Associations), encoded(from), encoded(to))
    }
}

impl Moves {
    fn of(self, family: Family) -> usize {
        match family {
            Family::Associations => self.associations,
            Family::Events => self.events,
        }
    }
}

/// The cursor of a page, after other parameters of a query.
fn and_after(cursor: Option<&str>) -> String {
    cursor.map(|cursor| format!("&after={}", encoded(cursor))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{ApiVersion, AssociationVerb, Family, MembershipVerb, Moves, Paths, Verb};

    /// Every path of the table for one version, with the same arguments.
    fn all(version: ApiVersion) -> Vec<String> {
        let paths = Paths::new(version);
        vec![
            paths.objects_batch("0-1", Verb::Upsert),
            paths.object("contacts", "a b"),
            paths.search("2-7"),
            paths.properties("deals"),
            paths.property("deals", "amount"),
            paths.properties_batch("deals", Verb::Create),
            paths.property_groups("deals"),
            paths.schemas(),
            paths.schema("p1_car"),
            paths.lists(),
            paths.list("21"),
            paths.list_by_name("0-1", "VIP / A"),
            paths.lists_search(),
            paths.memberships("21"),
            paths.memberships_change("21", MembershipVerb::AddAndRemove),
            paths.associations_batch("0-1", "0-2", AssociationVerb::ArchiveLabels),
            paths.association_labels("0-1", "0-2"),
            paths.owners_page(None),
            paths.owners_page(Some("a+/=#&b")),
            paths.event_definitions_page(Some("k=")),
            paths.account_details(),
            paths.daily_usage(),
            paths.oauth_token(),
            paths.oauth_introspect(),
            paths.event_send_batch(),
            paths.event_definition("pe1_x"),
        ]
    }

    #[test]
    fn v3_paths() {
        assert_eq!(
            all(ApiVersion::V3),
            [
                "/crm/v3/objects/0-1/batch/upsert",
                "/crm/v3/objects/contacts/a%20b",
                "/crm/v3/objects/2-7/search",
                "/crm/v3/properties/deals",
                "/crm/v3/properties/deals/amount",
                "/crm/v3/properties/deals/batch/create",
                "/crm/v3/properties/deals/groups",
                "/crm-object-schemas/v3/schemas",
                "/crm-object-schemas/v3/schemas/p1_car",
                "/crm/v3/lists/",
                "/crm/v3/lists/21",
                "/crm/v3/lists/object-type-id/0-1/name/VIP%20%2F%20A",
                "/crm/v3/lists/search",
                "/crm/v3/lists/21/memberships",
                "/crm/v3/lists/21/memberships/add-and-remove",
                "/crm/v4/associations/0-1/0-2/batch/labels/archive",
                "/crm/v4/associations/0-1/0-2/labels",
                "/crm/v3/owners?limit=500",
                "/crm/v3/owners?limit=500&after=a%2B%2F%3D%23%26b",
                "/events/v3/event-definitions?includeProperties=true&limit=100&after=k%3D",
                "/account-info/v3/details",
                "/account-info/v3/api-usage/daily/private-apps",
                "/oauth/v3/token",
                "/oauth/v3/token/introspect",
                "/events/v3/send/batch",
                "/events/v3/event-definitions/pe1_x",
            ]
        );
    }

    #[test]
    fn dated_paths() {
        let expected = [
            "/crm/objects/{V}/0-1/batch/upsert",
            "/crm/objects/{V}/contacts/a%20b",
            "/crm/objects/{V}/2-7/search",
            "/crm/properties/{V}/deals",
            "/crm/properties/{V}/deals/amount",
            "/crm/properties/{V}/deals/batch/create",
            "/crm/properties/{V}/deals/groups",
            "/crm-object-schemas/{V}/schemas",
            "/crm-object-schemas/{V}/schemas/p1_car",
            "/crm/lists/{V}",
            "/crm/lists/{V}/21",
            "/crm/lists/{V}/object-type-id/0-1/name/VIP%20%2F%20A",
            "/crm/lists/{V}/search",
            "/crm/lists/{V}/21/memberships",
            "/crm/lists/{V}/21/memberships/add-and-remove",
            "/crm/associations/{V}/0-1/0-2/batch/labels/archive",
            "/crm/associations/{V}/0-1/0-2/labels",
            "/crm/owners/{V}?limit=500",
            "/crm/owners/{V}?limit=500&after=a%2B%2F%3D%23%26b",
            "/events/v3/event-definitions?includeProperties=true&limit=100&after=k%3D",
            "/account-info/{V}/details",
            "/account-info/{V}/api-usage/daily/private-apps",
            "/oauth/{V}/token",
            "/oauth/{V}/token/introspect",
            "/events/v3/send/batch",
            "/events/v3/event-definitions/pe1_x",
        ];
        for version in [ApiVersion::V2026_03, ApiVersion::V2026_09] {
            assert_eq!(all(version), expected.map(|path| path.replace("{V}", version.as_str())));
        }
    }

    #[test]
    fn every_verb_has_its_own_path() {
        let paths = Paths::new(ApiVersion::V3);
        let batch = [Verb::Create, Verb::Read, Verb::Update, Verb::Upsert, Verb::Archive]
            .map(|verb| paths.objects_batch("x", verb));
        assert_eq!(
            batch.map(|path| path.replace("/crm/v3/objects/x/batch/", "")),
            ["create", "read", "update", "upsert", "archive"]
        );
        assert_eq!(paths.memberships_change("1", MembershipVerb::Add), "/crm/v3/lists/1/memberships/add");
        assert_eq!(
            paths.associations_batch("a", "b", AssociationVerb::AssociateDefault),
            "/crm/v4/associations/a/b/batch/associate/default"
        );
    }

    #[test]
    fn a_family_moves_from_root_to_root_and_no_further() {
        let paths = Paths::new(ApiVersion::V3);
        let path = paths.association_labels("0-1", "0-2");
        let (family, root) = paths.family_of(&path).unwrap();
        assert_eq!((family, root), (Family::Associations, "/crm/v4/associations"));
        let mut paths = paths;
        for next in ["/crm/associations/2026-09", "/crm/associations/2026-03"] {
            let before = paths.root(family);
            paths = paths.moved(paths.after_moving(family, before).unwrap());
            assert_eq!(paths.root(family), next);
            // Who was under way to an earlier root goes to where the others are.
            assert_eq!(paths.after_moving(family, before), Some(paths.moves));
        }
        assert_eq!(paths.after_moving(family, paths.root(family)), None);
        assert_eq!(paths.event_send_batch(), "/events/v3/send/batch", "the other family stays");
        assert_eq!(paths.family_of(&paths.properties("deals")), None);
        let events = paths.moved(Moves { events: 1, ..Moves::default() });
        assert_eq!(events.event_definition("pe1_x"), "/events/custom/2026-09/event-definitions/pe1_x");
        let dated = Paths::new(ApiVersion::V2026_09);
        assert_eq!(dated.after_moving(Family::Associations, "/crm/associations/2026-09"), None);
    }

    #[test]
    fn arguments_cannot_leave_their_segment() {
        let path = Paths::new(ApiVersion::V3).object("contacts", "../../../oauth/v1/token?x=");
        assert_eq!(path, "/crm/v3/objects/contacts/..%2F..%2F..%2Foauth%2Fv1%2Ftoken%3Fx%3D");
    }
}
