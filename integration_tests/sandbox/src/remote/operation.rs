//! One operation of the control: where it is, what it takes and gives, and what it does.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::operations;
use crate::http::{Answer, Query, Received, Shared, decode};
use crate::seed::{SeedError, from_yaml};

/// The schema of a body.
pub(super) type Shape = fn(&mut SchemaGenerator) -> Schema;

/// The schema of a type.
pub(super) fn shape<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// An operation.
pub(super) struct Operation {
    /// Its name in the description.
    pub(super) name: &'static str,
    pub(super) method: &'static str,
    /// Names in braces stand for one segment.
    pub(super) path: &'static str,
    /// What it does.
    pub(super) about: &'static str,
    /// Parameters of the query, with what they mean.
    pub(super) query: &'static [(&'static str, &'static str)],
    pub(super) takes: Option<Shape>,
    /// Statuses of its answers besides those of a [`Problem`], with what they mean and what they hold.
    pub(super) gives: &'static [(u16, &'static str, Option<Shape>)],
    pub(super) run: fn(&Shared, &Asked<'_>) -> Result<Answer, Problem>,
}

impl Operation {
    /// What the names in its path stand for in another path, if that is one of its own.
    fn names_in(&self, path: &str) -> Option<Vec<String>> {
        let (own, asked): (Vec<&str>, Vec<&str>) =
            (self.path.split('/').collect(), path.split('/').collect());
        if own.len() != asked.len() {
            return None;
        }
        let mut names = Vec::new();
        for (own, asked) in own.into_iter().zip(asked) {
            if own.starts_with('{') && !asked.is_empty() {
                names.push(decode(asked));
            } else if own != asked {
                return None;
            }
        }
        Some(names)
    }
}

/// The operation that a method and path stand for, with the names in the path.
pub(super) fn find(method: &str, path: &str) -> Result<(&'static Operation, Vec<String>), Problem> {
    let mut there = operations().filter_map(|known| Some((known, known.names_in(path)?))).peekable();
    let problem = match there.peek() {
        None => {
            Problem::new(404, format!("The control has no {path}; /_sandbox/openapi.json has all it has."))
        }
        Some(_) => {
            Problem::new(405, format!("{path} takes no {method}; /_sandbox/openapi.json says what it takes."))
        }
    };
    there.find(|(known, _)| known.method == method).ok_or(problem)
}

/// A request to an operation.
pub(super) struct Asked<'a> {
    names: Vec<String>,
    pub(super) query: Query,
    body: &'a [u8],
    yaml: bool,
}

impl<'a> Asked<'a> {
    /// The request, if its body is one that the control reads.
    pub(super) fn new(received: &'a Received, names: Vec<String>) -> Result<Self, Problem> {
        let body = received.body.as_deref().ok_or_else(|| Problem::new(413, "The body is too long."))?;
        let kind =
            received.content_type.as_deref().and_then(|kind| kind.split(';').next()).unwrap_or_default();
        let yaml = match kind.trim() {
            "application/json" => false,
            "application/yaml" => true,
            // A form of another site's page cannot send either of the two.
            _ if body.is_empty() => false,
            _ => {
                return Err(Problem::new(
                    415,
                    "The content type has to be application/json or application/yaml.",
                ));
            }
        };
        Ok(Self { names, query: Query::parse(received.query.as_deref()), body, yaml })
    }

    /// A name in the path, by its position.
    pub(super) fn name(&self, position: usize) -> &str {
        self.names.get(position).map(String::as_str).unwrap_or_default()
    }

    /// A name in the path that is a number.
    pub(super) fn number(&self) -> Result<u64, Problem> {
        self.name(0).parse().map_err(|_| Problem::new(400, format!("{:?} is no number.", self.name(0))))
    }

    /// A parameter of the query that is a number.
    pub(super) fn parameter(&self, name: &str) -> Result<Option<u64>, Problem> {
        let read =
            |text: &str| text.parse().map_err(|_| Problem::new(400, format!("{name} has to be a number.")));
        self.query.get(name).map(read).transpose()
    }

    /// The body.
    pub(super) fn body<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        if self.yaml {
            from_yaml(self.body).map_err(|reason| Problem::new(400, reason))
        } else {
            serde_json::from_slice(self.body).map_err(|error| Problem::new(400, error.to_string()))
        }
    }
}

/// Why the control did not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    status: u16,
    message: String,
}

/// The body of an answer that says so.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct ProblemBody {
    /// What was wrong.
    message: String,
}

impl Problem {
    pub(super) fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    /// A page of another site asks.
    pub(super) fn foreign() -> Self {
        Self::new(
            403,
            "The control is for programs and for the sandbox's own pages, not for those of other sites.",
        )
    }

    pub(super) fn into_answer(self) -> Answer {
        Answer::json(self.status, &ProblemBody { message: self.message })
    }
}

impl From<SeedError> for Problem {
    fn from(error: SeedError) -> Self {
        Self::new(400, error.to_string())
    }
}
