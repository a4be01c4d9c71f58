//! A record that names a list, to a change of that list's members.

use std::borrow::Cow;
use std::collections::HashMap;

use super::{ACTION, LIST_ID, LIST_NAME, NamedListColumn, NamedListPlan, Says};
use crate::coerce::{KeyProblem, KeyRule, ObjectKind, key_text};
use crate::crm::list::{FoundList, IfMissing, List, ListName, ListRequest};
use crate::crm::property::{Property, PropertyType};
use crate::engine::membership::{Action, Membership};
use crate::engine::record::{Body, BodyParts};
use crate::engine::rejection::Rejection;
use crate::plan::first_names::Naming;
use crate::plan::membership::missing_key;
use crate::plan::notices::{Notice, shown};
use crate::plan::shape::{Shaped, Unshaped, key_hash};
use crate::protocol::message::RecordMessage;

/// Longest name of a list that is looked for, in bytes: no list of HubSpot's has a longer one, and an address could not
/// carry much more.
const LONGEST_NAME: usize = 1_000;
/// What may be remembered of the lists that were met, in bytes: some ten thousand lists. Beyond that all are forgotten,
/// and looked for again where they are named again.
const MOST_REMEMBERED: usize = 2 << 20;
/// About what a remembered list takes beside its name.
const BESIDE: usize = 128;

/// Shapes the records of one stream; remembers the lists it has met.
#[derive(Debug)]
pub struct NamedListShaper {
    plan: NamedListPlan,
    list_id: KeyRule,
    list_name: KeyRule,
    by_id: HashMap<String, Standing>,
    by_name: HashMap<String, Standing>,
    remembered: usize,
    notices: Vec<Notice>,
}

/// What is known of a list.
#[derive(Clone, Debug)]
enum Standing {
    /// Its members can be changed; HubSpot's id of it.
    Ready(String),
    /// None has that name. One that is to be joined can be made.
    Missing,
    /// Every record that names it is refused.
    Refused(Rejection),
}

/// What the members of a record say.
#[derive(Default)]
struct Said<'a> {
    key: Option<Result<Cow<'a, str>, KeyProblem>>,
    list_id: Option<Result<Cow<'a, str>, KeyProblem>>,
    list_name: Option<Result<Cow<'a, str>, KeyProblem>>,
    /// The list's name as raw JSON.
    spelled: &'a str,
    action: Option<&'a str>,
}

/// Why a record is not sent.
enum Unsent {
    Refused(Rejection),
    Unknown(ListRequest),
}

impl From<Rejection> for Unsent {
    fn from(rejection: Rejection) -> Self {
        Self::Refused(rejection)
    }
}

impl NamedListShaper {
    /// A shaper for a plan.
    #[must_use]
    pub fn new(plan: NamedListPlan) -> Self {
        Self {
            plan,
            list_id: KeyRule::record_id(),
            list_name: KeyRule::new(&Property::new(LIST_NAME, PropertyType::String), ObjectKind::Other),
            by_id: HashMap::new(),
            by_name: HashMap::new(),
            remembered: 0,
            notices: Vec::new(),
        }
    }

    /// Shapes a record.
    ///
    /// # Errors
    /// [`Unshaped`]: the list has to be looked for.
    pub fn shape(&mut self, record: &RecordMessage<'_>) -> Result<Shaped, Unshaped> {
        let mut said = Said::default();
        let (key, list_id, list_name) = (&self.plan.key, &self.list_id, &self.list_name);
        let unreadable = self.plan.columns.read(record, |column, value| match column {
            NamedListColumn::Key => said.key = Some(key_text(key, value)),
            NamedListColumn::ListId => said.list_id = Some(key_text(list_id, value)),
            NamedListColumn::ListName => {
                said.list_name = Some(key_text(list_name, value));
                said.spelled = value.text();
            }
            NamedListColumn::Action => said.action = Some(value.text()),
        });
        let asked = match unreadable {
            Some(rejection) => Err(Unsent::Refused(rejection)),
            None => self.asked(&said),
        };
        let (asked, rejection) = match asked {
            Ok(asked) => (Some(asked), None),
            Err(Unsent::Refused(rejection)) => (None, Some(rejection)),
            Err(Unsent::Unknown(request)) => return Err(Unshaped::UnknownList(request)),
        };
        // Order is kept for each pair of contact and list.
        let of_list = asked.as_ref().map_or(0, |asked| key_hash(asked.list.as_bytes()).rotate_left(29));
        let mut properties = Vec::new();
        if let Some(asked) = asked {
            asked.append(&mut properties);
        }
        let parts = BodyParts {
            key: said.key.as_ref().and_then(|key| key.as_deref().ok()),
            properties: &properties,
            ..BodyParts::received(record)
        };
        let body = Body::new(parts, |key| key_hash(key) ^ of_list);
        Ok(Shaped::new(body, rejection))
    }

