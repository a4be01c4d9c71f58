//! A record as it came, to an occurrence of an event as it is sent: one pass over its data.

use std::borrow::Cow;
use std::collections::HashSet;

use super::EventPlan;
use super::columns::{EventColumn, EventColumnUse, EventColumns, Identity, OCCURRED_AT, UTK, UUID};
use super::limits::{MOST_PROPERTIES, longest_value};
use super::occurrence::{Occurrence, Unfit};
use crate::coerce::{Coerced, KeyProblem, KeyRule, ObjectKind, ValueRule, coerce, instant, key_text};
use crate::config::InvalidValues;
use crate::crm::event::EventDefinition;
use crate::crm::new_property::{Made, NewKind, NewProperty};
use crate::crm::property::{Property, PropertyType};
use crate::engine::record::{Body, BodyParts};
use crate::engine::rejection::Rejection;
use crate::json::{Object, Raw};
use crate::plan::columns::{Found, WhyLeftOut};
use crate::plan::known::KnownColumns;
use crate::plan::notices::{Notice, Notices, shown};
use crate::plan::nulled::Nulled;
use crate::plan::refusal::{not_an_object, refused};
use crate::plan::shape::{Shaped, Unshaped};
use crate::plan::stream::{left_out_notice, two_columns};
use crate::protocol::emitted_at;
use crate::protocol::message::RecordMessage;

/// Shapes the records of one stream of events; remembers its columns from record to record.
#[derive(Debug)]
pub struct EventShaper {
    plan: EventPlan,
    rules: Rules,
    columns: KnownColumns<EventColumn>,
    occurrence: Occurrence,
    /// Columns of which a value has been left out because it did not fit.
    leaky: HashSet<usize>,
    /// Columns whose properties have to be made for the record at hand, and what their values are.
    missing: Vec<(String, NewKind)>,
    /// Whether a column that has been read gave its property to one that was met after it.
    is_overtaken: bool,
    notices: Notices,
}

/// Columns that are remembered from record to record, beside the declared ones. Where HubSpot does not say which properties
/// the event has, any column may be one.
const MOST_KNOWN: usize = 2_000;

/// How what is no event property is read.
#[derive(Debug)]
struct Rules {
    object_id: KeyRule,
    email: KeyRule,
    utk: KeyRule,
    uuid: KeyRule,
    occurred_at: ValueRule,
}

impl Rules {
    fn new(columns: &EventColumns) -> Self {
        let text = |name| {
            let is_it = |column: &&String| columns.column(column).name == name;
            let figures = columns.numbers.iter().find(is_it).map(|column| columns.figures(column));
            let rule = KeyRule::new(&Property::new(name, PropertyType::String), ObjectKind::Other);
            rule.reading(figures.unwrap_or_default())
        };
        let time = Property::new(OCCURRED_AT, PropertyType::Datetime);
        Self {
            object_id: KeyRule::record_id(),
            email: KeyRule::email(),
            utk: text(UTK),
            uuid: text(UUID),
            occurred_at: columns.rule(OCCURRED_AT, &time),
        }
    }

    fn of(&self, identity: Identity) -> &KeyRule {
        match identity {
            Identity::ObjectId => &self.object_id,
            Identity::Email => &self.email,
            Identity::Utk => &self.utk,
        }
    }
}

impl EventShaper {
    /// A shaper for a plan.
    #[must_use]
    pub fn new(plan: EventPlan) -> Self {
        Self {
            rules: Rules::new(&plan.columns),
            columns: KnownColumns::new(plan.room),
            notices: Notices::new(&plan.descriptor, plan.declared),
            plan,
            occurrence: Occurrence::default(),
            leaky: HashSet::new(),
            missing: Vec::new(),
            is_overtaken: false,
        }
    }

    /// The plan it follows.
    #[must_use]
    pub fn plan(&self) -> &EventPlan {
        &self.plan
    }

