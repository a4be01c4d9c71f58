//! The object types whose properties have names or rules of their own.

/// A HubSpot object type, as far as coercion and names care.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ObjectKind {
    /// `0-1`
    Contact,
    /// `0-2`
    Company,
    /// `0-3`
    Deal,
    /// `0-5`
    Ticket,
    /// `0-7`
    Product,
    /// `0-8`
    LineItem,
    /// Any other type, custom objects included: nothing is assumed about its properties.
    #[default]
    Other,
}

impl ObjectKind {
    /// The kind of an object type id.
    ///
    /// Source: HubSpot's guide "Understanding the CRM", object type ids.
    #[must_use]
    pub fn of_type_id(object_type_id: &str) -> Self {
        match object_type_id {
            "0-1" => Self::Contact,
            "0-2" => Self::Company,
            "0-3" => Self::Deal,
            "0-5" => Self::Ticket,
            "0-7" => Self::Product,
            "0-8" => Self::LineItem,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_ids_are_exact() {
        assert_eq!(ObjectKind::of_type_id("0-1"), ObjectKind::Contact);
        assert_eq!(ObjectKind::of_type_id("0-8"), ObjectKind::LineItem);
        assert_eq!(ObjectKind::of_type_id("0-11"), ObjectKind::Other);
        assert_eq!(ObjectKind::of_type_id("2-1"), ObjectKind::Other);
    }
}
