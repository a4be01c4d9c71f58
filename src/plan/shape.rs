//! A record as it came, to a record as it is sent: one pass over its data, by the stream's plan.

mod meeting;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::columns::{Column, ColumnUse, KeyPlace};
use super::known::KnownColumns;
use super::nested;
use super::notices::{Notice, Notices};
use super::nulled::Nulled;
use super::refusal::{not_an_object, nothing_to_insert, refused};
use super::stream::{StreamPlan, two_columns};
use crate::coerce::{Coerced, Invalid, Reason, coerce, key_text};
use crate::config::{EmptyStrings, InvalidValues, NullValues};
use crate::crm::list::ListRequest;
use crate::crm::new_property::{Made, NewKind, NewProperty};
use crate::crm::object::ObjectType;
use crate::engine::batch::LinkIndex;
use crate::engine::demanded::{self, has_value};
use crate::engine::operation::Operation;
use crate::engine::record::{Body, BodyParts};
use crate::engine::rejection::Rejection;
use crate::engine::resolve::search;
use crate::error::Failure;
use crate::json::{Layout, NotAnObject, Object, Raw};
use crate::protocol::message::RecordMessage;

/// A record's body, and why it cannot be sent if it cannot.
#[derive(Debug)]
pub struct Shaped {
    /// What was received and what is to be sent.
    pub body: Body,
    /// Set when the connector itself refuses the record. Boxed, as few are and all are moved.
    pub rejection: Option<Box<Rejection>>,
}

impl Shaped {
    /// A record's body, and why it cannot be sent if it cannot.
    #[must_use]
    pub fn new(body: Body, rejection: Option<Rejection>) -> Self {
        Self { body, rejection: rejection.map(Box::new) }
    }

    /// A record that is refused as it came, whatever is in it.
    #[must_use]
    pub fn as_received(record: &RecordMessage<'_>, rejection: Rejection) -> Self {
        Self::new(Body::new(BodyParts::received(record), key_hash), Some(rejection))
    }
}

/// Why a record has no shape.
#[derive(Debug)]
pub enum Unshaped {
    /// Its stream cannot go on.
    Failed(Failure),
    /// It carries values for properties that have to be made first: once they are, or cannot be, and the shaper has
    /// been told so ([`Shaper::learn`]), the record is to be shaped again.
    Missing(ObjectType, Vec<NewProperty>),
    /// The same, for properties of the event with this fully qualified name.
    MissingOfEvent(String, Vec<NewProperty>),
    /// It names an owner by e-mail address, and the owners have not been read: once they are, or cannot be, and those who
    /// share them have been told so, the record is to be shaped again.
    OwnersUnread,
    /// It names a list that has not been met: once its shaper has been told what came of looking for it
    /// ([`super::Shaping::learn_list`]), the record is to be shaped again.
    UnknownList(ListRequest),
}

/// Shapes the records of one stream; remembers its columns from record to record.
#[derive(Debug)]
pub struct Shaper {
    plan: StreamPlan,
    columns: KnownColumns<Column>,
    /// Columns of the members of a record, in its order, and the layout that this is the order of.
    order: Vec<usize>,
    layout: Option<Layout>,
    properties: Vec<u8>,
    /// What a second write brings, where a record takes one.
    sequel: Vec<u8>,
    /// Associations the record asks for.
    links: Vec<u8>,
    /// Columns of which a value has been left out because it did not fit.
    leaky: HashSet<usize>,
    notices: Notices,
}

/// Properties that one record asks for at a time: with them it is shaped again, and asks for others.
const MOST_MISSING: usize = 1_000;

/// Hash of a key's text, by which equal keys find each other, and those that differ in letter case only: HubSpot may take
/// them for one, so they never share a call and keep their order.
pub(super) fn key_hash(key: &[u8]) -> u64 {
    if key.is_ascii() {
        return hash_of(key);
    }
    std::str::from_utf8(key).map_or_else(|_| hash_of(key), |text| hash_of(text.to_lowercase().as_bytes()))
}

