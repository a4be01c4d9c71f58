//! Streams of associations: `ASSOCIATION:<FROM>:<TO>`.

use super::deleted::DeletedRowsOf;
use std::borrow::Cow;
use std::collections::HashSet;

use super::identity::{Identity, IdentityChoice};
use super::notices::Notice;
use super::nulled::Nulled;
use super::refusal::not_an_object;
use super::shape::{Shaped, key_hash};
use super::stream::two_columns;
use super::{Plan, Shaping};
use crate::coerce::{Aliases, KeyRule, key_text};
use crate::config::{self, Match, StreamSettings};
use crate::crm::association_label::AssociationLabel;
use crate::crm::object::ObjectType;
use crate::crm::property::Property;
use crate::engine::association::{AssociationType, Awaited, Linking, Pair};
use crate::engine::operation::{Ends, MatchedBy, Operation};
use crate::engine::record::{Body, BodyParts};
use crate::engine::rejection::Rejection;
use crate::engine::request::{FarTarget, Target};
use crate::engine::resolve::search;
use crate::error::{Failure, Kind};
use crate::json::Raw;
use crate::protocol::catalog::{ConfiguredStream, DestinationSyncMode};
use crate::protocol::message::RecordMessage;

/// What stands before a property's name in the columns of the near end.
pub const FROM: &str = "from_";
/// The same for the far end.
pub const TO: &str = "to_";
/// The column of the label.
pub const LABEL: &str = "label";

/// Everything the plan of a stream of associations is made of.
#[derive(Clone, Copy, Debug)]
pub struct AssociationGround<'a> {
    /// The stream as the catalog has it.
    pub stream: &'a ConfiguredStream,
    /// Its settings, if it has any.
    pub settings: Option<&'a StreamSettings>,
    /// The object type at the near end, and its properties.
    pub from: (&'a ObjectType, &'a [Property]),
    /// The object type at the far end, and its properties.
    pub to: (&'a ObjectType, &'a [Property]),
    /// The kinds of association there are.
    pub labels: &'a [AssociationLabel],
}

/// What is done with the pairs of a stream: as configured, else as its sync mode says.
fn wanted(stream: &ConfiguredStream, settings: Option<&StreamSettings>) -> Result<Linking, Failure> {
    let asked = match settings.and_then(|settings| settings.operation) {
        Some(config::Operation::Upsert | config::Operation::Insert) => Some(Linking::Associate),
        Some(config::Operation::Archive) => Some(Linking::Dissociate),
        Some(config::Operation::Update | config::Operation::Mirror) => None,
        None if stream.destination_object_name.is_none() => Some(Linking::Associate),
        None => match stream.destination_sync_mode {
            DestinationSyncMode::Append | DestinationSyncMode::AppendDedup => Some(Linking::Associate),
            DestinationSyncMode::SoftDelete => Some(Linking::Dissociate),
            DestinationSyncMode::Overwrite
            | DestinationSyncMode::OverwriteDedup
            | DestinationSyncMode::Update => None,
        },
    };
    asked.ok_or_else(|| {
        let message = format!(
            "Stream \"{}\" goes to associations, which can be made (append) or taken back (soft delete), not updated or \
             replaced. Choose one of these.",
            stream.descriptor
        );
        Failure::new(Kind::Configuration, message).of_stream(&stream.descriptor)
    })
}

