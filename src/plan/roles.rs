//! Streams whose columns have fixed meanings, such as the contact, the audience and the status.
//!
//! Which column has which is settled when it is met first: by its name, a common spelling of it, or the user's mapping.

use std::collections::HashSet;

use crate::coerce::{Aliases, NameMatch, ObjectKind, resolve};
use crate::config::StreamSettings;
use crate::engine::rejection::Rejection;
use crate::error::Failure;
use crate::json::Raw;
use crate::plan::known::Room;
use crate::plan::meant::{of_stream, undeclared};
use crate::plan::notices::{Notice, Notices, shown};
use crate::plan::nulled::Nulled;
use crate::plan::refusal::not_an_object;
use crate::plan::stream::{clash, two_columns};
use crate::protocol::StreamDescriptor;
use crate::protocol::catalog::ConfiguredStream;
use crate::protocol::message::RecordMessage;

/// The columns of one stream, each with its role `R` or with none.
#[derive(Clone, Debug)]
pub struct Roles<R> {
    stream: StreamDescriptor,
    mapping: Vec<(String, String)>,
    /// What the columns are called that have a role.
    names: Vec<(String, R)>,
    /// Which columns there are, for the word about one that has none: `a stream of audiences has ...`.
    all: String,
    /// Columns that were met and have a role: no two have one.
    met: Vec<(String, R)>,
    /// Columns that were met and have none, as far as there is room to remember them.
    idle: HashSet<String>,
    room: Room,
    notices: Notices,
}

/// What a column that was met is.
#[derive(Clone, Debug, PartialEq)]
enum Met<R> {
    /// It has this role.
    Role(R),
    /// It has the role of the column of this name, which was met before.
    Second(Box<str>, R),
    /// It has none.
    Nothing,
}

impl<R: Copy + PartialEq> Roles<R> {
    /// The roles of a stream, by the names of their columns; `all` says which there are, in words that follow "not sent:".
    #[must_use]
    pub fn new(
        stream: &ConfiguredStream,
        settings: Option<&StreamSettings>,
        names: Vec<(String, R)>,
        all: String,
    ) -> Self {
        let mapping = settings.map(|settings| settings.property_mapping.pairs()).unwrap_or_default();
        Self {
            room: Room::beside(stream.columns.keys()),
            notices: Notices::new(&stream.descriptor, stream.columns.len()),
            stream: stream.descriptor.clone(),
            mapping: mapping.to_vec(),
            names,
            all,
            met: Vec::new(),
            idle: HashSet::new(),
        }
    }

    /// The role of a column.
    #[must_use]
    pub fn of(&self, column: &str) -> Option<R> {
        let known = |name: &str| self.names.iter().any(|(known, _)| known == name);
        let name = match resolve(column, &self.mapping, Aliases::On, &known, &[], ObjectKind::Contact) {
            NameMatch::Mapped { to }
            | NameMatch::Normalised { to }
            | NameMatch::Alias { to }
            | NameMatch::LastResort { to } => to,
            NameMatch::Exact => column.to_owned(),
            NameMatch::Unknown | NameMatch::Internal => return None,
        };
        self.names.iter().find(|(known, _)| *known == name).map(|(_, role)| *role)
    }

    /// Refuses a stream that declares two columns of one role.
    ///
    /// # Errors
    /// A configuration failure that names them.
    pub fn check(&self, stream: &ConfiguredStream) -> Result<(), Failure> {
        let mut taken: Vec<(R, &str)> = Vec::new();
        for column in stream.columns.keys() {
            let Some(role) = self.of(column) else { continue };
            if let Some((_, first)) = taken.iter().find(|(known, _)| *known == role) {
                return Err(clash(&self.stream, first, column, self.name_of(role)));
            }
            taken.push((role, column));
        }
        Ok(())
    }

    /// Names in the mapping that mean nothing, in lines for the log.
    #[must_use]
    pub fn unmet(&self, stream: &ConfiguredStream) -> Vec<String> {
        let nowhere = self.mapping.iter().filter(|(column, _)| self.of(column).is_none());
        let mut lines: Vec<String> = nowhere
            .map(|(column, to)| {
                format!(
                    "\"property_mapping\" sends \"{column}\" to \"{to}\", and {}: correct the name.",
                    self.all
                )
            })
            .collect();
        lines.extend(undeclared(stream, &self.mapping));
        lines.iter().map(|line| of_stream(&self.stream, line)).collect()
    }

    /// Whether a stream that declares its columns declares none of these roles.
    #[must_use]
    pub fn lacks(&self, stream: &ConfiguredStream, roles: &[R]) -> bool {
        let has = |column: &String| self.of(column).is_some_and(|role| roles.contains(&role));
        !stream.columns.is_empty() && !stream.columns.keys().any(has)
    }

    /// Gives every value of a record that has a role, as raw JSON, in the record's order. A field that was nulled on the
    /// way has none. The rejection says why that is not to be used.
    pub fn read<'a>(
        &mut self,
        record: &RecordMessage<'a>,
        mut each: impl FnMut(R, Raw<'a>),
    ) -> Option<Rejection> {
        let nulled = Nulled::of(record);
        let mut clash = None;
        let walked = record.data.members(|name, value| {
            let met = self.met(&name);
            if nulled.contains(&name) {
                return;
            }
            match met {
                Met::Role(role) => each(role, value),
                Met::Second(..) if value.is_null() => {}
                Met::Second(first, role) => {
                    clash.get_or_insert_with(|| two_columns(&first, &name, self.name_of(role)));
                }
                Met::Nothing => {}
            }
        });
        match walked {
            Ok(()) => clash,
            Err(_) => Some(not_an_object(record.data)),
        }
    }

