//! What can be wrong with a configuration, said without repeating any of its values.

use std::fmt;

use serde_json::Number;

use super::path::FieldPath;

/// A configuration that cannot be used.
///
/// Neither `Display` nor `Debug` ever shows a value of the configuration: it may be a secret, or a secret
/// typed into the wrong field.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The text is not JSON, or is cut off.
    #[error("the configuration is not valid JSON (line {line}, column {column})")]
    NotJson {
        /// Line of the first offending character, from 1.
        line: usize,
        /// Column of the first offending character, from 1; 0 at the start of a line.
        column: usize,
    },
    /// One or more fields do not fit the specification; never empty, the same order every time.
    #[error("the configuration is not valid: {}", Listed(.0))]
    Invalid(Vec<Problem>),
    /// The specification and the types disagree: a defect of the connector, not of the configuration.
    #[error(
        "the configuration could not be read although it fits the specification; please report this defect"
    )]
    Defect,
}

impl ConfigError {
    /// The fields at fault; empty when the text could not be read as a configuration at all.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::Invalid(problems) => problems,
            Self::NotJson { .. } | Self::Defect => &[],
        }
    }
}

impl From<&serde_json::Error> for ConfigError {
    /// Keeps the position only, since the parser's own text may quote the input.
    fn from(error: &serde_json::Error) -> Self {
        Self::NotJson { line: error.line(), column: error.column() }
    }
}

/// One field at fault.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// The field; for a missing one, where it should be.
    pub path: FieldPath,
    /// What would have been right there.
    pub expected: Expected,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.path, self.expected)
    }
}

/// What a field should have been.
#[derive(Clone, Debug, PartialEq)]
pub enum Expected {
    /// A required key is absent (or null). Names the values it may have, where there is a fixed set.
    Present(Vec<String>),
    /// A JSON type in plain words, such as `text` or `a list`.
    Kind(String),
    /// One of a fixed set of values.
    OneOf(Vec<String>),
    /// A number within bounds, both inclusive.
    Within {
        /// Smallest accepted value, if there is one.
        minimum: Option<Number>,
        /// Largest accepted value, if there is one.
        maximum: Option<Number>,
    },
    /// Text that is more than white space.
    NotBlank,
    /// A token as HubSpot shows it, and nothing else; the text says what is too much.
    TokenAlone(&'static str),
    /// An absolute `http` or `https` URL.
    HttpUrl,
    /// A whole number, or a percentage such as `5%`.
    Limit,
    /// The name of a time zone that there is.
    TimeZone,
    /// Needed because another key of the same object is set.
    TogetherWith(&'static str),
    /// Must not be set next to another key of the same object.
    WithoutKey(&'static str),
    /// Another entry of the same list already configures the same stream.
    UniqueStream {
        /// The earlier entry.
        first: FieldPath,
    },
    /// Some other rule of the specification, named by its JSON Schema keyword.
    Rule(String),
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Present(choices) if choices.is_empty() => f.write_str("is required"),
            Self::Present(choices) => write!(f, "is required: set it to {}", Quoted(choices)),
            Self::Kind(kind) => write!(f, "must be {kind}"),
            Self::OneOf(choices) => write!(f, "must be {}", Quoted(choices)),
            Self::Within { minimum: Some(low), maximum: Some(high) } => {
                write!(f, "must be between {low} and {high}")
            }
            Self::Within { minimum: Some(low), maximum: None } => write!(f, "must be at least {low}"),
            Self::Within { minimum: None, maximum: Some(high) } => write!(f, "must be at most {high}"),
            Self::Within { minimum: None, maximum: None } => f.write_str("must be within its bounds"),
            Self::NotBlank => f.write_str("must not be blank"),
            Self::TokenAlone(beside) => {
                write!(f, "must be the token alone, {beside}: copy it again from HubSpot, the whole of it")
            }
            Self::HttpUrl => f.write_str(
                "must be an absolute URL such as https://host or http://host:8080/path, \
                 without user name, query or fragment",
            ),
            Self::Limit => {
                f.write_str("must be a whole number such as \"100\", or a percentage such as \"5%\"")
            }
            Self::TimeZone => f.write_str(
                "must be the IANA name of a time zone, such as \"America/New_York\", \"Europe/Berlin\" or \"UTC\"",
            ),
            Self::TogetherWith(key) => write!(f, "is required when {key} is set"),
            Self::WithoutKey(key) => write!(f, "must not be set together with {key}: remove one of the two"),
            Self::UniqueStream { first } => {
                write!(f, "configures the same stream as {first}: keep one entry for each namespace and name")
            }
            Self::Rule(keyword) => write!(f, "does not satisfy the specification's rule \"{keyword}\""),
        }
    }
}

/// `"a"`, `"a" or "b"`, `"a", "b" or "c"`.
struct Quoted<'a>(&'a [String]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, choice) in self.0.iter().enumerate() {
            let separator = match position {
                0 => "",
                last if last + 1 == self.0.len() => " or ",
                _ => ", ",
            };
            write!(f, "{separator}\"{choice}\"")?;
        }
        Ok(())
    }
}

/// The problems one after the other, on one line.
struct Listed<'a>(&'a [Problem]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, problem) in self.0.iter().enumerate() {
            let separator = if position == 0 { "" } else { "; " };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}
