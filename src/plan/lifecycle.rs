//! The lifecycle stage, which HubSpot moves forward only: to move it back it has to be cleared first.
//!
//! Such a record takes two writes. The first clears the stage and brings everything else, so that a record HubSpot
//! refuses keeps its stage; the second sets the stage. Source: HubSpot's contacts guide, "lifecycle stages".

use crate::config::{Operation, StreamSettings};

/// The property that holds the stage, on contacts and companies.
pub const PROPERTY: &str = "lifecyclestage";

/// Which way a stream's records may move the stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lifecycle {
    /// Forward, as HubSpot has it: one write.
    #[default]
    Forward,
    /// Either way: two writes.
    EitherWay,
}

impl Lifecycle {
    /// As the user chose. A record that is only made has no stage to move back from.
    #[must_use]
    pub fn of(settings: Option<&StreamSettings>, operation: Operation) -> Self {
        match operation {
            Operation::Upsert | Operation::Update
                if settings.is_some_and(|settings| settings.lifecycle_backwards) =>
            {
                Self::EitherWay
            }
            _ => Self::Forward,
        }
    }

    /// Moves a stage that was written as a member of `properties`, its value from `value` on, to the second write, and
    /// leaves its clearing behind.
    pub fn split(self, property: &str, value: usize, properties: &mut Vec<u8>, sequel: &mut Vec<u8>) {
        if self == Self::EitherWay && property == PROPERTY {
            sequel.clear();
            sequel.push(b'"');
            sequel.extend_from_slice(PROPERTY.as_bytes());
            sequel.extend_from_slice(b"\":");
            sequel.extend(properties.drain(value..));
            properties.extend_from_slice(b"\"\"");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_is_cleared_first_and_set_second() {
        let mut properties = br#""city":"Oslo","lifecyclestage":"lead""#.to_vec();
        let value = properties.len() - br#""lead""#.len();
        let mut sequel = Vec::new();
        Lifecycle::Forward.split(PROPERTY, value, &mut properties, &mut sequel);
        assert!(sequel.is_empty());
        Lifecycle::EitherWay.split(PROPERTY, value, &mut properties, &mut sequel);
        assert_eq!(properties, br#""city":"Oslo","lifecyclestage":"""#);
        assert_eq!(sequel, br#""lifecyclestage":"lead""#);
        let mut other = br#""city":"Oslo""#.to_vec();
        Lifecycle::EitherWay.split("city", 7, &mut other, &mut Vec::new());
        assert_eq!(other, br#""city":"Oslo""#);
    }
}
