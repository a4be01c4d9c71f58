//! Properties without which HubSpot makes no record of a stream, as its own refusals tell.
//!
//! What a new record needs differs from account to account, and HubSpot's pages differ among themselves. So records are sent
//! and HubSpot judges, until it has refused enough of them for lack of exactly one property and taken none that lacks it:
//! then others that lack it are refused without a call. What is demanded on a condition
//! (`MISSING_CONDITIONAL_REQUIRED_PROPERTY`) proves nothing about other records.

use super::batch::Input;
use super::operation::Operation;
use super::rejection::{Origin, Rejection};

/// The code of a record that lacks a property.
pub const MISSING: &str = "MISSING_REQUIRED_PROPERTY";
/// Records that HubSpot has to refuse for lack of one property.
const ENOUGH: usize = 5;
/// Most properties that are counted: an object has few that are demanded.
const MOST_COUNTED: usize = 32;

/// What the refusals of one stream tell.
#[derive(Debug, Default)]
pub struct Demanded {
    /// How many records were refused for lack of each property alone.
    refused: Vec<(String, usize)>,
    /// The properties that every record taken so far had a value for; none was taken before it is set.
    common: Option<Vec<String>>,
    /// Whether records were taken of which nobody looked what they lack.
    is_blind: bool,
}

impl Demanded {
    /// Notes that HubSpot has taken an input. What an insert takes is always looked at; what is written otherwise only once
    /// something was refused, since that costs time with every record.
    pub fn taken(&mut self, operation: Operation, input: &Input) {
        if operation != Operation::Insert && self.refused.is_empty() {
            self.is_blind = true;
        }
        if self.is_blind {
            return;
        }
        match &mut self.common {
            None => {
                self.common = Some(input.parts().flat_map(|part| names(part.body.properties())).collect())
            }
            Some(common) => common.retain(|name| has(input, name)),
        }
    }

    /// Notes why an input was refused.
    pub fn refused(&mut self, input: &Input, rejection: &Rejection) {
        let Some(property) = rejection.property.as_deref().filter(|_| rejection.is_for_lack) else { return };
        debug_assert_eq!((rejection.code.as_ref(), rejection.origin), (MISSING, Origin::Hubspot));
        let records = 1 + input.merged.len();
        let has_room = self.refused.len() < MOST_COUNTED;
        match self.refused.iter_mut().find(|(known, _)| known == property) {
            Some((_, count)) => *count += records,
            None if has_room => self.refused.push((property.to_owned(), records)),
            None => {}
        }
    }

    /// Whether any input could be refused.
    #[must_use]
    pub fn says_anything(&self) -> bool {
        !self.is_blind && self.refused.iter().any(|(_, count)| *count >= ENOUGH)
    }

    /// Why an input is not sent, if it is not.
    #[must_use]
    pub fn rejection(&self, input: &Input) -> Option<Rejection> {
        if !self.says_anything() {
            return None;
        }
        let was_always_there =
            |name: &String| self.common.as_ref().is_none_or(|common| common.contains(name));
        let demanded = self.refused.iter().filter(|(_, count)| *count >= ENOUGH).map(|(name, _)| name);
        let missing = demanded.filter(|name| was_always_there(name)).find(|name| !has(input, name))?;
        let message = format!(
            "{missing}: the record has no value for this property. HubSpot has refused others of this sync for lack of it, and \
             made none without it."
        );
        Some(Rejection::by_connector(MISSING, Some(missing), message))
    }
}

/// Whether a part of an input has a value for a property.
fn has(input: &Input, property: &str) -> bool {
    input.parts().any(|part| has_value(part.body.properties(), property))
}

/// Whether the members of a `properties` object, as they are sent, have a value for a property; `""` is none.
#[must_use]
pub fn has_value(properties: &[u8], property: &str) -> bool {
    // Quotes inside values are escaped, so a name between bare quotes before a colon is a member's.
    let member = format!("\"{property}\":");
    let after = |place: usize| &properties[place + member.len()..];
    memchr::memmem::find(properties, member.as_bytes())
        .is_some_and(|place| !after(place).starts_with(b"\"\""))
}