/// The plan of a stream of associations.
///
/// # Errors
/// A configuration failure: a sync mode associations do not have, no column that names a record at one of the ends.
pub fn plan(ground: AssociationGround<'_>) -> Result<Plan, Failure> {
    let AssociationGround { stream, settings, from, to, labels } = ground;
    let linking = wanted(stream, settings)?;
    let mut notices = Vec::new();
    let mut end = |(object, properties): (&ObjectType, &[Property]), prefix| {
        let choice = IdentityChoice {
            stream: &stream.descriptor,
            object,
            properties,
            mapping: &[],
            aliases: Aliases::On,
            prefix,
            configured: None,
            match_by: settings.map_or(Match::Unique, |settings| settings.match_by),
        };
        let mut identity = choice.resolve(stream.columns.keys())?;
        let figures = choice.figures(stream, identity.rule.property());
        identity.rule = identity.rule.reading(figures);
        let mut columns = choice.columns_of(identity.rule.property(), stream.columns.keys(), &mut notices)?;
        columns.insert(format!("{prefix}{}", identity.rule.property()));
        Ok::<_, Failure>((identity, columns))
    };
    let (near, near_columns) = end(from, FROM)?;
    let (far, far_columns) = end(to, TO)?;
    let operation = Operation::Association(linking, Ends { from: near.matched_by, to: far.matched_by });
    Ok(Plan {
        descriptor: stream.descriptor.clone(),
        target: target(operation, &near, &far),
        doing: format!("{} {} and {} records", operation.verb(), from.0.name, to.0.name),
        course: format!(
            "{} {} by {} with {} by {}",
            operation.verb(),
            from.0.name,
            near.rule.property(),
            to.0.name,
            far.rule.property()
        ),
        shaping: Shaping::Associations(Box::new(PairShaper {
            from: End { rule: near.rule, matched_by: near.matched_by, columns: near_columns, prefix: FROM },
            to: End { rule: far.rule, matched_by: far.matched_by, columns: far_columns, prefix: TO },
            labels: labels.to_vec(),
        })),
        notices,
        missing: Vec::new(),
        mirrors: None,
        links: Vec::new(),
        awaited: Awaited::default(),
        deleted: DeletedRowsOf::default(),
    })
}

fn target(operation: Operation, near: &Identity, far: &Identity) -> Target {
    Target {
        operation,
        object: near.object.path.as_str().into(),
        key_property: near.rule.property().to_owned(),
        far: Some(FarTarget {
            object: far.object.path.as_str().into(),
            key_property: far.rule.property().to_owned(),
        }),
        lists: HashSet::new(),
    }
}

/// One end of the pairs of a stream.
#[derive(Debug)]
struct End {
    rule: KeyRule,
    matched_by: MatchedBy,
    /// Columns that hold its key, by whatever spelling.
    columns: HashSet<String>,
    prefix: &'static str,
}

impl End {
    fn column(&self) -> String {
        format!("{}{}", self.prefix, self.rule.property())
    }

    fn key<'v>(&self, value: Raw<'v>) -> Result<Cow<'v, str>, Rejection> {
        let column = self.column();
        let key = key_text(&self.rule, value).map_err(|problem| {
            let message = problem.message(&column);
            Rejection::by_connector(problem.code().as_str(), Some(&column), message)
        })?;
        if let MatchedBy::Search(among) = self.matched_by
            && search::key_length(&key) > search::longest_key(among)
        {
            let most = search::longest_key(among);
            let message =
                format!("{column}: the key is too long to be searched for; {most} bytes are the most.");
            return Err(Rejection::by_connector("VALUE_TOO_LONG", Some(&column), message));
        }
        Ok(key)
    }

    fn missing(&self) -> Rejection {
        let column = self.column();
        let message =
            format!("{column}: the record does not say which record is meant; every pair needs both ends.");
        Rejection::by_connector("MISSING_MATCHING_KEY", Some(&column), message)
    }
}

/// Shapes the records of a stream of associations.
#[derive(Debug)]
pub struct PairShaper {
    from: End,
    to: End,
    labels: Vec<AssociationLabel>,
}

/// What came of the members of one record.
#[derive(Default)]
struct Found<'v> {
    from: Option<Cow<'v, str>>,
    to: Option<Cow<'v, str>>,
    from_column: Option<String>,
    to_column: Option<String>,
    label: Option<&'v str>,
    rejection: Option<Rejection>,
}

