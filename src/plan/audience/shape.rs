//! A record of an audience, to a contact with the audience's property.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::{AUDIENCE, AudienceColumn, AudiencePlan};
use crate::coerce::{
    Coerced, KeyProblem, KeyRule, ObjectKind, RuleOptions, ValueRule, coerce, key_text, property_name,
};
use crate::config::{EmptyStrings, InvalidValues, NullValues};
use crate::crm::new_property::{Made, NewKind, NewProperty, Values};
use crate::crm::property::{Property, PropertyType};
use crate::engine::record::{Body, BodyParts};
use crate::engine::rejection::Rejection;
use crate::plan::first_names::{Naming, without_case_and_blanks};
use crate::plan::notices::{Notice, shown};
use crate::plan::shape::{Shaped, Unshaped, key_hash};
use crate::protocol::message::RecordMessage;

/// Properties that are remembered for being refused. Names of audiences come from records, so there is no end of them;
/// beyond that all are forgotten, and asked for again where they are named again.
const MOST_REFUSED: usize = 1_000;

/// Shapes the records of one stream of audiences; remembers its properties from record to record.
#[derive(Debug)]
pub struct AudienceShaper {
    plan: AudiencePlan,
    /// How the name of an audience is read: as a key is, trimmed and never empty.
    audience: KeyRule,
    rules: HashMap<String, ValueRule>,
    archived: HashSet<String>,
    /// Properties that HubSpot does not make, with its number for the call that said so.
    refused: HashMap<String, Option<String>>,
    properties: Vec<u8>,
    /// Properties of which a value has been left out because it did not fit.
    leaky: HashSet<String>,
    notices: Vec<Notice>,
}

/// What the members of a record say.
#[derive(Default)]
struct Said<'a> {
    key: Option<Result<Cow<'a, str>, KeyProblem>>,
    audience: Option<Result<Cow<'a, str>, KeyProblem>>,
    status: Option<&'a str>,
}

/// Why a record is not sent.
enum Unsent {
    Refused(Rejection),
    Missing(NewProperty),
}

impl From<Rejection> for Unsent {
    fn from(rejection: Rejection) -> Self {
        Self::Refused(rejection)
    }
}

impl AudienceShaper {
    /// A shaper for a plan.
    #[must_use]
    pub fn new(plan: AudiencePlan) -> Self {
        Self {
            plan,
            audience: KeyRule::new(&Property::new(AUDIENCE, PropertyType::String), ObjectKind::Other),
            rules: HashMap::new(),
            archived: HashSet::new(),
            refused: HashMap::new(),
            properties: Vec::new(),
            leaky: HashSet::new(),
            notices: Vec::new(),
        }
    }

    /// Shapes a record.
    ///
    /// # Errors
    /// [`Unshaped`]: the audience's property has to be made.
    pub fn shape(&mut self, record: &RecordMessage<'_>) -> Result<Shaped, Unshaped> {
        let mut said = Said::default();
        let (key, audience) = (&self.plan.key, &self.audience);
        let unreadable = self.plan.columns.read(record, |column, value| match column {
            AudienceColumn::Key => said.key = Some(key_text(key, value)),
            AudienceColumn::Audience => said.audience = Some(key_text(audience, value)),
            AudienceColumn::Status => said.status = Some(value.text()),
        });
        self.properties.clear();
        let refused = match unreadable {
            Some(rejection) => Some(Unsent::Refused(rejection)),
            None => self.write(&said).err(),
        };
        let rejection = match refused {
            None => None,
            Some(Unsent::Refused(rejection)) => Some(rejection),
            Some(Unsent::Missing(new)) => {
                return Err(Unshaped::Missing(self.plan.object.clone(), vec![new]));
            }
        };
        let parts = BodyParts {
            key: said.key.as_ref().and_then(|key| key.as_deref().ok()),
            properties: if rejection.is_some() { &[] } else { &self.properties },
            ..BodyParts::received(record)
        };
        Ok(Shaped::new(Body::new(parts, key_hash), rejection))
    }