    /// Takes what the user should be told once, such as names that lead nowhere.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        self.notices.take()
    }

    /// Shapes a record. It has no key: events of one record need no order, each carries its own time.
    ///
    /// # Errors
    /// [`Unshaped`]: a column stands for a property that has to be made.
    pub fn shape(&mut self, record: &RecordMessage<'_>) -> Result<Shaped, Unshaped> {
        let nulled = Nulled::of(record);
        if self.columns.len() > MOST_KNOWN + self.plan.declared {
            self.columns.clear();
            self.leaky.clear();
        }
        let read = loop {
            self.is_overtaken = false;
            let read = self.read(record.data, &nulled);
            if !self.is_overtaken {
                break read;
            }
        };
        let rejection = read.and_then(|()| self.finish(record.emitted_at)).err();
        if rejection.is_none() && !self.missing.is_empty() {
            return Err(Unshaped::MissingOfEvent(self.plan.event_name.clone(), self.new_properties()));
        }
        let parts = BodyParts {
            properties: if rejection.is_some() { &[] } else { self.occurrence.members() },
            ..BodyParts::received(record)
        };
        Ok(Shaped::new(Body::new(parts, |_| 0), rejection))
    }

    /// Reads the members of a record.
    fn read(&mut self, data: Object<'_>, nulled: &Nulled) -> Result<(), Rejection> {
        self.occurrence.clear();
        self.missing.clear();
        let mut rejection = None;
        // Rows of a stream come with the same columns in the same order: the next one is tried first.
        let mut expected = 0;
        let walked = data.members(|name, value| {
            // Of a record that is refused, further columns would only take room.
            if rejection.is_some() {
                return;
            }
            let taken = match self.place_of(&name, expected) {
                Ok(place) => {
                    expected = place + 1;
                    if nulled.contains(&name) { Ok(()) } else { self.member(place, value) }
                }
                Err(_) if nulled.contains(&name) => Ok(()),
                Err(stranger) => self.pass(&name, &stranger, value),
            };
            rejection = taken.and_then(|()| self.check_number()).err();
        });
        match (walked, rejection) {
            (Err(_), _) => Err(not_an_object(data)),
            (Ok(()), Some(rejection)) => Err(rejection),
            (Ok(()), None) => Ok(()),
        }
    }

    /// Takes in the definition of an event that was made.
    pub fn defined(&mut self, event: EventDefinition) {
        self.plan.defined(event);
    }

    /// Notes what came of a property that was to be made.
    pub fn learn(&mut self, name: &str, made: Made) {
        self.plan.missing.retain(|new| new.name != name);
        if matches!(made, Made::Refused(_)) {
            if let Some(place) = self.columns.writer(name) {
                self.columns.at_mut(place).1.becomes = EventColumnUse::LeftOut(WhyLeftOut::NotMade);
            }
            return;
        }
        if let (Made::There(property), Some(properties)) = (made, &mut self.plan.columns.properties) {
            properties.retain(|known| known.name != property.name);
            properties.push(*property);
        }
        if let Some(place) = self.columns.writer(name) {
            let (column, known) = self.columns.at_mut(place);
            if matches!(known.becomes, EventColumnUse::Missing) {
                *known = self.plan.columns.column(column);
            }
        }
    }

    fn new_properties(&self) -> Vec<NewProperty> {
        let new = |(column, kind): &(String, NewKind)| self.plan.columns.new_property(column, *kind);
        self.missing.iter().filter_map(new).collect()
    }

    fn member(&mut self, place: usize, value: Raw<'_>) -> Result<(), Rejection> {
        let (column, EventColumn { becomes, name, .. }) = self.columns.at(place);
        match becomes {
            EventColumnUse::LeftOut(_) => {}
            // A value that says nothing is no reason to make a property.
            EventColumnUse::Missing => {
                self.missing.extend(NewKind::of_value(value.text()).map(|kind| (column.clone(), kind)));
            }
            EventColumnUse::Refused(_) if value.is_null() => {}
            EventColumnUse::Refused(why) => return Err(refused(*why, column)),
            EventColumnUse::Second(_) if value.is_null() => {}
            EventColumnUse::Second(first) => {
                return Err(two_columns(first, column, name));
            }
            EventColumnUse::Identity(identity) => {
                let text = key_text(self.rules.of(*identity), value).map(Cow::into_owned);
                self.occurrence.identify(*identity, text);
            }
            EventColumnUse::Uuid => match key_text(&self.rules.uuid, value) {
                Ok(uuid) => self.occurrence.name(uuid.into_owned()),
                Err(KeyProblem::Missing | KeyProblem::Blank) => {}
                Err(problem) => {
                    let message = "uuid: not an id of the event; send text, or leave it out.";
                    return Err(Rejection::by_connector(problem.code().as_str(), Some(UUID), message));
                }
            },
            EventColumnUse::OccurredAt => {
                let rule = &self.rules.occurred_at;
                let mut time = Vec::new();
                match coerce(rule, value, &mut time) {
                    Ok(Coerced::Written) => self.occurrence.happened(time),
                    Ok(Coerced::Null | Coerced::Empty | Coerced::Nothing) => {}
                    // An event at a time that is not its own would be a false one, so no policy leaves it out.
                    Err(invalid) => {
                        let code = invalid.code().as_str();
                        return Err(Rejection::by_connector(code, Some(OCCURRED_AT), rule.explain(invalid)));
                    }
                }
            }
            EventColumnUse::Property(rule) => {
                let Err(unfit) = self.occurrence.tell(place, rule, value) else { return Ok(()) };
                let (code, message) = explain(rule, unfit);
                if self.plan.columns.policies.invalid_values == InvalidValues::RejectRecord {
                    return Err(Rejection::by_connector(code, Some(rule.property()), message));
                }
                if self.leaky.insert(place) {
                    let stream = &self.plan.descriptor;
                    self.notices.tell(Notice::Warned(format!(
                        "Column \"{column}\" of stream \"{stream}\" holds values that do not fit; they are left out. The \
                         first: {message}"
                    )));
                }
            }
        }
        Ok(())
    }

    /// Puts the occurrence together.
    fn finish(&mut self, emitted: Option<&str>) -> Result<(), Rejection> {
        let identity = self.occurrence.identity().map_err(|(identity, problem)| {
            let column = identity.column();
            Rejection::by_connector(problem.code().as_str(), Some(column), problem.message(column))
        })?;
        let identity = identity.map(|(identity, text)| (identity, text.to_owned()));
        if identity.is_none() && !self.is_matched_by_property() {
            return Err(self.no_identity());
        }
        // HubSpot would take the moment the call arrives, another one each time it is sent.
        let emitted = emitted.and_then(emitted_at::milliseconds).and_then(instant);
        self.occurrence.write(&self.plan.event_name, identity, emitted);
        Ok(())
    }

    fn is_matched_by_property(&self) -> bool {
        let Some(property) = &self.plan.matching_property else { return false };
        self.occurrence.told().any(|place| self.columns.at(place).1.name == *property)
    }

    /// Refuses a record with more properties than HubSpot takes.
    fn check_number(&self) -> Result<(), Rejection> {
        if self.occurrence.told().len() + self.missing.len() <= MOST_PROPERTIES {
            return Ok(());
        }
        let message = format!(
            "The record has more than {MOST_PROPERTIES} event properties; HubSpot takes no more. Leave columns out of the \
             stream."
        );
        Err(Rejection::by_connector("LIMIT_EXCEEDED", None, message))
    }

    /// Takes a value of a column that is not remembered: it leads nowhere, but it may reject the record or ask for a
    /// property.
    fn pass(&mut self, name: &str, stranger: &EventColumn, value: Raw<'_>) -> Result<(), Rejection> {
        match &stranger.becomes {
            EventColumnUse::Missing => {
                self.missing.extend(NewKind::of_value(value.text()).map(|kind| (name.to_owned(), kind)));
                Ok(())
            }
            EventColumnUse::Refused(why) if !value.is_null() => Err(refused(*why, name)),
            EventColumnUse::Second(first) if !value.is_null() => {
                Err(two_columns(first, &shown(name), &stranger.name))
            }
            EventColumnUse::Refused(_)
            | EventColumnUse::Second(_)
            | EventColumnUse::LeftOut(_)
            | EventColumnUse::Identity(_)
            | EventColumnUse::Uuid
            | EventColumnUse::OccurredAt
            | EventColumnUse::Property(_) => Ok(()),
        }
    }

    fn no_identity(&self) -> Rejection {
        let columns: Vec<&str> = self.plan.columns.identities.iter().map(|known| known.column()).collect();
        let own = self.plan.matching_property.as_deref();
        let offer: Vec<&str> = own.into_iter().chain(columns).collect();
        let message = format!(
            "The record does not say which HubSpot record the event happened to; it needs a value for {}.",
            offer.join(" or ")
        );
        Rejection::by_connector("MISSING_MATCHING_KEY", offer.last().copied(), message)
    }

    /// Finds a column, or meets it for the first time.
    ///
    /// # Errors
    /// What it becomes, where it leads nowhere and there are too many of those to remember it.
    fn place_of(&mut self, name: &str, expected: usize) -> Result<usize, Box<EventColumn>> {
        if let Some(place) = self.columns.place(name, expected) {
            return Ok(place);
        }
        let column = self.plan.columns.column(name);
        let column = self.beside_others(column);
        self.tell_if_left_out(name, &column);
        if column.renamed && column.is_sent() {
            let (name, stream, to) = (shown(name), &self.plan.descriptor, &column.name);
            self.notices
                .tell(Notice::Told(format!("Column \"{name}\" of stream \"{stream}\" is sent as {to}.")));
        }
        let writes = Some(column.name.clone()).filter(|_| column.is_sent());
        // What only may be sent one day is as good as what leads nowhere: nobody knows how many there are.
        if writes.is_none() || matches!(column.becomes, EventColumnUse::Missing) {
            return self.columns.try_add(name, column, writes.as_deref()).map_err(Box::new);
        }
        Ok(self.columns.add(name, column, writes.as_deref()))
    }

    /// What becomes of a column beside those that were met before it: of two for one property the one that was guessed is
    /// left out, and the records of a later one that was not are refused.
    fn beside_others(&mut self, column: EventColumn) -> EventColumn {
        let twin = self.columns.writer(&column.name).filter(|_| column.is_sent());
        let Some(twin) = twin else { return column };
        let (first, known) = self.columns.at(twin);
        match (column.found, known.found) {
            (Found::Guessed, _) => column.yielded(),
            (Found::Named, Found::Guessed) => {
                let (first, yielded) = (first.clone(), known.yielded());
                self.tell_if_left_out(&first, &yielded);
                self.columns.at_mut(twin).1 = yielded;
                self.is_overtaken = true;
                column
            }
            (Found::Named, Found::Named) => {
                EventColumn { becomes: EventColumnUse::Second(first.as_str().into()), ..column }
            }
        }
    }

    fn tell_if_left_out(&mut self, name: &str, column: &EventColumn) {
        if let EventColumnUse::LeftOut(why) = column.becomes {
            let event = format!("the event {}", self.plan.event_name);
            if let Some(text) = left_out_notice(&self.plan.descriptor, &shown(name), why, &event) {
                self.notices.tell(Notice::Warned(text));
            }
        }
    }
}

/// The code and the sentence for a value that cannot be told.
fn explain(rule: &ValueRule, unfit: Unfit) -> (&'static str, String) {
    match unfit {
        Unfit::Invalid(invalid) => (invalid.code().as_str(), rule.explain(invalid)),
        Unfit::TooLong => {
            let property = rule.property();
            let longest = longest_value(property);
            let message =
                format!("{property}: longer than {longest} characters, the most of an event property.");
            ("VALUE_TOO_LONG", message)
        }
    }
}

#[cfg(test)]
mod tests;
