//! Associations made with the records of a stream of objects: `streams[].associations`.
//!
//! | the column holds | what follows |
//! |---|---|
//! | null, an empty text, an empty array, nothing | no association |
//! | a text or a number | the key of one far end |
//! | an array of them | keys of several far ends |
//! | anything else | an invalid value: `invalid_values` says what becomes of its record |
//!
//! The key is a property of the far end: the one configured, else `email` for contacts and the record id for all other
//! objects. Where HubSpot does not keep it unique, the far ends are found by search.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::Plan;
use super::identity::Identity;
use super::key::{RECORD_ID, search_problem, unique_properties};
use crate::coerce::{Figures, KeyProblem, key_text};
use crate::config::AssociationSettings;
use crate::crm::association_label::AssociationLabel;
use crate::crm::object::ObjectType;
use crate::crm::property::Property;
use crate::engine::association::Awaited;
use crate::engine::batch::LinkIndex;
use crate::engine::inline::{self, InlineLink, MOST_KEYS};
use crate::engine::operation::{MatchedBy, Operation};
use crate::engine::rejection::Rejection;
use crate::engine::request::{FarTarget, Target};
use crate::engine::resolve::search;
use crate::error::{Failure, Kind};
use crate::json;

/// Everything the plan of one configured association is made of.
#[derive(Clone, Copy, Debug)]
pub struct InlineGround<'a> {
    /// The association as configured.
    pub settings: &'a AssociationSettings,
    /// The object type at the far end.
    pub far: &'a ObjectType,
    /// Its property definitions.
    pub properties: &'a [Property],
    /// The kinds of association there are, from the stream's object to the far end.
    pub labels: &'a [AssociationLabel],
}

/// One association made with the records of a stream.
#[derive(Clone, Debug)]
pub struct InlinePlan {
    /// The column that names the far ends.
    pub column: String,
    /// How they are named.
    pub far: Identity,
    /// The label, as HubSpot's type of it.
    label: Option<AssociationLabel>,
}

/// An association of a stream, as its calls need it.
#[derive(Clone, Debug)]
pub struct PlannedLink {
    /// What the engine does.
    pub link: InlineLink,
    /// Which far ends may still be written in this sync.
    pub awaited: Awaited,
    /// What its calls are.
    pub target: Target,
    /// What they do, for messages.
    pub doing: String,
}

impl InlinePlan {
    /// Makes the plan of one association.
    ///
    /// # Errors
    /// A configuration failure: a key that is no property of the far end and cannot be searched, or a label that HubSpot
    /// does not have between the two objects.
    pub fn new(ground: InlineGround<'_>) -> Result<Self, Failure> {
        let InlineGround { settings, far, properties, labels } = ground;
        let column = &settings.column;
        let fail = |message| Err(Failure::new(Kind::Configuration, message));
        let key = match settings.key.as_deref().map(str::trim) {
            Some(key) => key,
            None if far.is_contact() => "email",
            None => RECORD_ID,
        };
        let is_unique = key == RECORD_ID || unique_properties(far, properties).contains(&key);
        if !is_unique && let Some(problem) = search_problem(key, far, properties) {
            return fail(format!("The key \"{key}\" of the association by \"{column}\" {problem}."));
        }
        let identity = if is_unique {
            Identity::by(far, properties, key)
        } else {
            Identity::by(far, properties, key).searched(properties)
        };
        let wanted = settings.label.as_deref();
        let label = wanted.and_then(|name| labels.iter().find(|label| label.answers_to(name)));
        if let (Some(name), None) = (wanted, label) {
            let known: Vec<&str> = labels.iter().filter_map(|label| label.label.as_deref()).collect();
            let offer = if known.is_empty() { "there are none".to_owned() } else { known.join(", ") };
            return fail(format!(
                "HubSpot has no label \"{name}\" for the association by \"{column}\" with {} records; labels it has: {offer}.",
                far.name
            ));
        }
        Ok(Self { column: column.clone(), far: identity, label: label.cloned() })
    }

    /// The same, where the column's text is read so.
    #[must_use]
    pub fn reading(&self, figures: Figures) -> Self {
        let rule = self.far.rule.clone().reading(figures);
        Self { far: Identity { rule, ..self.far.clone() }, ..self.clone() }
    }

    /// Appends what a value of the column asks for to what a body holds.
    ///
    /// # Errors
    /// Why the value names no record.
    pub fn append(&self, place: LinkIndex, value: &str, out: &mut Vec<u8>) -> Result<(), Rejection> {
        let start = out.len();
        let read = self.keys(value).map(|keys| keys.iter().for_each(|key| inline::append(out, place, key)));
        if read.is_err() {
            out.truncate(start);
        }
        read
    }

