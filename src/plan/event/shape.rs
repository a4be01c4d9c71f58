//! A record as it came, to an occurrence of an event as it is sent: one pass over its data.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::EventPlan;
use super::columns::{EventColumn, EventColumnUse, Identity, OCCURRED_AT, UTK, UUID};
use super::limits::{MOST_PROPERTIES, longest_value};
use super::occurrence::{Occurrence, Unfit};
use crate::coerce::{
    Coerced, KeyProblem, KeyRule, ObjectKind, RuleOptions, ValueRule, coerce, instant, key_text,
};
use crate::config::InvalidValues;
use crate::crm::property::{Property, PropertyType};
use crate::engine::record::{Body, BodyParts};
use crate::engine::rejection::Rejection;
use crate::error::Failure;
use crate::json;
use crate::plan::shape::{Notice, Shaped, not_an_object, nulled_fields, refused};
use crate::plan::stream::{clash, left_out_notice};
use crate::protocol::message::RecordMessage;

/// Shapes the records of one stream of events; remembers its columns from record to record.
#[derive(Debug)]
pub struct EventShaper {
    plan: EventPlan,
    rules: Rules,
    columns: Vec<(String, EventColumn)>,
    places: HashMap<String, usize>,
    occurrence: Occurrence,
    /// Columns of which a value has been left out because it did not fit.
    leaky: HashSet<usize>,
    notices: Vec<Notice>,
}

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
    fn new() -> Self {
        let text = |name| KeyRule::new(&Property::new(name, PropertyType::String), ObjectKind::Other);
        let time = Property::new(OCCURRED_AT, PropertyType::Datetime);
        Self {
            object_id: KeyRule::record_id(),
            email: KeyRule::email(),
            utk: text(UTK),
            uuid: text(UUID),
            occurred_at: ValueRule::new(&time, RuleOptions::default()),
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
            plan,
            rules: Rules::new(),
            columns: Vec::new(),
            places: HashMap::new(),
            occurrence: Occurrence::default(),
            leaky: HashSet::new(),
            notices: Vec::new(),
        }
    }

    /// The plan it follows.
    #[must_use]
    pub fn plan(&self) -> &EventPlan {
        &self.plan
    }

    /// Takes what the user should be told once, such as names that lead nowhere.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// Shapes a record. It has no key: events of one record need no order, each carries its own time.
    ///
    /// # Errors
    /// A configuration failure when a column nobody declared clashes with another.
    pub fn shape(&mut self, record: &RecordMessage<'_>) -> Result<Shaped, Failure> {
        let data = record.data.unwrap_or_default();
        let nulled = record.meta.map(nulled_fields).unwrap_or_default();
        self.occurrence.clear();
        let mut rejection = None;
        let mut failure = None;
        // Rows of a stream come with the same columns in the same order: the next one is tried first.
        let mut expected = 0;
        let walked = json::members(data, |name, value| {
            let place = match self.place_of(&name, expected) {
                Ok(place) => place,
                Err(clash) => {
                    failure.get_or_insert(clash);
                    return;
                }
            };
            expected = place + 1;
            if rejection.is_none() && !nulled.iter().any(|field| *field == name) {
                rejection = self.member(place, value).err();
            }
        });
        if let Some(failure) = failure {
            return Err(failure);
        }
        let rejection = match (walked, rejection) {
            (Err(_), _) => Some(not_an_object(record.data)),
            (Ok(()), Some(rejection)) => Some(rejection),
            (Ok(()), None) => self.finish(record.emitted_at).err(),
        };
        let parts = BodyParts {
            key: None,
            properties: if rejection.is_some() { &[] } else { self.occurrence.members() },
            sequel: &[],
            data,
            meta: record.meta.unwrap_or_default(),
            emitted_at: record.emitted_at.unwrap_or_default(),
        };
        Ok(Shaped { body: Body::new(parts, |_| 0), rejection })
    }

    fn member(&mut self, place: usize, value: &str) -> Result<(), Rejection> {
        let (column, EventColumn { becomes, .. }) = &self.columns[place];
        match becomes {
            EventColumnUse::LeftOut(_) => {}
            EventColumnUse::Refused(_) if value == "null" => {}
            EventColumnUse::Refused(why) => return Err(refused(*why, column)),
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
                    self.notices.push(Notice::Warned(format!(
                        "Column \"{column}\" of stream \"{stream}\" holds values that do not fit; they are left out. The \
                         first: {message}"
                    )));
                }
            }
        }
        Ok(())
    }

    /// Puts the occurrence together.
    fn finish(&mut self, emitted_at: Option<&str>) -> Result<(), Rejection> {
        let identity = self.occurrence.identity().map_err(|(identity, problem)| {
            let column = identity.column();
            Rejection::by_connector(problem.code().as_str(), Some(column), problem.message(column))
        })?;
        let identity = identity.map(|(identity, text)| (identity, text.to_owned()));
        if identity.is_none() && !self.is_matched_by_property() {
            return Err(self.no_identity());
        }
        if self.occurrence.told().len() > MOST_PROPERTIES {
            let message = format!(
                "The record has more than {MOST_PROPERTIES} event properties; HubSpot takes no more. Leave columns out \
                 of the stream."
            );
            return Err(Rejection::by_connector("LIMIT_EXCEEDED", None, message));
        }
        // HubSpot would take the moment the call arrives, another one each time it is sent.
        let emitted = emitted_at.and_then(milliseconds).and_then(instant);
        self.occurrence.write(&self.plan.event_name, identity, emitted);
        Ok(())
    }

    fn is_matched_by_property(&self) -> bool {
        let Some(property) = &self.plan.matching_property else { return false };
        self.occurrence.told().any(|place| self.columns[place].1.name == *property)
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
    fn place_of(&mut self, name: &str, expected: usize) -> Result<usize, Failure> {
        if self.columns.get(expected).is_some_and(|(known, _)| known == name) {
            return Ok(expected);
        }
        if let Some(place) = self.places.get(name) {
            return Ok(*place);
        }
        let column = self.plan.columns.column(name);
        let stream = &self.plan.descriptor;
        if let EventColumnUse::LeftOut(why) = column.becomes {
            let notice = left_out_notice(stream, name, why, &format!("the event {}", self.plan.event_name));
            self.notices.extend(notice.map(Notice::Warned));
        }
        if column.renamed && column.is_sent() {
            let to = &column.name;
            self.notices
                .push(Notice::Told(format!("Column \"{name}\" of stream \"{stream}\" is sent as {to}.")));
        }
        if column.is_sent()
            && let Some((first, _)) =
                self.columns.iter().find(|(_, known)| known.is_sent() && known.name == column.name)
        {
            return Err(clash(stream, first, name, &column.name));
        }
        let place = self.columns.len();
        self.columns.push((name.to_owned(), column));
        self.places.insert(name.to_owned(), place);
        Ok(place)
    }
}