/// Names of the members that have a value.
fn names(properties: &[u8]) -> Vec<String> {
    let text = format!("{{{}}}", String::from_utf8_lossy(properties));
    let mut names = Vec::new();
    // Rendered by `plan::shape`, so always an object.
    let _rendered_by_us = crate::json::members(&text, |name, value| {
        if value != "\"\"" {
            names.push(name.into_owned());
        }
    });
    names
}

#[cfg(test)]
mod tests {
    use super::super::ledger::{Ledger, StreamIndex};
    use super::super::record::{Body, BodyParts, Record};
    use super::*;

    fn input(properties: &str) -> Input {
        let mut ledger = Ledger::default();
        let stream = StreamIndex(0);
        ledger.add_stream();
        let parts = BodyParts { properties: properties.as_bytes(), data: "{}", ..BodyParts::default() };
        Input::new(Record { ticket: ledger.enter(stream), body: Body::new(parts, |_| 0) })
    }

    fn lacking(property: &str) -> Rejection {
        Rejection {
            is_for_lack: true,
            origin: Origin::Hubspot,
            ..Rejection::by_connector(MISSING, Some(property), "")
        }
    }

    fn refuse(demanded: &mut Demanded, property: &str, times: usize) {
        for _ in 0..times {
            demanded.refused(&input(r#""dealname":"x""#), &lacking(property));
        }
    }

    #[test]
    fn five_refusals_for_lack_of_one_property_are_enough() {
        let mut demanded = Demanded::default();
        refuse(&mut demanded, "dealstage", 4);
        refuse(&mut demanded, "pipeline", 4);
        let other = Rejection::by_connector("MISSING_CONDITIONAL_REQUIRED_PROPERTY", Some("dealstage"), "");
        demanded.refused(&input(""), &other);
        assert!(demanded.rejection(&input(r#""dealname":"x""#)).is_none());
        refuse(&mut demanded, "dealstage", 1);
        let rejection = demanded.rejection(&input(r#""dealname":"x","dealstage":"""#)).unwrap();
        assert_eq!((rejection.code.as_ref(), rejection.property.as_deref()), (MISSING, Some("dealstage")));
        assert_eq!(rejection.origin, Origin::Connector);
        assert!(demanded.rejection(&input(r#""dealstage":"1""#)).is_none());
    }

    #[test]
    fn a_record_that_was_taken_without_it_proves_the_contrary_whenever_it_came() {
        for before in [true, false] {
            let mut demanded = Demanded::default();
            let take = |demanded: &mut Demanded| {
                demanded.taken(Operation::Insert, &input(r#""dealname":"x","dealstage":"1""#));
                demanded.taken(Operation::Insert, &input(r#""dealname":"y","amount":"1""#));
            };
            if before {
                take(&mut demanded);
            }
            refuse(&mut demanded, "dealstage", 9);
            refuse(&mut demanded, "dealname", 5);
            if !before {
                take(&mut demanded);
            }
            assert!(demanded.rejection(&input(r#""dealname":"z""#)).is_none());
            assert!(demanded.rejection(&input(r#""dealstage":"1""#)).is_some(), "all had a name");
        }
    }

    #[test]
    fn what_was_not_looked_at_proves_nothing() {
        let mut demanded = Demanded::default();
        demanded.taken(Operation::Upsert, &input(r#""dealname":"x","dealstage":"1""#));
        refuse(&mut demanded, "dealstage", 9);
        assert!(!demanded.says_anything());
        let mut demanded = Demanded::default();
        refuse(&mut demanded, "dealstage", 5);
        demanded.taken(Operation::Upsert, &input(r#""dealname":"x","dealstage":"1""#));
        assert!(demanded.rejection(&input("")).is_some());
        demanded.taken(Operation::Upsert, &input(r#""dealname":"x""#));
        assert!(demanded.rejection(&input("")).is_none());
    }

    #[test]
    fn names_inside_values_are_no_members() {
        assert!(!has_value(br#""note":"\"dealname\":\"x\"""#, "dealname"));
        assert!(!has_value(br#""my_dealname":"x""#, "dealname"));
        assert!(has_value(br#""note":"dealname","dealname":"x""#, "dealname"));
        assert_eq!(names(br#""a":"1","b":"","c":"x""#), ["a", "c"]);
    }
}