    /// The keys in a value, each once.
    fn keys<'v>(&self, value: &'v str) -> Result<Vec<Cow<'v, str>>, Rejection> {
        if json::type_name(value) != "array" {
            return Ok(self.key(value)?.into_iter().collect());
        }
        let refuse = |code, why: &str| {
            Err(Rejection::by_connector(code, Some(&self.column), format!("{}: {why}", self.column)))
        };
        let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(value) else {
            return refuse("INVALID_RECORD", "the array cannot be read.");
        };
        let mut known = HashSet::new();
        let mut keys = Vec::new();
        for element in elements {
            if let Some(key) = self.key(element.get())?
                && known.insert(key.clone())
            {
                keys.push(key);
            }
        }
        if keys.len() > MOST_KEYS {
            let why = format!("the array names {} records; {MOST_KEYS} are the most.", keys.len());
            return refuse("VALUE_TOO_LONG", &why);
        }
        Ok(keys)
    }

    fn key<'v>(&self, value: &'v str) -> Result<Option<Cow<'v, str>>, Rejection> {
        let column = &self.column;
        let refuse = |code: &'static str, why: String| {
            Err(Rejection::by_connector(code, Some(column), format!("{column}: {why}")))
        };
        match key_text(&self.far.rule, value) {
            Ok(key)
                if let MatchedBy::Search(among) = self.far.matched_by
                    && search::key_length(&key) > search::longest_key(among) =>
            {
                let most = search::longest_key(among);
                refuse(
                    "VALUE_TOO_LONG",
                    format!("the key is too long to be searched for; {most} bytes are the most."),
                )
            }
            Ok(key) => Ok(Some(key)),
            Err(KeyProblem::Missing | KeyProblem::Blank | KeyProblem::Placeholder) => Ok(None),
            Err(problem) => {
                let named =
                    format!("no {} record can be found by this value: {problem}.", self.far.object.name);
                refuse(problem.code().as_str(), named)
            }
        }
    }
}

/// What the associations of a stream take, in their order.
#[must_use]
pub fn planned(near: &ObjectType, plans: &[InlinePlan]) -> Vec<PlannedLink> {
    let mut links = Vec::new();
    for (place, plan) in plans.iter().enumerate() {
        let far = &plan.far;
        let earlier = plans[..place].iter().filter(|other| other.far.object == far.object).count();
        let link = InlineLink {
            column: plan.column.as_str().into(),
            to: far.matched_by,
            label: plan.label.as_ref().map(super::association::kind),
            round: u16::try_from(earlier).unwrap_or(u16::MAX),
        };
        let target = Target {
            operation: link.operation(),
            object: near.path.as_str().into(),
            key_property: RECORD_ID.to_owned(),
            far: Some(FarTarget {
                object: far.object.path.as_str().into(),
                key_property: far.rule.property().to_owned(),
            }),
            lists: HashSet::new(),
        };
        let doing = format!("associate {} and {} records", near.name, far.object.name);
        links.push(PlannedLink { link, awaited: Awaited::default(), target, doing });
    }
    links
}