/// Milliseconds since 1970, however the number is written; `None` for what is none.
fn milliseconds(emitted_at: &str) -> Option<i64> {
    emitted_at.parse().ok().or_else(|| {
        let number: f64 = emitted_at.parse().ok()?;
        // Beyond these years no instant can be written anyway.
        (number.abs() < 1e15).then_some(number as i64)
    })
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
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::config::Config;
    use crate::plan::event::KnownEvent;
    use crate::protocol::catalog::ConfiguredCatalog;

    /// A shaper for the event `pe7_bought`; `None` where its definition could not be read.
    fn shaper(settings: Value, definition: Option<Value>) -> EventShaper {
        let mut config = json!({"credentials": {"type": "AccessToken", "access_token": "t"}});
        config["streams"] = json!([settings]);
        config["streams"][0]["name"] = json!("bought");
        let text = config.to_string();
        let config = Config::from_json(&text).unwrap();
        let catalog = ConfiguredCatalog::from_json(r#"{"streams":[{"stream":{"name":"bought"}}]}"#).unwrap();
        let known = match definition {
            None => KnownEvent::NamedOnly("pe7_bought".into()),
            Some(mut definition) => {
                definition["name"] = json!("bought");
                definition["fullyQualifiedName"] = json!("pe7_bought");
                KnownEvent::Defined(serde_json::from_value(definition).unwrap())
            }
        };
        EventShaper::new(EventPlan::new(&config, &catalog.streams[0], known).unwrap())
    }

    fn of_contacts() -> EventShaper {
        shaper(json!({}), Some(definition()))
    }

    fn definition() -> Value {
        let property = |name: &str, kind: &str| json!({"name": name, "type": kind, "fieldType": ""});
        let mut properties: Vec<Value> = (0..60).map(|n| property(&format!("p{n}"), "string")).collect();
        properties.extend([
            property("plan", "string"),
            property("amount", "number"),
            property("page_url", "string"),
            property("paid_on", "datetime"),
            json!({"name": "hs_seen", "type": "number", "modificationMetadata": {"readOnlyValue": true}}),
        ]);
        json!({"properties": properties})
    }

    fn shape(shaper: &mut EventShaper, data: &Value, emitted_at: Option<&str>) -> Result<Value, Rejection> {
        let data = data.to_string();
        let record = RecordMessage {
            stream: "bought".into(),
            namespace: None,
            data: Some(&data),
            meta: None,
            emitted_at,
        };
        let shaped = shaper.shape(&record).unwrap();
        assert_eq!((shaped.body.key(), shaped.body.data()), (None, data.as_str()));
        match shaped.rejection {
            Some(rejection) => Err(rejection),
            None => {
                let members = [b"{", shaped.body.properties(), b"}"].concat();
                Ok(serde_json::from_slice(&members).unwrap())
            }
        }
    }

    fn sent(shaper: &mut EventShaper, data: Value) -> Value {
        shape(shaper, &data, Some("1795290302755")).unwrap()
    }

    fn code(shaper: &mut EventShaper, data: Value) -> (String, Option<String>) {
        let rejection = shape(shaper, &data, Some("1795290302755")).unwrap_err();
        (rejection.code.into_owned(), rejection.property)
    }

    #[test]
    fn everything_a_record_says_is_sent_as_hubspot_takes_it() {
        let event = sent(
            &mut of_contacts(),
            json!({"email": " Ann@Example.COM ", "occurred_at": "2026-03-01T10:00:00+02:00", "uuid": "u-1",
                   "plan": "gold", "amount": 12.50, "paid_on": 1_772_352_000, "_airbyte_raw_id": "x"}),
        );
        assert_eq!(
            event,
            json!({"email": "ann@example.com", "occurredAt": "2026-03-01T08:00:00.000Z", "uuid": "u-1",
                   "properties": {"plan": "gold", "amount": "12.5", "paid_on": "2026-03-01T08:00:00.000Z"}})
        );
    }

    #[test]
    fn the_record_is_named_in_hubspots_order() {
        let shaper = &mut of_contacts();
        let all = json!({"utk": "t1", "email": "a@example.com", "hs_object_id": 51.0});
        let event = sent(shaper, all);
        assert_eq!((&event["objectId"], event.get("email"), event.get("utk")), (&json!("51"), None, None));
        let event = sent(shaper, json!({"utk": "t1", "email": "a@example.com", "hs_object_id": null}));
        assert_eq!((&event["email"], event.get("utk")), (&json!("a@example.com"), None));
        let event = sent(shaper, json!({"utk": "t1", "email": "  ", "hs_object_id": null}));
        assert_eq!(event["utk"], "t1");
        assert_eq!(code(shaper, json!({"utk": "", "plan": "x"})).0, "MISSING_MATCHING_KEY");
        let broken = json!({"hs_object_id": "x1", "email": "a@example.com"});
        assert_eq!(code(shaper, broken), ("INVALID_INTEGER".into(), Some("hs_object_id".into())));
        assert_eq!(code(shaper, json!({"email": "a@b"})), ("INVALID_EMAIL".into(), Some("email".into())));
    }

    #[test]
    fn events_of_other_objects_go_by_record_id_or_by_their_own_property() {
        let mut definition = definition();
        definition["primaryObject"] = json!("COMPANY");
        let mut by_id = shaper(json!({}), Some(definition.clone()));
        assert_eq!(code(&mut by_id, json!({"email": "a@example.com"})).0, "MISSING_MATCHING_KEY");
        assert_eq!(sent(&mut by_id, json!({"hs_object_id": 9}))["objectId"], "9");

        definition["customMatchingId"] = json!({"primaryObjectRule":
            {"targetObjectPropertyName": "tier", "eventPropertyName": "plan"}});
        let mut by_plan = shaper(json!({}), Some(definition));
        assert_eq!(sent(&mut by_plan, json!({"plan": "gold"}))["properties"], json!({"plan": "gold"}));
        let rejection = shape(&mut by_plan, &json!({"plan": null}), None).unwrap_err();
        assert!(rejection.message.contains("plan or hs_object_id"), "{rejection:?}");
    }

    #[test]
    fn without_a_time_of_its_own_an_event_happened_when_it_was_emitted() {
        let shaper = &mut of_contacts();
        let data = json!({"email": "a@example.com", "occurred_at": null});
        for (emitted, expected) in [
            (Some("1795290302755"), json!("2026-11-21T19:45:02.755Z")),
            (Some("1.795290302755e12"), json!("2026-11-21T19:45:02.755Z")),
            (Some("\"soon\""), Value::Null),
            (None, Value::Null),
        ] {
            let event = shape(shaper, &data, emitted).unwrap();
            assert_eq!(event.get("occurredAt").cloned().unwrap_or_default(), expected, "{emitted:?}");
        }
        let wrong = json!({"email": "a@example.com", "occurred_at": "soon"});
        assert_eq!(code(shaper, wrong), ("INVALID_DATE".into(), Some("occurred_at".into())));
    }

    #[test]
    fn the_id_depends_on_what_is_said_and_on_nothing_else() {
        let uuid = |data: &Value, emitted: &str| {
            let event = shape(&mut of_contacts(), data, Some(emitted)).unwrap();
            event["uuid"].as_str().unwrap().to_owned()
        };
        let data = json!({"email": "a@example.com", "plan": "gold", "amount": 1, "nobody": "x"});
        let same = uuid(&data, "1795290302755");
        assert_eq!(uuid(&data, "1795290399999"), same);
        let reordered = json!({"amount": 1, "uuid": null, "plan": "gold", "email": "A@example.com"});
        assert_eq!(uuid(&reordered, "1"), same);
        for other in [
            json!({"email": "b@example.com", "plan": "gold", "amount": 1}),
            json!({"utk": "a@example.com", "plan": "gold", "amount": 1}),
            json!({"email": "a@example.com", "plan": "gold", "amount": 2}),
            json!({"email": "a@example.com", "plan": "gold", "amount": 1, "occurred_at": "2026-01-01"}),
        ] {
            assert_ne!(uuid(&other, "1795290302755"), same, "{other}");
        }
        assert_eq!(
            code(&mut of_contacts(), json!({"email": "a@example.com", "uuid": [1]})).0,
            "INVALID_RECORD"
        );
    }

    #[test]
    fn limits_are_held_before_sending() {
        let shaper = &mut of_contacts();
        let with = |extra: Vec<(String, Value)>| {
            let mut data = json!({"email": "a@example.com"});
            data.as_object_mut().unwrap().extend(extra);
            data
        };
        let some = |count: usize| with((0..count).map(|n| (format!("p{n}"), json!("v"))).collect());
        assert_eq!(sent(shaper, some(50))["properties"].as_object().unwrap().len(), 50);
        assert_eq!(code(shaper, some(51)), ("LIMIT_EXCEEDED".into(), None));
        // Nulls take no place.
        let mut most = some(50);
        most["p50"] = Value::Null;
        assert_eq!(sent(shaper, most)["properties"].as_object().unwrap().len(), 50);

        let one = |name: &str, length: usize| with(vec![(name.to_owned(), json!("\u{e4}".repeat(length)))]);
        sent(shaper, one("plan", 256));
        assert_eq!(code(shaper, one("plan", 257)), ("VALUE_TOO_LONG".into(), Some("plan".into())));
        sent(shaper, one("page_url", 1024));
        assert_eq!(code(shaper, one("page_url", 1025)).0, "VALUE_TOO_LONG");
    }

    #[test]
    fn values_that_do_not_fit_can_be_left_out() {
        let mut shaper = shaper(json!({"invalid_values": "drop_property"}), Some(definition()));
        for _ in 0..2 {
            let data =
                json!({"email": "a@example.com", "amount": "many", "plan": "x".repeat(300), "p1": "1"});
            assert_eq!(sent(&mut shaper, data)["properties"], json!({"p1": "1"}));
        }
        let notices = shaper.take_notices();
        assert_eq!(notices.len(), 2, "{notices:?}");
        assert!(!format!("{notices:?}").contains("many"));
    }

    #[test]
    fn unknown_and_read_only_columns_follow_the_policy() {
        let data = || json!({"email": "a@example.com", "nobody": "x", "hs_seen": 3, "Plan": "gold"});
        let mut dropping = of_contacts();
        assert_eq!(sent(&mut dropping, data())["properties"], json!({"plan": "gold"}));
        assert_eq!(dropping.take_notices().len(), 3);
        let mut rejecting = shaper(json!({"unknown_properties": "reject"}), Some(definition()));
        assert_eq!(code(&mut rejecting, data()).0, "PROPERTY_DOESNT_EXIST");
        let read_only = json!({"email": "a@example.com", "hs_seen": 3});
        assert_eq!(code(&mut rejecting, read_only).0, "READ_ONLY_VALUE");
        let null = json!({"email": "a@example.com", "nobody": null});
        assert_eq!(sent(&mut rejecting, null)["properties"], json!({}));
    }

    #[test]
    fn where_the_definition_cannot_be_read_hubspot_judges() {
        let mut shaper = shaper(json!({"property_mapping": {"who": "email"}}), None);
        let data = json!({"who": "a@example.com", "Plan Name": "gold", "count": 3, "paid": true});
        let event = sent(&mut shaper, data);
        let expected = json!({"plan_name": "gold", "count": "3", "paid": "true"});
        assert_eq!((&event["email"], &event["properties"]), (&json!("a@example.com"), &expected));
    }

    #[test]
    fn a_column_that_comes_twice_counts_once_and_two_for_one_property_are_refused() {
        let mut shaper = of_contacts();
        let data = r#"{"email":"a@example.com","plan":"old","plan":"new"}"#;
        let record = |data| RecordMessage {
            stream: "bought".into(),
            namespace: None,
            data: Some(data),
            meta: Some(r#"{"changes":[{"field":"amount","change":"NULLED","reason":"x"}]}"#),
            emitted_at: None,
        };
        let shaped = shaper.shape(&record(data)).unwrap();
        assert!(shaped.body.properties().ends_with(br#""properties":{"plan":"new"}"#));
        let failure = shaper.shape(&record(r#"{"email":"a@example.com","Plan":"x"}"#)).unwrap_err();
        assert!(failure.message.contains("\"plan\" and \"Plan\""), "{failure}");
        let rejection = shaper.shape(&record("[1]")).unwrap().rejection.unwrap();
        assert_eq!(rejection.code, "INVALID_RECORD");
    }
}