    /// Notes what came of a list that was looked for.
    pub fn learn(&mut self, request: &ListRequest, found: FoundList) {
        let standing = self.standing(request, found);
        let (ListName::Id(name) | ListName::Name(name)) = &request.name;
        self.remembered += name.len() + BESIDE;
        if self.remembered > MOST_REMEMBERED {
            self.by_id.clear();
            self.by_name.clear();
            self.remembered = name.len() + BESIDE;
        }
        let lists = match &request.name {
            ListName::Id(_) => &mut self.by_id,
            ListName::Name(_) => &mut self.by_name,
        };
        lists.insert(name.clone(), standing);
    }

    /// Whether the members named are taken off their lists, whatever the records say.
    #[must_use]
    pub fn takes_off(&self) -> bool {
        self.plan.says == Says::StreamRemoves
    }

    /// Takes what the user should be told once, such as columns that say nothing.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        let mut notices = self.plan.columns.take_notices();
        notices.append(&mut self.notices);
        notices
    }

    /// What a record asks for.
    fn asked<'s>(&'s mut self, said: &Said<'_>) -> Result<Membership<'s>, Unsent> {
        let key = self.plan.key.property();
        match &said.key {
            Some(Ok(_)) => {}
            Some(Err(problem)) => {
                let code = problem.code().as_str();
                return Err(Rejection::by_connector(code, Some(key), problem.message(key)).into());
            }
            None => return Err(missing_key(key).into()),
        }
        let action = match self.plan.says {
            Says::StreamRemoves => Action::Remove,
            Says::Record => action(said.action)?,
        };
        let (name, standing) = match (list_id(said)?, list_name(said)?) {
            (Some(id), _) => (ListName::Id(id.to_owned()), self.by_id.get(id)),
            (None, Some(name)) => {
                self.is_first(name, said.spelled)?;
                (ListName::Name(name.to_owned()), self.by_name.get(name))
            }
            (None, None) => return Err(no_list().into()),
        };
        // A list that nobody is on needs not be made for somebody to leave it.
        let if_missing = if action == Action::Add { IfMissing::Create } else { IfMissing::Tell };
        match standing {
            Some(Standing::Ready(list)) => Ok(Membership { list: Cow::Borrowed(list), action }),
            Some(Standing::Refused(rejection)) => Err(rejection.clone().into()),
            Some(Standing::Missing) if if_missing == IfMissing::Tell => Err(no_such_list(&name).into()),
            Some(Standing::Missing) | None => {
                let object_type_id = self.plan.object.type_id.clone();
                Err(Unsent::Unknown(ListRequest { name, object_type_id, if_missing }))
            }
        }
    }

    /// Whether no other name of the sync is the same to HubSpot, which compares them without letter case and outer blanks.
    fn is_first(&mut self, name: &str, spelled: &str) -> Result<(), Rejection> {
        let spelled = serde_json::from_str::<Cow<'_, str>>(spelled).unwrap_or(Cow::Borrowed(name));
        match self.plan.names.claim(&name.to_lowercase(), &spelled) {
            Naming::Own => Ok(()),
            Naming::Taken { by } => {
                let message = format!(
                    "{LIST_NAME}: the names \"{by}\" and \"{}\" are one to HubSpot, and the first was named by the records \
                     before; use one spelling, or name lists by {LIST_ID}.",
                    shown(&spelled)
                );
                Err(Rejection::by_connector("CONFLICT", Some(LIST_NAME), message))
            }
            Naming::Forgotten => {
                self.notices.extend(self.plan.names.told_of_forgetting(&self.plan.descriptor));
                Ok(())
            }
        }
    }

    fn standing(&self, request: &ListRequest, found: FoundList) -> Standing {
        let property = property_of(&request.name);
        let refused = |reason: &str| {
            let message = format!("{property}: {reason}");
            Standing::Refused(Rejection::by_connector("INVALID_OPTION", Some(property), message))
        };
        match found {
            FoundList::There(list) => match problem(&list, &self.plan.object.type_id) {
                None => Standing::Ready(list.list_id),
                Some(problem) => refused(problem),
            },
            FoundList::Missing => match (&request.name, request.if_missing) {
                (ListName::Name(_), IfMissing::Tell) => Standing::Missing,
                _ => Standing::Refused(no_such_list(&request.name)),
            },
            FoundList::NameTaken => refused(
                "HubSpot shows no contact list of this name, and makes none, since the name is taken: by a list of other \
                 records, perhaps, or by one that the token may not see. Name the list by list_id, or by another name.",
            ),
            FoundList::Refused => refused(
                "HubSpot has no list of this name and refuses to create one: it may not do as a name, or the account may \
                 have no room for more lists.",
            ),
        }
    }
}