    /// Takes what the user should be told once, such as columns without a role.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        self.notices.take()
    }

    fn name_of(&self, role: R) -> &str {
        self.names.iter().find(|(_, known)| *known == role).map_or("", |(name, _)| name)
    }

    /// Finds a column, or meets it for the first time.
    fn met(&mut self, column: &str) -> Met<R> {
        if let Some((_, role)) = self.met.iter().find(|(known, _)| known == column) {
            return Met::Role(*role);
        }
        if self.idle.contains(column) {
            return Met::Nothing;
        }
        let Some(role) = self.of(column) else {
            let (stream, all, shown) = (&self.stream, &self.all, shown(column));
            let text = format!("Column \"{shown}\" of stream \"{stream}\" is not sent: {all}.");
            self.notices.tell(Notice::Told(text));
            if self.room.takes(column) {
                self.idle.insert(column.to_owned());
            }
            return Met::Nothing;
        };
        if let Some((first, _)) = self.met.iter().find(|(_, known)| *known == role) {
            return Met::Second(first.as_str().into(), role);
        }
        self.met.push((column.to_owned(), role));
        Met::Role(role)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::config::Config;
    use crate::json::Object;
    use crate::protocol::catalog::ConfiguredCatalog;

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Role {
        Who,
        What,
    }

    fn stream(columns: &[&str]) -> ConfiguredStream {
        let properties: Value = columns.iter().map(|name| ((*name).to_owned(), json!({}))).collect();
        let stream = json!({"name": "s", "json_schema": {"properties": properties}});
        let catalog = json!({"streams": [{ "stream": stream }]});
        ConfiguredCatalog::from_json(&catalog.to_string()).unwrap().streams.remove(0)
    }

    fn roles() -> Roles<Role> {
        let settings = json!([{"name": "s", "property_mapping": {"person": "email"}}]);
        let config =
            json!({"credentials": {"type": "AccessToken", "access_token": "t"}, "streams": settings});
        let config = Config::from_json(config.to_string()).unwrap();
        let names = vec![("email".to_owned(), Role::Who), ("list_id".to_owned(), Role::What)];
        Roles::new(&stream(&[]), config.stream(None, "s"), names, "it has two".to_owned())
    }

    /// What a record says, and why it says nothing.
    type Said = (Vec<(Role, String)>, Option<Rejection>);

    fn read(roles: &mut Roles<Role>, data: &str) -> Said {
        let meta = Some(r#"{"changes":[{"field":"List Id","change":"NULLED"}]}"#);
        let record = RecordMessage {
            stream: "s".into(),
            namespace: None,
            data: Object::of(data),
            meta,
            emitted_at: None,
        };
        let mut said = Vec::new();
        let rejection = roles.read(&record, |role, value| said.push((role, value.text().to_owned())));
        (said, rejection)
    }

    #[test]
    fn columns_are_known_by_name_spelling_and_mapping() {
        let roles = roles();
        for (column, role) in [
            ("email", Some(Role::Who)),
            ("person", Some(Role::Who)),
            ("emailAddress", Some(Role::Who)),
            ("listId", Some(Role::What)),
            ("list", None),
            ("_airbyte_raw_id", None),
        ] {
            assert_eq!(roles.of(column), role, "{column}");
        }
        assert!(roles.lacks(&stream(&["person"]), &[Role::What]));
        assert!(!roles.lacks(&stream(&["person"]), &[Role::What, Role::Who]));
        assert!(!roles.lacks(&stream(&[]), &[Role::Who]), "nothing is declared");
    }

    #[test]
    fn values_come_with_their_roles_and_the_rest_is_told_once() {
        let mut roles = roles();
        let data = r#"{"x":1,"email":"a","list_id":7}"#;
        for told in [1, 0] {
            let (said, rejection) = read(&mut roles, data);
            assert_eq!(said, [(Role::Who, r#""a""#.to_owned()), (Role::What, "7".to_owned())]);
            assert!(rejection.is_none());
            assert_eq!(roles.take_notices().len(), told);
        }
        assert!(read(&mut roles, "[]").1.is_some());
    }

    #[test]
    fn of_two_columns_for_one_role_the_first_has_it() {
        let declared = stream(&["person", "list_id", "email"]);
        let failure = roles().check(&declared).unwrap_err();
        assert!(failure.message.contains("\"person\" and \"email\""), "{failure}");
        assert!(roles().check(&stream(&["person", "list_id", "x", "y"])).is_ok());
        let mut roles = roles();
        read(&mut roles, r#"{"email":"a"}"#);
        let (said, rejection) = read(&mut roles, r#"{"email":"a","person":"b"}"#);
        let rejection = rejection.unwrap();
        assert_eq!((rejection.code.as_ref(), rejection.property.as_deref()), ("CONFLICT", Some("email")));
        assert!(rejection.message.contains("\"email\" and \"person\""), "{rejection:?}");
        assert_eq!(said.len(), 1);
        assert_eq!(read(&mut roles, r#"{"email":"a","person":null}"#).1, None, "it says nothing");
    }

    #[test]
    fn what_was_nulled_says_nothing() {
        let (said, _) = read(&mut roles(), r#"{"List Id":null,"person":"b"}"#);
        assert_eq!(said, [(Role::Who, r#""b""#.to_owned())]);
    }
}
