//! Streams whose columns have fixed meanings, such as the contact, the audience and the status.
//!
//! Which column has which is settled when it is met first: by its name, a common spelling of it, or the user's mapping.

use crate::coerce::{Aliases, NameMatch, ObjectKind, resolve};
use crate::config::StreamSettings;
use crate::engine::rejection::Rejection;
use crate::error::Failure;
use crate::json::Raw;
use crate::plan::shape::{Notice, not_an_object, nulled_fields};
use crate::plan::stream::clash;
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
    met: Vec<(String, Option<R>)>,
    notices: Vec<Notice>,
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
        let (stream, mapping) = (stream.descriptor.clone(), mapping.to_vec());
        Self { stream, mapping, names, all, met: Vec::new(), notices: Vec::new() }
    }

    /// The role of a column.
    #[must_use]
    pub fn of(&self, column: &str) -> Option<R> {
        let known = |name: &str| self.names.iter().any(|(known, _)| known == name);
        let name = match resolve(column, &self.mapping, Aliases::On, &known, ObjectKind::Contact) {
            NameMatch::Mapped { to } | NameMatch::Normalised { to } | NameMatch::Alias { to } => to,
            NameMatch::Exact => column.to_owned(),
            NameMatch::Unknown | NameMatch::Internal => return None,
        };
        self.names.iter().find(|(known, _)| *known == name).map(|(_, role)| *role)
    }

    /// Whether a stream that declares its columns declares none of these roles.
    #[must_use]
    pub fn lacks(&self, stream: &ConfiguredStream, roles: &[R]) -> bool {
        let has = |column: &String| self.of(column).is_some_and(|role| roles.contains(&role));
        !stream.columns.is_empty() && !stream.columns.keys().any(has)
    }

    /// Gives every value of a record that has a role, as raw JSON, in the record's order. A field that was nulled on the
    /// way has none. The rejection says why there is nothing to give.
    ///
    /// # Errors
    /// A configuration failure: two columns have one role.
    pub fn read<'a>(
        &mut self,
        record: &RecordMessage<'a>,
        mut each: impl FnMut(R, Raw<'a>),
    ) -> Result<Option<Rejection>, Failure> {
        let nulled = record.meta.map(nulled_fields).unwrap_or_default();
        let mut failure = None;
        let walked = record.data.members(|name, value| match self.met(&name) {
            Ok(Some(role)) if !nulled.iter().any(|field| *field == name) => each(role, value),
            Ok(_) => {}
            Err(clash) => {
                failure.get_or_insert(clash);
            }
        });
        match (failure, walked) {
            (Some(failure), _) => Err(failure),
            (None, Ok(())) => Ok(None),
            (None, Err(_)) => Ok(Some(not_an_object(record.data))),
        }
    }

    /// Takes what the user should be told once, such as columns without a role.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// Finds a column, or meets it for the first time.
    fn met(&mut self, column: &str) -> Result<Option<R>, Failure> {
        if let Some((_, role)) = self.met.iter().find(|(known, _)| known == column) {
            return Ok(*role);
        }
        let role = self.of(column);
        let Some(one) = role else {
            let (stream, all) = (&self.stream, &self.all);
            let text = format!("Column \"{column}\" of stream \"{stream}\" is not sent: {all}.");
            self.notices.push(Notice::Told(text));
            self.met.push((column.to_owned(), role));
            return Ok(role);
        };
        if let Some((first, _)) = self.met.iter().find(|(_, known)| *known == role) {
            let name = self.names.iter().find(|(_, known)| *known == one).map(|(name, _)| name.as_str());
            return Err(clash(&self.stream, first, column, name.unwrap_or_default()));
        }
        self.met.push((column.to_owned(), role));
        Ok(role)
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

    fn read(roles: &mut Roles<Role>, data: &str) -> Result<Said, Failure> {
        let meta = Some(r#"{"changes":[{"field":"List Id","change":"NULLED"}]}"#);
        let record = RecordMessage {
            stream: "s".into(),
            namespace: None,
            data: Object::of(data),
            meta,
            emitted_at: None,
        };
        let mut said = Vec::new();
        let rejection = roles.read(&record, |role, value| said.push((role, value.text().to_owned())))?;
        Ok((said, rejection))
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
            let (said, rejection) = read(&mut roles, data).unwrap();
            assert_eq!(said, [(Role::Who, r#""a""#.to_owned()), (Role::What, "7".to_owned())]);
            assert!(rejection.is_none());
            assert_eq!(roles.take_notices().len(), told);
        }
        assert!(read(&mut roles, "[]").unwrap().1.is_some());
        assert!(read(&mut roles, r#"{"person":"b"}"#).is_err(), "two columns for one role");
    }

    #[test]
    fn what_was_nulled_says_nothing() {
        let (said, _) = read(&mut roles(), r#"{"List Id":null,"person":"b"}"#).unwrap();
        assert_eq!(said, [(Role::Who, r#""b""#.to_owned())]);
    }
}