/// What is done, as the record says; JSON null says nothing.
fn action(raw: Option<&str>) -> Result<Action, Rejection> {
    let raw = raw.filter(|raw| *raw != "null");
    let Some(raw) = raw else { return Ok(Action::Add) };
    let text = serde_json::from_str::<Cow<'_, str>>(raw).unwrap_or_default();
    match text.trim() {
        text if text.eq_ignore_ascii_case("add") => Ok(Action::Add),
        text if text.eq_ignore_ascii_case("remove") => Ok(Action::Remove),
        _ => {
            let message = "action: neither \"add\" nor \"remove\"; leave it out to add.";
            Err(Rejection::by_connector("INVALID_OPTION", Some(ACTION), message))
        }
    }
}

fn list_id<'s>(said: &'s Said<'_>) -> Result<Option<&'s str>, Rejection> {
    match &said.list_id {
        Some(Ok(id)) => Ok(Some(id)),
        None | Some(Err(KeyProblem::Missing | KeyProblem::Blank)) => Ok(None),
        Some(Err(problem)) => {
            let message = "list_id: not the id of a list, which is a whole number; name a list by list_name.";
            Err(Rejection::by_connector(problem.code().as_str(), Some(LIST_ID), message))
        }
    }
}

fn list_name<'s>(said: &'s Said<'_>) -> Result<Option<&'s str>, Rejection> {
    match &said.list_name {
        Some(Ok(name)) if name.len() > LONGEST_NAME => {
            let message = "list_name: longer than the name of a list can be.";
            Err(Rejection::by_connector("VALUE_TOO_LONG", Some(LIST_NAME), message))
        }
        Some(Ok(name)) => Ok(Some(name)),
        None | Some(Err(KeyProblem::Missing | KeyProblem::Blank)) => Ok(None),
        Some(Err(problem)) => {
            let message = "list_name: not a name; send text.";
            Err(Rejection::by_connector(problem.code().as_str(), Some(LIST_NAME), message))
        }
    }
}

fn property_of(name: &ListName) -> &'static str {
    match name {
        ListName::Id(_) => LIST_ID,
        ListName::Name(_) => LIST_NAME,
    }
}

/// Why the members of a list that is there cannot be changed as asked.
fn problem(list: &List, object_type_id: &str) -> Option<&'static str> {
    if !list.takes_members() {
        Some("the list is dynamic: HubSpot decides about its members by a filter, and nobody else can.")
    } else if !list.object_type_id.is_empty() && list.object_type_id != object_type_id {
        Some("the list is one of other records than contacts.")
    } else {
        None
    }
}

fn no_list() -> Rejection {
    let message = "list_id: the record names no list; every record needs a value for it, or for list_name.";
    Rejection::by_connector("MISSING_REQUIRED_PROPERTY", Some(LIST_ID), message)
}

fn no_such_list(name: &ListName) -> Rejection {
    let message = match name {
        ListName::Id(_) => "list_id: HubSpot has no list with this id.",
        ListName::Name(_) => "list_name: HubSpot has no contact list of this name to remove anybody from.",
    };
    Rejection::by_connector("NOT_FOUND", Some(property_of(name)), message)
}

#[cfg(test)]
mod tests;