fn hash_of(key: &[u8]) -> u64 {
    // FNV-1a with a final mix: quick on short texts and good enough, since equal hashes only cost time.
    let hash = key.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0000_01b3)
    });
    (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// What came of the members of one record so far.
struct Progress<'a> {
    /// Fields that were nulled on the way.
    nulled: &'a Nulled,
    /// Place of the column that is expected next: rows of a stream come with the same columns in the same order.
    expected: usize,
    key: Option<Cow<'a, str>>,
    rejection: Option<Rejection>,
    /// A column that has been read gave its property to one that was met after it: the record is to be read again.
    is_overtaken: bool,
    /// Columns whose properties have to be made, and what their values are.
    missing: Vec<(String, NewKind)>,
    /// Whether there is a member whose column is not remembered.
    has_strangers: bool,
    /// Whether it takes the account's owners to read a value.
    wants_owners: bool,
}

impl<'a> Progress<'a> {
    fn new(nulled: &'a Nulled, expected: usize) -> Self {
        Self {
            nulled,
            expected,
            key: None,
            rejection: None,
            is_overtaken: false,
            missing: Vec::new(),
            has_strangers: false,
            wants_owners: false,
        }
    }

    /// Notes that a property has to be made for this value. One that says nothing is no reason, and there is nothing to
    /// clear.
    fn miss(&mut self, column: &str, value: Raw<'_>) {
        if self.missing.len() < MOST_MISSING {
            self.missing.extend(NewKind::of_value(value.text()).map(|kind| (column.to_owned(), kind)));
        }
    }

    /// Adds what came of members that were not a part of the record's own text.
    fn take(&mut self, inner: Progress<'_>) {
        self.expected = inner.expected;
        if let Some(key) = inner.key {
            self.key = Some(Cow::Owned(key.into_owned()));
        }
        self.rejection = self.rejection.take().or(inner.rejection);
        self.is_overtaken |= inner.is_overtaken;
        self.has_strangers |= inner.has_strangers;
        self.missing.extend(inner.missing);
        self.wants_owners |= inner.wants_owners;
    }
}

impl Shaper {
    /// A shaper for a plan.
    #[must_use]
    pub fn new(plan: StreamPlan) -> Self {
        Self {
            columns: KnownColumns::new(plan.room),
            notices: Notices::new(&plan.descriptor, plan.declared),
            plan,
            order: Vec::new(),
            layout: None,
            properties: Vec::new(),
            sequel: Vec::new(),
            links: Vec::new(),
            leaky: HashSet::new(),
        }
    }

    /// Shapes a record.
    ///
    /// # Errors
    /// [`Unshaped`]: a column stands for a property that has to be made.
    pub fn shape(&mut self, record: &RecordMessage<'_>) -> Result<Shaped, Unshaped> {
        let data = record.data;
        let nulled = Nulled::of(record);
        let (walked, progress) = self.read(data, &nulled);
        if progress.wants_owners && progress.rejection.is_none() {
            return Err(Unshaped::OwnersUnread);
        }
        let rejection = match (walked, progress.rejection, &progress.key) {
            (Err(_), ..) => Some(not_an_object(record.data)),
            (Ok(()), Some(rejection), _) => Some(rejection),
            (Ok(()), None, None) if self.plan.operation != Operation::Insert => Some(self.missing_key()),
            (Ok(()), None, _) => self.lacks().or_else(|| {
                let has_nothing = self.has_nothing_to_insert() && progress.missing.is_empty();
                has_nothing.then(nothing_to_insert)
            }),
        };
        let rejection = match rejection {
            None if !progress.missing.is_empty() => match self.new_properties(&progress.missing) {
                Ok(new) => return Err(Unshaped::Missing(self.plan.object.clone(), new)),
                Err(rejection) => Some(rejection),
            },
            rejection => rejection,
        };
        let body = Body::new(
            BodyParts {
                key: progress.key.as_deref(),
                properties: if rejection.is_some() { &[] } else { &self.properties },
                sequel: if rejection.is_some() { &[] } else { &self.sequel },
                links: if rejection.is_some() { &[] } else { &self.links },
                operation: self.plan.of_its_own,
                ..BodyParts::received(record)
            },
            key_hash,
        );
        Ok(Shaped::new(body, rejection))
    }