    /// Takes what the user should be told once, such as columns that say nothing.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        let mut notices = self.plan.columns.take_notices();
        notices.append(&mut self.notices);
        notices
    }

    /// Notes what came of a property that was to be made.
    pub fn learn(&mut self, name: &str, made: Made) {
        match made {
            Made::There(property) => {
                self.plan.properties.retain(|known| known.name != property.name);
                self.plan.properties.push(*property);
            }
            Made::Archived => {
                self.archived.insert(name.to_owned());
            }
            Made::Refused(failure) => {
                if self.refused.len() >= MOST_REFUSED {
                    self.refused.clear();
                }
                self.refused.insert(name.to_owned(), failure.correlation_id.map(String::from));
            }
        }
    }

    /// Renders the property of a record's audience.
    fn write(&mut self, said: &Said<'_>) -> Result<(), Unsent> {
        let key = self.plan.key.property();
        match &said.key {
            Some(Ok(_)) => {}
            Some(Err(problem)) => {
                let code = problem.code().as_str();
                return Err(Rejection::by_connector(code, Some(key), problem.message(key)).into());
            }
            None => {
                let message =
                    format!("{key}: the record names no contact; every record needs a value for it.");
                return Err(Rejection::by_connector("MISSING_MATCHING_KEY", Some(key), message).into());
            }
        }
        let audience = audience(said)?;
        let name = property_name(audience).ok_or_else(|| {
            let message =
                "audience: no property of contacts can be named after it; use letters, digits and spaces.";
            Rejection::by_connector("INVALID_RECORD", Some(AUDIENCE), message)
        })?;
        if name == key {
            return Err(somebody_elses(audience, &name, "which contacts are matched by").into());
        }
        let status = said.status.unwrap_or("null");
        let listed = self.plan.listed(status).map(str::to_owned);
        let status = listed.as_deref().unwrap_or(status);
        if let Some(known) = self.plan.properties.iter().find(|known| known.name == name) {
            belongs(known, audience)?;
            is_first(&self.plan, &name, audience, &mut self.notices)?;
            if !known.is_writable() {
                let message =
                    format!("{name}: HubSpot does not allow writing this property; rename the audience.");
                return Err(Rejection::by_connector("READ_ONLY_VALUE", Some(&name), message).into());
            }
            if !self.rules.contains_key(&name) {
                let options = RuleOptions { object: ObjectKind::Contact, ..RuleOptions::default() };
                self.rules.insert(name.clone(), ValueRule::new(known, options));
            }
            return self.set(&name, status).map_err(Unsent::Refused);
        }
        if self.archived.contains(&name) {
            let message = format!(
                "{name}: the audience's property was archived in HubSpot; restore it there, or rename the audience."
            );
            return Err(Rejection::by_connector("PROPERTY_DOESNT_EXIST", Some(&name), message).into());
        }
        if let Some(correlation_id) = self.refused.get(&name) {
            let message = format!(
                "{name}: HubSpot refuses to create the audience's property. The name may be reserved, or the account may have \
                 no room for more; create the property in HubSpot, or rename the audience."
            );
            let rejection = Rejection::by_connector("INVALID_RECORD", Some(&name), message);
            return Err(Rejection { correlation_id: correlation_id.clone(), ..rejection }.into());
        }
        // A status that says nothing is no reason to make a property, and there is nothing to clear.
        let Some(kind) = NewKind::of_value(status) else { return Ok(()) };
        is_first(&self.plan, &name, audience, &mut self.notices)?;
        let kind = match (self.plan.status, kind) {
            (Some(NewKind::Truth), _) | (_, NewKind::Truth) => NewKind::Truth,
            _ => NewKind::Text,
        };
        let group = self.plan.group.clone();
        Err(Unsent::Missing(NewProperty {
            name,
            label: audience.to_owned(),
            kind,
            values: Values::Any,
            group,
        }))
    }

    /// Renders the status as the property takes it.
    fn set(&mut self, name: &str, status: &str) -> Result<(), Rejection> {
        let Some(rule) = self.rules.get(name) else { return Ok(()) };
        let policies = self.plan.policies;
        self.properties.extend_from_slice(rule.member().as_bytes());
        let clears = match coerce(rule, status, &mut self.properties) {
            Ok(Coerced::Written) => return Ok(()),
            Ok(Coerced::Null) => policies.null_values == NullValues::Clear,
            Ok(Coerced::Empty) => policies.empty_strings == EmptyStrings::Clear,
            Ok(Coerced::Nothing) => false,
            Err(invalid) if policies.invalid_values == InvalidValues::RejectRecord => {
                let code = invalid.code().as_str();
                return Err(Rejection::by_connector(code, Some(name), rule.explain(invalid)));
            }
            Err(invalid) => {
                if self.leaky.insert(name.to_owned()) {
                    let stream = &self.plan.descriptor;
                    self.notices.push(Notice::Warned(format!(
                        "Stream \"{stream}\" holds statuses that do not fit; they are left out. The first: {}",
                        rule.explain(invalid)
                    )));
                }
                false
            }
        };
        if clears {
            self.properties.extend_from_slice(b"\"\"");
        } else {
            self.properties.clear();
        }
        Ok(())
    }
}

