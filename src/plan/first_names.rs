//! Names that become one in HubSpot: which of them a sync met first, whichever stream named it.
//!
//! `C++ users` and `C# users` make one property, `VIP` and `vip` are one list. What the first name wrote is not the
//! other's to overwrite, so the later one's records are refused. What is remembered is bounded.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use super::notices::{Notice, shown};
use crate::protocol::StreamDescriptor;

/// Bytes that the names of one kind may take: some ten thousand of them.
const MOST_BYTES: usize = 2 << 20;
/// About what a name takes beside its texts.
const BESIDE: usize = 96;

/// The first names of everything of one kind that the records of a sync name. Clones share them.
#[derive(Clone, Debug)]
pub struct FirstNames {
    held: Arc<Mutex<Held>>,
    /// What two spellings of one name have in common, and no other name has.
    identity: fn(&str) -> String,
}

#[derive(Debug, Default)]
struct Held {
    names: HashMap<String, FirstName>,
    bytes: usize,
    has_told: bool,
}

/// A name, as much of it as it takes to know it again and to tell it.
#[derive(Debug)]
struct FirstName {
    shown: Box<str>,
    identity: u64,
}

/// What comes of naming something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Naming {
    /// It is this name's.
    Own,
    /// It is another name's, which came first.
    Taken {
        /// The other name, shortened where it is long.
        by: Box<str>,
    },
    /// There is no room left to remember it: another name may stand for the same.
    Forgotten,
}

impl FirstNames {
    /// Of audiences: letter case and blanks do not tell two of them apart.
    #[must_use]
    pub fn of_audiences() -> Self {
        Self { held: Arc::default(), identity: without_case_and_blanks }
    }

    /// Of lists, whose names HubSpot compares without regard to letter case and outer blanks: every spelling is a name of
    /// its own.
    #[must_use]
    pub fn of_lists() -> Self {
        Self { held: Arc::default(), identity: str::to_owned }
    }

    /// Notes that `name` stands for `meaning`, unless another name does.
    #[must_use]
    pub fn claim(&self, meaning: &str, name: &str) -> Naming {
        let identity = hash(&(self.identity)(name));
        // What a panicking thread leaves behind is whole: each entry is put in at once.
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(first) = held.names.get(meaning) {
            let is_same = first.identity == identity;
            return if is_same { Naming::Own } else { Naming::Taken { by: first.shown.clone() } };
        }
        let shown = shown(name);
        let bytes = meaning.len() + shown.len() + BESIDE;
        if held.bytes + bytes > MOST_BYTES {
            return Naming::Forgotten;
        }
        held.bytes += bytes;
        held.names.insert(meaning.to_owned(), FirstName { shown: shown.into(), identity });
        Naming::Own
    }

    /// The word, once a sync, that not every name is remembered.
    #[must_use]
    pub fn told_of_forgetting(&self, stream: &StreamDescriptor) -> Option<Notice> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        (!std::mem::replace(&mut held.has_told, true)).then(|| {
            Notice::Warned(format!(
                "Stream \"{stream}\" holds too many names to remember all of them: of those that came last, two that stand \
                 for one thing in HubSpot are not told apart."
            ))
        })
    }
}

/// A name without what people do not see as a difference.
#[must_use]
pub fn without_case_and_blanks(name: &str) -> String {
    name.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(by: &str) -> Naming {
        Naming::Taken { by: by.into() }
    }

    #[test]
    fn the_first_name_of_a_property_keeps_it_in_every_stream() {
        let names = FirstNames::of_audiences();
        let other_stream = names.clone();
        assert_eq!(names.claim("c_users", "C++ users"), Naming::Own);
        for name in ["C++ users", "c++  USERS", " C++users "] {
            assert_eq!(other_stream.claim("c_users", name), Naming::Own, "{name}");
        }
        for name in ["C# users", "c_users", "C users"] {
            assert_eq!(other_stream.claim("c_users", name), taken("C++ users"), "{name}");
        }
        assert_eq!(other_stream.claim("d_users", "D users"), Naming::Own);
    }

    #[test]
    fn every_spelling_of_a_lists_name_is_one() {
        let names = FirstNames::of_lists();
        assert_eq!(names.claim("vip", "VIP"), Naming::Own);
        assert_eq!(names.claim("vip", "VIP"), Naming::Own);
        for name in ["vip", " VIP", "VIP "] {
            assert_eq!(names.claim("vip", name), taken("VIP"), "{name}");
        }
    }

    #[test]
    fn long_names_are_known_whole_and_shown_in_part() {
        let names = FirstNames::of_audiences();
        let long = "x".repeat(5_000);
        assert_eq!(names.claim("x", &long), Naming::Own);
        assert_eq!(names.claim("x", &long), Naming::Own);
        let Naming::Taken { by } = names.claim("x", &format!("{long}y")) else { panic!("another name") };
        assert_eq!(by.chars().count(), super::super::notices::LONGEST_SHOWN + 3);
    }

    #[test]
    fn what_is_remembered_is_bounded_and_that_is_told_once() {
        let names = FirstNames::of_lists();
        let met = (0..100_000).map(|number| names.claim(&number.to_string(), "n"));
        let forgotten = met.filter(|naming| *naming == Naming::Forgotten).count();
        assert!((50_000..100_000).contains(&forgotten), "{forgotten}");
        assert_eq!(names.claim("0", "m"), taken("n"), "what came first stays");
        let stream = StreamDescriptor::new("s", None);
        assert!(names.told_of_forgetting(&stream).is_some());
        assert!(names.clone().told_of_forgetting(&stream).is_none());
    }
}