    /// A shaper of rows whose records are archived, where the stream has such.
    #[must_use]
    pub fn archiving(&self) -> Option<Self> {
        self.plan.archiving().map(Self::new)
    }

    /// Reads the members of a record.
    fn read<'a>(&mut self, data: Object<'a>, nulled: &'a Nulled) -> (Result<(), NotAnObject>, Progress<'a>) {
        loop {
            self.properties.clear();
            self.sequel.clear();
            self.links.clear();
            let mut progress = Progress::new(nulled, 0);
            let walked = if nulled.is_empty() && self.knows_order_of(data) {
                self.walk_in_order(data, &mut progress)
            } else {
                self.order.clear();
                let walked = self.walk(None, data, &mut progress);
                self.layout = data.layout().filter(|_| walked.is_ok() && !progress.has_strangers);
                walked
            };
            // A column is overtaken once.
            if !progress.is_overtaken {
                return (walked, progress);
            }
        }
    }

    /// Takes what the user should be told once, such as names that lead nowhere.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        self.notices.take()
    }

    /// Notes what came of a property that was to be made.
    pub fn learn(&mut self, name: &str, made: Made) {
        self.plan.learn(name, made);
        let Some(place) = self.columns.writer(name) else { return };
        let (column, known) = self.columns.at_mut(place);
        if matches!(known.becomes, ColumnUse::Missing) {
            *known = self.plan.columns.column(column);
            let (column, known) = (column.clone(), known.clone());
            self.tell_if_left_out(&column, &known);
        }
    }

    /// The properties to be made for these columns, each for one of them.
    fn new_properties(&self, missing: &[(String, NewKind)]) -> Result<Vec<NewProperty>, Rejection> {
        let mut columns: HashMap<String, &str> = HashMap::new();
        let mut all = Vec::with_capacity(missing.len());
        for (column, kind) in missing {
            let Some(new) = self.plan.columns.new_property(column, *kind) else { continue };
            if let Some(first) = columns.insert(new.name.clone(), column) {
                return Err(two_columns(first, column, &new.name));
            }
            all.push(new);
        }
        Ok(all)
    }

    /// Whether the members of a record are those of the one before, so that their names need not be read: of the
    /// instructions that shaping a contact took, an eighth.
    fn knows_order_of(&self, record: Object<'_>) -> bool {
        self.layout.is_some()
            && self.layout == record.layout()
            && record.known_length().is_some_and(|length| length <= self.order.len())
    }

    fn walk_in_order<'a>(
        &mut self,
        record: Object<'a>,
        progress: &mut Progress<'a>,
    ) -> Result<(), NotAnObject> {
        let mut number = 0;
        record.values(|value| {
            let place = self.order[number];
            number += 1;
            progress.expected = place + 1;
            self.take(place, value, progress);
        })
    }

    /// Goes through the members of a record, or of the object at the path `within` of it.
    fn walk<'a>(
        &mut self,
        within: Option<&str>,
        object: Object<'a>,
        progress: &mut Progress<'a>,
    ) -> Result<(), NotAnObject> {
        object.members(|name, value| {
            let name = match within {
                None => name,
                Some(path) => format!("{path}.{name}").into(),
            };
            let place = match self.columns.place(&name, progress.expected) {
                Some(place) => place,
                None => match self.meet(&name, within, progress) {
                    Ok(place) => place,
                    Err(stranger) => return self.pass(&name, &stranger, value, progress),
                },
            };
            progress.expected = place + 1;
            if within.is_none() {
                self.order.push(place);
            }
            if !progress.nulled.contains(&name) {
                self.take(place, value, progress);
            }
        })
    }

    /// Takes a value, unless what came before it has decided the record's fate.
    #[inline]
    fn take<'a>(&mut self, place: usize, value: Raw<'a>, progress: &mut Progress<'a>) {
        if progress.rejection.is_some() {
            return;
        }
        match &self.columns.at(place).1 {
            Column { opens: true, .. } => self.open(place, value, progress),
            // Most are nothing but this.
            Column { becomes: ColumnUse::Property(_), .. } if self.plan.associations.is_empty() => {
                self.write(place, value, progress);
            }
            _ => self.member(place, value, progress),
        }
    }

    /// Takes a value apart that the mapping reaches into; what is no object is a value like any other.
    fn open<'a>(&mut self, place: usize, value: Raw<'a>, progress: &mut Progress<'a>) {
        let path = self.columns.at(place).0.clone();
        let walked = match nested::object_in(value.text()) {
            Some(Cow::Borrowed(object)) => self.walk(Some(&path), Object::of(object), progress),
            Some(Cow::Owned(object)) => {
                let mut inner = Progress::new(progress.nulled, progress.expected);
                let walked = self.walk(Some(&path), Object::of(&object), &mut inner);
                progress.take(inner);
                walked
            }
            None => {
                if !value.is_null()
                    && let ColumnUse::LeftOut(why) = self.columns.at(place).1.becomes
                    && self.leaky.insert(place)
                {
                    self.tell_left_out(&path, why);
                }
                self.member(place, value, progress);
                Ok(())
            }
        };
        if walked.is_err() {
            progress.rejection.get_or_insert_with(|| not_an_object(Object::of(value.text())));
        }
    }

    fn member<'a>(&mut self, place: usize, value: Raw<'a>, progress: &mut Progress<'a>) {
        if !self.plan.associations.is_empty() {
            self.associate(place, value.text(), progress);
            if progress.rejection.is_some() {
                return;
            }
        }
        let (name, column) = self.columns.at(place);
        match &column.becomes {
            ColumnUse::Property(_) => {
                self.write(place, value, progress);
            }
            ColumnUse::Key => match self.key_of(value) {
                Ok(key) => progress.key = key,
                Err(rejection) => progress.rejection = Some(rejection),
            },
            ColumnUse::LeftOut(_) => {}
            ColumnUse::Missing => progress.miss(name, value),
            ColumnUse::Refused(_) if value.is_null() => {}
            ColumnUse::Refused(why) => progress.rejection = Some(refused(*why, name)),
            ColumnUse::Second(_) if value.is_null() => {}
            ColumnUse::Second(first) => {
                let property = column.property.as_deref().unwrap_or_default();
                progress.rejection = Some(two_columns(first, name, property));
            }
            ColumnUse::SentKey(_) => match self.key_of(value) {
                Ok(key) => {
                    if self.write(place, value, progress) {
                        progress.key = key.or_else(|| progress.key.take());
                    }
                }
                // Whatever its e-mail address is, an insert is made; it only cannot be recognised by it.
                Err(_) if self.plan.operation == Operation::Insert => {
                    self.write(place, value, progress);
                }
                Err(rejection) => progress.rejection = Some(rejection),
            },
        }
    }

    /// Writes a value to the property of its column; whether it was one that could be written.
    #[inline]
    fn write(&mut self, place: usize, value: Raw<'_>, progress: &mut Progress<'_>) -> bool {
        let (ColumnUse::Property(rule) | ColumnUse::SentKey(rule)) = &self.columns.at(place).1.becomes else {
            return false;
        };
        let start = self.properties.len();
        if start > 0 {
            self.properties.push(b',');
        }
        self.properties.extend_from_slice(rule.member().as_bytes());
        let value_start = self.properties.len();
        let outcome = coerce(rule, value, &mut self.properties);
        if outcome == Ok(Coerced::Written) {
            let (properties, sequel) = (&mut self.properties, &mut self.sequel);
            self.plan.lifecycle.split(rule.property(), value_start, properties, sequel);
            return true;
        }
        if self.clears(place, outcome, progress) {
            self.properties.extend_from_slice(b"\"\"");
        } else {
            self.properties.truncate(start);
        }
        false
    }

    /// Whether a property is cleared for which there is nothing to write, and what else follows from that.
    fn clears(
        &mut self,
        place: usize,
        outcome: Result<Coerced, Invalid>,
        progress: &mut Progress<'_>,
    ) -> bool {
        let policies = self.plan.columns.policies;
        let invalid = match outcome {
            Ok(Coerced::Null) => return policies.null_values == NullValues::Clear,
            Ok(Coerced::Empty) => return policies.empty_strings == EmptyStrings::Clear,
            Ok(Coerced::Nothing | Coerced::Written) => return false,
            Err(invalid) if invalid.reason() == Reason::OwnersUnread => {
                progress.wants_owners = true;
                return false;
            }
            Err(invalid) => invalid,
        };
        let (name, column) = self.columns.at(place);
        if let ColumnUse::Property(rule) | ColumnUse::SentKey(rule) = &column.becomes {
            if policies.invalid_values == InvalidValues::RejectRecord {
                let code = invalid.code().as_str();
                let rejection = Rejection::by_connector(code, Some(rule.property()), rule.explain(invalid));
                progress.rejection = Some(rejection);
            } else if self.leaky.insert(place) {
                let stream = &self.plan.descriptor;
                self.notices.tell(Notice::Warned(format!(
                    "Column \"{name}\" of stream \"{stream}\" holds values that do not fit; they are left out. The \
                     first: {}",
                    rule.explain(invalid)
                )));
            }
        }
        false
    }

    /// Notes what the record is to be associated with by this column.
    fn associate(&mut self, place: usize, value: &str, progress: &mut Progress<'_>) {
        let (name, _) = self.columns.at(place);
        for (number, plan) in
            self.plan.associations.iter().enumerate().filter(|(_, plan)| plan.column == *name)
        {
            let link = LinkIndex(u16::try_from(number).unwrap_or(u16::MAX));
            let Err(rejection) = plan.append(link, value, &mut self.links) else { continue };
            if self.plan.columns.policies.invalid_values == InvalidValues::RejectRecord {
                progress.rejection = Some(rejection);
                return;
            }
            if self.leaky.insert(place) {
                let stream = &self.plan.descriptor;
                self.notices.tell(Notice::Warned(format!(
                    "Column \"{name}\" of stream \"{stream}\" holds values that name no record; nothing is associated by \
                     them. The first: {}",
                    rejection.message
                )));
            }
        }
    }

    /// What a record that is made lacks of what its custom object's schema demands. A key that is sent apart is there.
    fn lacks(&self) -> Option<Rejection> {
        let key = self.plan.columns.key.as_deref().filter(|_| self.plan.columns.key_place == KeyPlace::Apart);
        let is_there = |name: &str| Some(name) == key || has_value(&self.properties, name);
        let missing = self.plan.required.iter().find(|name| !is_there(name))?;
        let message = format!("{missing}: HubSpot makes no record without a value for this property.");
        Some(Rejection::by_connector(demanded::MISSING, Some(missing), message))
    }

    fn missing_key(&self) -> Rejection {
        let key = self.key_property();
        let message = format!("{key}: the record has no matching key; every record needs a value for it.");
        Rejection::by_connector("MISSING_MATCHING_KEY", Some(key), message)
    }

    fn key_property(&self) -> &str {
        self.plan.columns.key.as_deref().unwrap_or_default()
    }

    /// The text of a matching key, or why the record has none that it could be found by.
    fn key_of<'v>(&self, value: Raw<'v>) -> Result<Option<Cow<'v, str>>, Rejection> {
        let Some(rule) = &self.plan.key else { return Ok(None) };
        let refuse = |code: &'static str, message: String| {
            Err(Rejection::by_connector(code, Some(rule.property()), message))
        };
        match key_text(rule, value) {
            Ok(key)
                if let Some(among) = self.plan.operation.searches()
                    && search::key_length(&key) > search::longest_key(among) =>
            {
                let property = rule.property();
                let most = search::longest_key(among);
                let message = format!(
                    "{property}: the matching key is too long to be searched for; {most} bytes are the most."
                );
                refuse("VALUE_TOO_LONG", message)
            }
            Ok(key) => Ok(Some(key)),
            Err(problem) => refuse(problem.code().as_str(), problem.message(rule.property())),
        }
    }

    fn has_nothing_to_insert(&self) -> bool {
        self.plan.operation == Operation::Insert && self.properties.is_empty()
    }
}

/// A record of a stream that the catalog does not have.
#[must_use]
pub fn of_unknown_stream(record: &RecordMessage<'_>) -> Shaped {
    let message =
        "The configured catalog has no such stream. Refresh the connection's schema and select the stream.";
    Shaped::as_received(record, Rejection::by_connector("UNKNOWN_STREAM", None, message))
}

mod learning;
#[cfg(test)]
mod tests;