/// Whether a property that is there can hold the status of this audience: not HubSpot's own, and not one that was made for
/// another audience, which its label tells.
fn belongs(known: &Property, audience: &str) -> Result<(), Rejection> {
    if known.hubspot_defined {
        return Err(somebody_elses(audience, &known.name, "which HubSpot defines"));
    }
    let label = known.label.as_str();
    let made_the_name = property_name(label).as_deref() == Some(&*known.name);
    if made_the_name && without_case_and_blanks(label) != without_case_and_blanks(audience) {
        return Err(two_audiences(&known.name, label, audience));
    }
    Ok(())
}

/// Whether no other audience of the sync has the property.
fn is_first(
    plan: &AudiencePlan,
    property: &str,
    audience: &str,
    notices: &mut Vec<Notice>,
) -> Result<(), Rejection> {
    match plan.names.claim(property, audience) {
        Naming::Own => Ok(()),
        Naming::Taken { by } => Err(two_audiences(property, &by, audience)),
        Naming::Forgotten => {
            notices.extend(plan.names.told_of_forgetting(&plan.descriptor));
            Ok(())
        }
    }
}

/// A property that is not for audiences.
fn somebody_elses(audience: &str, property: &str, whose: &str) -> Rejection {
    let message = format!(
        "{property}: the audience \"{}\" would be kept in the property {property}, {whose}; rename the audience.",
        shown(audience)
    );
    Rejection::by_connector("CONFLICT", Some(property), message)
}

/// A property that another audience has.
fn two_audiences(property: &str, first: &str, second: &str) -> Rejection {
    let message = format!(
        "{property}: the audiences \"{}\" and \"{}\" would share this property, which holds the status of \"{}\"; rename \
         one of them.",
        shown(first),
        shown(second),
        shown(first)
    );
    Rejection::by_connector("CONFLICT", Some(property), message)
}

/// The name of the audience, which every record has to have.
fn audience<'s>(said: &'s Said<'_>) -> Result<&'s str, Rejection> {
    match &said.audience {
        Some(Ok(audience)) => Ok(audience),
        None | Some(Err(KeyProblem::Missing | KeyProblem::Blank)) => {
            let message = "audience: the record names no audience; every record needs a value for it.";
            Err(Rejection::by_connector("MISSING_REQUIRED_PROPERTY", Some(AUDIENCE), message))
        }
        Some(Err(problem)) => {
            let message = "audience: not a name; send text.";
            Err(Rejection::by_connector(problem.code().as_str(), Some(AUDIENCE), message))
        }
    }
}

#[cfg(test)]
mod tests;
