//! What a storage's error means: whose it is, and what to tell about it.
//!
//! The library's own words are never passed on: they may quote addresses, keys and what a server says of them.

use std::fmt;
use std::io;

use object_store::Error;
use object_store::client::HttpError;

use super::open::Place;
use crate::error::{Failure, Kind};
use crate::net::obstacle::Obstacle;

/// Why a storage did not do what it was asked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The credentials are not accepted, or do not allow this; with the storage's code.
    Refused(Option<String>),
    /// There is no such bucket, container or directory; with the storage's code.
    Missing(Option<String>),
    /// The request is not understood there: a wrong region or endpoint; with the storage's code.
    Misaddressed(Option<String>),
    /// The directory cannot be written to.
    Unwritable(io::ErrorKind),
    /// Every name was taken, for as many as were tried.
    Taken,
    /// It answered that it cannot now.
    Failing(u16),
    /// No complete answer came, and why.
    Unreached(Obstacle),
    /// Something else, of which nothing is known that could be told.
    Unknown,
}

impl Trouble {
    /// Reads an error.
    pub(super) fn of(error: &Error) -> Self {
        let text = error.to_string();
        match error {
            Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => Self::Refused(code(&text)),
            Error::NotFound { .. } => Self::Missing(code(&text)),
            Error::AlreadyExists { .. } => Self::Taken,
            _ => Self::by_cause(error, &text),
        }
    }

    fn by_cause(error: &Error, text: &str) -> Self {
        let mut cause = std::error::Error::source(error);
        while let Some(inner) = cause {
            if inner.is::<HttpError>() {
                return Self::Unreached(Obstacle::of(inner));
            }
            if let Some(fault) = inner.downcast_ref::<io::Error>() {
                return Self::Unwritable(fault.kind());
            }
            cause = inner.source();
        }
        match status(text) {
            Some(status @ (408 | 423 | 425 | 429 | 500..)) => Self::Failing(status),
            Some(_) => Self::Misaddressed(code(text)),
            // What an answer without an address to go to means: the bucket is in another region.
            None if text.contains("redirect without LOCATION") => Self::Misaddressed(None),
            None => Self::Unknown,
        }
    }

    /// Whether it may be over after a while, without anybody changing anything.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Refused(_)
            | Self::Missing(_)
            | Self::Misaddressed(_)
            | Self::Unreached(Obstacle::Untrusted(_)) => false,
            Self::Unwritable(kind) => !matches!(
                kind,
                io::ErrorKind::PermissionDenied
                    | io::ErrorKind::NotFound
                    | io::ErrorKind::NotADirectory
                    | io::ErrorKind::ReadOnlyFilesystem
                    | io::ErrorKind::InvalidInput
                    | io::ErrorKind::InvalidFilename
            ),
            Self::Taken | Self::Failing(_) | Self::Unreached(_) | Self::Unknown => true,
        }
    }

    /// The failure of what was being done.
    pub(super) fn into_failure(self, doing: &str, place: &Place) -> Failure {
        let (kind, advice) = if self.may_pass() {
            (Kind::Unavailable, "Run it again later; if it happens again: ")
        } else {
            (Kind::Configuration, "")
        };
        let way = match self {
            Self::Unreached(obstacle) if !obstacle.advice().is_empty() => format!("{} ", obstacle.advice()),
            _ => String::new(),
        };
        let message = format!(
            "object_storage_config: could not {doing}: {place}: {self}. {advice}{way}{}",
            place.advice
        );
        Failure::new(kind, message)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (text, code) = match self {
            Self::Refused(code) => ("access is refused", code.as_deref()),
            Self::Missing(code) => ("it does not exist", code.as_deref()),
            Self::Misaddressed(code) => ("the request is not understood there", code.as_deref()),
            Self::Unwritable(kind) => return write!(formatter, "{kind}"),
            Self::Taken => ("every name is taken", None),
            Self::Failing(status) => return write!(formatter, "it answers with status {status}"),
            Self::Unreached(obstacle) => return write!(formatter, "{obstacle}"),
            Self::Unknown => ("it fails for an unknown reason", None),
        };
        formatter.write_str(text)?;
        code.map_or(Ok(()), |code| write!(formatter, " ({code})"))
    }
}

/// The status in the library's words `... status code: 403 Forbidden: ...`.
fn status(text: &str) -> Option<u16> {
    text.split_once("status code: ").and_then(|(_, rest)| rest.get(..3)?.parse().ok())
}

/// The storage's code in its answer `<Code>NoSuchBucket</Code>`: letters and digits, nothing of anybody's data.
fn code(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    (code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_alphanumeric())).then(|| code.to_owned())
}