impl PairShaper {
    /// Shapes a record.
    #[must_use]
    pub fn shape(&self, record: &RecordMessage<'_>) -> Shaped {
        let data = record.data;
        let nulled = Nulled::of(record);
        let mut found = Found::default();
        let walked = data.members(|name, value| {
            if found.rejection.is_none() && !nulled.contains(&name) {
                self.member(&name, value, &mut found);
            }
        });
        let mut properties = Vec::new();
        let rejection = match (walked, found.rejection) {
            (Err(_), _) => Some(not_an_object(record.data)),
            (Ok(()), Some(rejection)) => Some(rejection),
            (Ok(()), None) => {
                self.pair(found.from.as_deref(), found.to.as_deref(), found.label, &mut properties).err()
            }
        };
        // Whatever is done with one pair is done in order, by whichever label.
        let far = found.to.unwrap_or_default();
        let hash = |key: &[u8]| key_hash(&[key, b"\0", far.as_bytes()].concat());
        let parts =
            BodyParts { key: found.from.as_deref(), properties: &properties, ..BodyParts::received(record) };
        Shaped::new(Body::new(parts, hash), rejection)
    }

    /// Takes what the user should be told once; associations have nothing to tell.
    #[must_use]
    pub fn take_notices(&self) -> Vec<Notice> {
        Vec::new()
    }

    fn member<'v>(&self, name: &str, value: Raw<'v>, found: &mut Found<'v>) {
        let key = |end: &End, place: &mut Option<Cow<'v, str>>, column: &mut Option<String>| {
            if let Some(first) = column.as_ref().filter(|first| *first != name) {
                return Some(two_columns(first, name, &end.column()));
            }
            *column = Some(name.to_owned());
            match end.key(value) {
                Ok(key) => {
                    *place = Some(key);
                    None
                }
                Err(rejection) => Some(rejection),
            }
        };
        if self.from.columns.contains(name) {
            found.rejection = key(&self.from, &mut found.from, &mut found.from_column);
        } else if self.to.columns.contains(name) {
            found.rejection = key(&self.to, &mut found.to, &mut found.to_column);
        } else if name == LABEL {
            found.label = Some(value.text());
        }
    }

    /// Writes what is to be done with a pair.
    fn pair(
        &self,
        from: Option<&str>,
        to: Option<&str>,
        label: Option<&str>,
        properties: &mut Vec<u8>,
    ) -> Result<(), Rejection> {
        from.ok_or_else(|| self.from.missing())?;
        let to = to.ok_or_else(|| self.to.missing())?;
        let label = match label.map(text_of).transpose()?.flatten() {
            None => None,
            Some(name) => Some(self.label(&name)?),
        };
        Pair { to: Cow::Borrowed(to), label: label.map(kind) }.append(properties);
        Ok(())
    }

    fn label(&self, name: &str) -> Result<&AssociationLabel, Rejection> {
        self.labels.iter().find(|label| label.answers_to(name)).ok_or_else(|| {
            let known: Vec<&str> = self.labels.iter().filter_map(|label| label.label.as_deref()).collect();
            let offer = if known.is_empty() { "there are none".to_owned() } else { known.join(", ") };
            let message =
                format!("{LABEL}: HubSpot has no such label between these objects; those it has: {offer}.");
            Rejection::by_connector("INVALID_OPTION", Some(LABEL), message)
        })
    }
}

/// A label's type, as calls name it.
#[must_use]
pub fn kind(label: &AssociationLabel) -> AssociationType {
    AssociationType { category: label.category.clone(), type_id: label.type_id }
}

/// The text of a label; `None` for null and blanks, which mean the plain association.
fn text_of(value: &str) -> Result<Option<String>, Rejection> {
    let text = match serde_json::from_str(value) {
        Ok(serde_json::Value::Null) => return Ok(None),
        Ok(serde_json::Value::String(text)) => text,
        Ok(serde_json::Value::Number(number)) => number.to_string(),
        _ => {
            let message = format!("{LABEL}: the label is neither a text nor a number.");
            return Err(Rejection::by_connector("INVALID_OPTION", Some(LABEL), message));
        }
    };
    Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
}
