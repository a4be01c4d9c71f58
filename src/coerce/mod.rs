//! Coercion: what a warehouse sends, to what HubSpot takes, or the reason why not.
//!
//! Values stay raw JSON text all the way: nothing is parsed into a tree, numbers never become floats, and
//! a value that already fits is copied byte for byte without an allocation. A rule per property is built
//! once ([`ValueRule`], [`KeyRule`]); applying it is a pure function of the rule and the text.
//!
//! | property | taken | refused |
//! |---|---|---|
//! | text, other kinds | anything, as written; whole numbers without `.0`; arrays as JSON text | over 65,536 characters |
//! | what records are found by, phone number | the one spelling of it (`spelling.rs`) | over 65,536 characters |
//! | `email` of contacts | one address, trimmed | what cannot be one |
//! | `domain` of companies | host names and URLs, as the bare host | |
//! | number | any decimal spelling, exponents written out, as text too | separators, hexadecimal |
//! | bool, single checkbox | true/false, yes/no, y/n, t/f, on/off, 1/0, labels | everything else |
//! | date | `YYYY-MM-DD`, timestamps (the day as written), epochs (`epoch.rs`) | ambiguous numbers |
//! | datetime | the same, as an instant in UTC | ambiguous numbers |
//! | enumeration | an option's value or label, in any case; owners by e-mail | what fits none, or several |
//! | multi-select | the same, as array, `;` or `,` list | one element that does not fit |
//!
//! Blanks and invisible characters around a value are no part of it, but for text. Blank text is [`Coerced::Empty`] for
//! every kind but text, where only `""` is.

mod aliases;
mod blanks;
mod boolean;
mod choices;
mod date;
mod domain;
mod email;
mod enumeration;
mod epoch;
mod invalid;
pub(crate) mod json_text;
mod key;
#[cfg(test)]
mod laws;
mod merge;
mod moment;
mod multi;
mod names;
mod naming;
mod number;
mod object_kind;
#[cfg(test)]
mod oracles;
mod owners;
mod rule;
mod spelling;
#[cfg(test)]
mod testing;
mod text;

pub use date::instant;
pub use invalid::{Invalid, InvalidCode, MAX_CHARACTERS, Reason};
pub use key::{KeyProblem, KeyRule, caseless, caseless_host, key_text, other_spelling};
pub use merge::merge_lists;
pub use multi::Append;
pub use names::{Aliases, NameMatch, is_property_name, normalise, resolve};
pub use naming::{property_label, property_name};
pub use object_kind::ObjectKind;
pub use owners::Owners;
pub use rule::{Role, RuleOptions, ValueRule};
pub use spelling::Figures;

use json_text::Json;

use crate::json::Raw;

/// What became of a value that is not refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coerced {
    /// The value was appended.
    Written,
    /// JSON null: the policy for nulls decides. Nothing was appended.
    Null,
    /// `""`, blank text, or an empty list: the policy for empty strings decides. Nothing was appended.
    Empty,
    /// An empty list for a property whose options are only ever added: leave the property out, whatever
    /// the policies. Nothing was appended.
    Nothing,
}

/// Appends one JSON value, exactly as the sender wrote it, to `out` as the JSON string (quotes included)
/// that HubSpot takes for the property of `rule`.
///
/// `raw` is one well-formed JSON value; text that is not gives an error or nonsense, never a panic.
/// `out` is untouched unless the answer is [`Coerced::Written`]. Coercing what was written once more
/// writes the same again.
///
/// # Errors
/// [`Invalid`], which says why the value is not sent without repeating it.
#[inline]
pub fn coerce<'a>(rule: &ValueRule, raw: impl Into<Raw<'a>>, out: &mut Vec<u8>) -> Result<Coerced, Invalid> {
    let raw = raw.into();
    // Most values are: of 5,100 instructions that a contact's 20 values took, 2,400 went into finding that out slowly.
    if rule.takes_as_written(raw) {
        out.extend_from_slice(raw.text().as_bytes());
        return Ok(Coerced::Written);
    }
    rewrite(rule, raw, out)
}

fn rewrite(rule: &ValueRule, raw: Raw<'_>, out: &mut Vec<u8>) -> Result<Coerced, Invalid> {
    let start = out.len();
    let outcome = Json::of(raw).ok_or(Reason::Malformed).and_then(|value| rule.write(value, out));
    if outcome != Ok(Coerced::Written) {
        out.truncate(start);
    }
    outcome.map_err(Invalid::from)
}
