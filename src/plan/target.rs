//! What a stream goes to: a CRM object, or one of the other targets that have names of their own.

use super::object::ObjectName;

/// What a stream goes to, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetName<'a> {
    /// Records of an object type.
    Object(ObjectName<'a>),
    /// `LIST:<listId>`: members of one list.
    List(&'a str),
    /// `LIST_MEMBERSHIP`: members of the lists that the records name.
    ListMembership,
    /// `AUDIENCE`: contact properties named after audiences.
    Audience,
    /// `ASSOCIATION:<FROM>:<TO>`: associations between records of two object types.
    Association {
        /// Name of the object type at one end.
        from: &'a str,
        /// Name of the object type at the other.
        to: &'a str,
    },
    /// `EVENT:<name>`: occurrences of a custom event.
    Event(&'a str),
}

impl<'a> TargetName<'a> {
    /// What a name stands for. Other targets have to be named on purpose: a stream that happens to be called
    /// `audience` is not one.
    #[must_use]
    pub fn of(name: ObjectName<'a>) -> Self {
        let ObjectName::Given(text) = name else { return Self::Object(name) };
        let text = text.trim();
        let (kind, rest) =
            text.split_once(':').map_or((text, None), |(kind, rest)| (kind.trim(), Some(rest.trim())));
        match (kind.to_ascii_uppercase().as_str(), rest) {
            ("LIST_MEMBERSHIP", None) => Self::ListMembership,
            ("AUDIENCE", None) => Self::Audience,
            ("LIST", Some(list)) if !list.is_empty() => Self::List(list),
            ("EVENT", Some(event)) if !event.is_empty() => Self::Event(event),
            ("ASSOCIATION", Some(ends)) => {
                match ends.split_once(':').map(|(from, to)| (from.trim(), to.trim())) {
                    Some((from, to)) if !from.is_empty() && !to.is_empty() => Self::Association { from, to },
                    _ => Self::Object(name),
                }
            }
            _ => Self::Object(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(text: &str) -> TargetName<'_> {
        TargetName::of(ObjectName::Given(text))
    }

    #[test]
    fn other_targets_are_named_on_purpose() {
        assert_eq!(given(" list:12 "), TargetName::List("12"));
        assert_eq!(given("LIST_MEMBERSHIP"), TargetName::ListMembership);
        assert_eq!(given("Audience"), TargetName::Audience);
        assert_eq!(
            given("ASSOCIATION:CONTACT: company"),
            TargetName::Association { from: "CONTACT", to: "company" }
        );
        assert_eq!(given("EVENT:pe1_bought"), TargetName::Event("pe1_bought"));
        let stream = ObjectName::StreamName("audience");
        assert_eq!(TargetName::of(stream), TargetName::Object(stream));
    }

    #[test]
    fn halves_of_names_stand_for_nothing() {
        for text in
            ["LIST:", "EVENT:", "ASSOCIATION:CONTACT", "ASSOCIATION::CONTACT", "CONTACT", "LIST", "0-1"]
        {
            assert_eq!(given(text), TargetName::Object(ObjectName::Given(text)), "{text}");
        }
    }
}