/// Notes which ends of associations the sync itself may still bring: those whose object types it writes.
pub fn await_ends(plans: &mut [Plan]) {
    let writes = |plan: &&Plan| {
        matches!(
            plan.target.operation,
            Operation::Insert | Operation::Upsert | Operation::UpsertFound(_) | Operation::Update(_)
        )
    };
    let written: HashSet<_> =
        plans.iter().filter(writes).map(|plan| Arc::clone(&plan.target.object)).collect();
    let far_is_written =
        |target: &Target| target.far.as_ref().is_some_and(|far| written.contains(&far.object));
    for plan in plans {
        if matches!(plan.target.operation, Operation::Association(..)) {
            plan.awaited =
                Awaited { near: written.contains(&plan.target.object), far: far_is_written(&plan.target) };
        }
        for link in &mut plan.links {
            link.awaited = Awaited { near: false, far: far_is_written(&link.target) };
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::engine::operation::Among;

    fn plan(association: Value) -> Result<InlinePlan, String> {
        let settings: AssociationSettings = serde_json::from_value(association).unwrap();
        let far = ObjectType::by_type_id(if settings.object == "CONTACT" { "0-1" } else { "0-2" });
        let property = |(name, unique): (&str, bool)| -> Property {
            serde_json::from_value(json!({"name": name, "type": "string", "hasUniqueValue": unique})).unwrap()
        };
        let mut properties: Vec<Property> =
            [("email", false), ("domain", false), ("account_no", true)].map(property).into();
        properties.push(serde_json::from_value(json!({"name": "since", "type": "date"})).unwrap());
        let label = AssociationLabel {
            category: "USER_DEFINED".into(),
            type_id: 36,
            label: Some("Boss".into()),
            is_primary: false,
        };
        let ground =
            InlineGround { settings: &settings, far: &far, properties: &properties, labels: &[label] };
        InlinePlan::new(ground).map_err(|failure| failure.message)
    }

    fn keys(plan: &InlinePlan, value: &str) -> Result<Vec<String>, String> {
        let mut out = Vec::new();
        plan.append(LinkIndex(3), value, &mut out).map_err(|rejection| {
            assert!(out.is_empty() && rejection.property.as_deref() == Some("c"));
            rejection.code.into_owned()
        })?;
        Ok(inline::read(&out)
            .map(|(link, key)| {
                assert_eq!(link, LinkIndex(3));
                key.to_owned()
            })
            .collect())
    }

    #[test]
    fn the_key_decides_how_far_ends_are_found() {
        for (settings, key, matched_by) in [
            (json!({"column": "c", "object": "CONTACT"}), "email", MatchedBy::Email),
            (json!({"column": "c", "object": "COMPANY"}), RECORD_ID, MatchedBy::RecordId),
            (
                json!({"column": "c", "object": "COMPANY", "key": " account_no "}),
                "account_no",
                MatchedBy::UniqueProperty,
            ),
            (
                json!({"column": "c", "object": "COMPANY", "key": "domain"}),
                "domain",
                MatchedBy::Search(Among::Domains),
            ),
        ] {
            let plan = plan(settings).unwrap();
            assert_eq!((plan.far.rule.property(), plan.far.matched_by), (key, matched_by));
        }
        let refused = |settings| plan(settings).unwrap_err();
        assert!(refused(json!({"column": "c", "object": "COMPANY", "key": "hat"})).contains("\"hat\""));
        assert!(
            refused(json!({"column": "c", "object": "COMPANY", "key": "since"}))
                .contains("neither text nor a number")
        );
        assert!(refused(json!({"column": "c", "object": "COMPANY", "label": "Aunt"})).contains("Boss"));
        assert!(plan(json!({"column": "c", "object": "COMPANY", "label": " boss"})).unwrap().label.is_some());
    }

    #[test]
    fn a_value_names_none_one_or_several() {
        let domain = plan(json!({"column": "c", "object": "COMPANY", "key": "domain"})).unwrap();
        for value in ["null", r#""""#, r#"" ""#, "[]", r#"[null,""]"#] {
            assert_eq!(keys(&domain, value), Ok(Vec::new()), "{value}");
        }
        assert_eq!(keys(&domain, r#""https://www.Acme.example/x""#), Ok(vec!["acme.example".to_owned()]));
        let several = r#"["a.example","A.EXAMPLE",null,"https://b.example"]"#;
        assert_eq!(keys(&domain, several), Ok(vec!["a.example".to_owned(), "b.example".to_owned()]));
        for (value, code) in [("{}", "INVALID_RECORD"), (r#"["a.example",["b"]]"#, "INVALID_RECORD")] {
            assert_eq!(keys(&domain, value), Err(code.to_owned()), "{value}");
        }
        for value in [r#""n/a""#, r#"["none","-"]"#] {
            assert_eq!(keys(&domain, value), Ok(Vec::new()), "a placeholder names no company");
        }
        let long = format!("\"{}.example\"", "x".repeat(3_000));
        assert_eq!(keys(&domain, &long), Err("VALUE_TOO_LONG".to_owned()));
        let id = plan(json!({"column": "c", "object": "COMPANY"})).unwrap();
        assert_eq!(keys(&id, r#"[12.0,"13"]"#), Ok(vec!["12".to_owned(), "13".to_owned()]));
        assert!(keys(&id, r#""acme""#).is_err());
        let many: Vec<usize> = (0..=MOST_KEYS).collect();
        assert_eq!(keys(&id, &json!(many).to_string()), Err("VALUE_TOO_LONG".to_owned()));
        assert_eq!(keys(&id, &json!(many[1..]).to_string()).map(|keys| keys.len()), Ok(MOST_KEYS));
    }

    #[test]
    fn associations_with_one_object_take_turns() {
        let company = plan(json!({"column": "c", "object": "COMPANY"})).unwrap();
        let contact = plan(json!({"column": "d", "object": "CONTACT"})).unwrap();
        let links = planned(&ObjectType::by_type_id("0-3"), &[company.clone(), contact, company]);
        assert_eq!(links.iter().map(|link| link.link.round).collect::<Vec<_>>(), [0, 0, 1]);
    }
}
