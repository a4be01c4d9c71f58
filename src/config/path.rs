//! Where in a configuration a field stands, in the form people write: `streams[0].operation`.

use std::fmt;

use serde_json::Value;

/// A path from the root of the configuration to one field.
///
/// Shown as `credentials.access_token`, `streams[0].operation` or, for a key that is no plain word,
/// `streams[0].property_mapping["first name"]`. The root itself is shown as `the configuration`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldPath(Vec<Segment>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Key(String),
    Index(usize),
}

impl FieldPath {
    /// The configuration as a whole.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// The member `key` of the object at this path.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.with(Segment::Key(key.to_owned()))
    }

    /// The element at `index` (from 0) of the list at this path.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(Segment::Index(index))
    }

    /// The path that a JSON pointer (RFC 6901) into `document` stands for.
    ///
    /// The document decides whether `0` is an element or a key of that name.
    pub(super) fn from_pointer(pointer: &str, document: &Value) -> Self {
        let mut path = Self::root();
        let mut at = Some(document);
        for token in pointer.split('/').skip(1) {
            let token = token.replace("~1", "/").replace("~0", "~");
            let index = token.parse().ok().filter(|_| at.is_some_and(Value::is_array));
            match index {
                Some(index) => {
                    at = at.and_then(|list| list.get(index));
                    path.0.push(Segment::Index(index));
                }
                None => {
                    at = at.and_then(|object| object.get(&token));
                    path.0.push(Segment::Key(token));
                }
            }
        }
        path
    }

    fn with(&self, segment: Segment) -> Self {
        let mut path = self.clone();
        path.0.push(segment);
        path
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("the configuration");
        }
        for (position, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key) if is_plain_word(key) => {
                    let separator = if position == 0 { "" } else { "." };
                    write!(f, "{separator}{key}")?;
                }
                // `Debug` of a string escapes control characters, so that the path stays on one line.
                Segment::Key(key) => write!(f, "[{key:?}]")?,
            }
        }
        Ok(())
    }
}

fn is_plain_word(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_read_as_people_write_them() {
        let root = FieldPath::root();
        assert_eq!(root.to_string(), "the configuration");
        assert_eq!(root.key("credentials").key("type").to_string(), "credentials.type");
        assert_eq!(root.key("streams").index(3).key("name").to_string(), "streams[3].name");
        assert_eq!(root.key("a").key("b.c\n").to_string(), r#"a["b.c\n"]"#);
        assert_eq!(root.key("").to_string(), r#"[""]"#);
    }

    #[test]
    fn a_pointer_is_read_by_the_shape_of_the_document() {
        let document = json!({"list": [{"0": 1}], "a/b": {"~": 2}});
        let shown = |pointer| FieldPath::from_pointer(pointer, &document).to_string();
        assert_eq!(shown(""), "the configuration");
        assert_eq!(shown("/list/0/0"), "list[0].0");
        assert_eq!(shown("/a~1b/~0"), r#"["a/b"]["~"]"#);
    }
}
