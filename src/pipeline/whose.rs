//! Which stream a message belongs to.
//!
//! A stream is known by name and namespace. What comes without a namespace belongs to the only stream of that name in the
//! catalog: PyAirbyte's cached path drops namespaces on records and keeps them in states
//! (airbyte/_message_iterators.py).
//!
//! **Invariant (bounded).** Streams that only the input names are remembered up to a number and a sum of bytes; all
//! further ones count as one.

use std::collections::{HashMap, HashSet};

use crate::engine::ledger::StreamIndex;
use crate::protocol::StreamDescriptor;

/// Streams outside the catalog that are remembered, and the bytes their names may have in all.
const MOST_STRANGERS: usize = 500;
const MOST_BYTES: usize = 256 << 10;
/// What streams beyond that are called together, where they need a name.
const OTHERS: &str = "other_unknown_streams";

/// The streams of a sync, as messages name them.
#[derive(Debug)]
pub struct Streams {
    /// Those of the catalog, in the order of their numbers.
    catalog: Vec<StreamDescriptor>,
    numbers: HashMap<StreamDescriptor, StreamIndex>,
    /// Those of the catalog that share a name.
    namesakes: HashMap<String, Vec<StreamIndex>>,
    /// Those of the catalog of which a record has come.
    have_records: HashSet<StreamIndex>,
    strangers: usize,
    bytes: usize,
    others: Option<StreamIndex>,
}

/// Where a message belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whose {
    /// Its stream.
    pub stream: StreamIndex,
    /// Whether the stream has just been met.
    pub is_met: bool,
}

impl Streams {
    /// The catalog's, numbered in their order.
    #[must_use]
    pub fn new(catalog: Vec<StreamDescriptor>) -> Self {
        let mut namesakes: HashMap<String, Vec<StreamIndex>> = HashMap::new();
        let mut numbers = HashMap::new();
        for (place, stream) in catalog.iter().enumerate() {
            let number = number(place);
            numbers.insert(stream.clone(), number);
            namesakes.entry(stream.name.clone()).or_default().push(number);
        }
        Self {
            catalog,
            numbers,
            namesakes,
            have_records: HashSet::new(),
            strangers: 0,
            bytes: 0,
            others: None,
        }
    }

    /// The stream of the catalog that a message means.
    #[must_use]
    pub fn of_catalog(&self, named: &StreamDescriptor) -> Option<StreamIndex> {
        let known = self.numbers.get(named).copied().filter(|stream| self.is_in_catalog(*stream));
        known.or_else(|| match self.namesakes(named) {
            [only] if named.namespace.is_none() => Some(*only),
            _ => None,
        })
    }

    /// The stream that a message means; one that the catalog does not have is numbered when it is first met.
    pub fn find(&mut self, named: &StreamDescriptor) -> Whose {
        let known = self.of_catalog(named).or_else(|| self.numbers.get(named).copied());
        if let Some(stream) = known {
            return Whose { stream, is_met: false };
        }
        let length = named.name.len() + named.namespace.as_ref().map_or(0, String::len);
        if self.strangers < MOST_STRANGERS && self.bytes + length <= MOST_BYTES {
            let stream = self.next();
            self.bytes += length;
            self.numbers.insert(named.clone(), stream);
            return Whose { stream, is_met: true };
        }
        match self.others {
            Some(stream) => Whose { stream, is_met: false },
            None => {
                let stream = self.next();
                self.others = Some(stream);
                Whose { stream, is_met: true }
            }
        }
    }

    fn next(&mut self) -> StreamIndex {
        self.strangers += 1;
        number(self.catalog.len() + self.strangers - 1)
    }

    /// What a stream is called where it needs one name: `named` is what the message calls it.
    #[must_use]
    pub fn name(&self, stream: StreamIndex, named: &StreamDescriptor) -> StreamDescriptor {
        match self.catalog.get(stream.0 as usize) {
            Some(known) => known.clone(),
            None if self.others == Some(stream) => StreamDescriptor::new(OTHERS, None),
            None => named.clone(),
        }
    }

    /// Notes that a record has come of a stream.
    pub fn has_record(&mut self, stream: StreamIndex) {
        if self.is_in_catalog(stream) {
            self.have_records.insert(stream);
        }
    }

    /// Streams of the catalog that a record of a stranger may have been meant for: they share its name, and no record of
    /// them has come.
    #[must_use]
    pub fn meant(&self, stranger: &StreamDescriptor) -> Vec<StreamIndex> {
        let without = |stream: &&StreamIndex| !self.have_records.contains(*stream);
        self.namesakes(stranger).iter().filter(without).copied().collect()
    }

    /// A stream of the catalog.
    #[must_use]
    pub fn descriptor(&self, stream: StreamIndex) -> Option<&StreamDescriptor> {
        self.catalog.get(stream.0 as usize)
    }

    /// Whether it is a stream of the catalog.
    #[must_use]
    pub fn is_in_catalog(&self, stream: StreamIndex) -> bool {
        (stream.0 as usize) < self.catalog.len()
    }

    /// Streams outside the catalog that were met, and whether there were more than that.
    #[must_use]
    pub fn strangers(&self) -> (usize, bool) {
        (self.strangers - usize::from(self.others.is_some()), self.others.is_some())
    }

    fn namesakes(&self, named: &StreamDescriptor) -> &[StreamIndex] {
        self.namesakes.get(&named.name).map(Vec::as_slice).unwrap_or_default()
    }
}

fn number(place: usize) -> StreamIndex {
    StreamIndex(u32::try_from(place).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, namespace: Option<&str>) -> StreamDescriptor {
        StreamDescriptor::new(name, namespace)
    }

    fn streams() -> Streams {
        let catalog = [
            ("only", Some("ns")),
            ("two", Some("a")),
            ("two", Some("b")),
            ("both", None),
            ("both", Some("ns")),
        ];
        Streams::new(catalog.map(|(name, namespace)| named(name, namespace)).into())
    }

    #[test]
    fn what_comes_without_a_namespace_belongs_to_the_only_stream_of_that_name() {
        let mut streams = streams();
        for (name, namespace, expected) in [
            ("only", None, Some(0)),
            ("only", Some("ns"), Some(0)),
            ("only", Some("other"), None),
            ("two", None, None),
            ("two", Some("b"), Some(2)),
            ("both", None, Some(3)),
            ("both", Some("ns"), Some(4)),
            ("nobody", None, None),
        ] {
            let named = named(name, namespace);
            let expected = expected.map(StreamIndex);
            assert_eq!(streams.of_catalog(&named), expected, "{named}");
            let found = streams.find(&named);
            assert_eq!(found.is_met, expected.is_none(), "{named}");
            assert_eq!(Some(found.stream).filter(|stream| streams.is_in_catalog(*stream)), expected);
            assert_eq!(streams.find(&named), Whose { is_met: false, ..found });
            assert_eq!(streams.of_catalog(&named), expected, "{named} was met meanwhile");
        }
        assert_eq!(streams.strangers(), (3, false));
    }

    #[test]
    fn a_stranger_may_be_meant_for_namesakes_of_which_nothing_has_come() {
        let mut streams = streams();
        let two = named("two", None);
        assert_eq!(streams.meant(&two), [StreamIndex(1), StreamIndex(2)]);
        streams.has_record(StreamIndex(1));
        assert_eq!(streams.meant(&two), [StreamIndex(2)]);
        assert_eq!(streams.meant(&named("nobody", None)), []);
    }

    #[test]
    fn strangers_are_remembered_within_bounds() {
        let mut streams = streams();
        for number in 0..3 * MOST_STRANGERS {
            streams.find(&named(&format!("s{number}"), None));
        }
        assert_eq!(
            (streams.strangers(), streams.numbers.len()),
            ((MOST_STRANGERS, true), 5 + MOST_STRANGERS)
        );
        let beyond = named("s1400", None);
        let found = streams.find(&beyond);
        assert_eq!(streams.name(found.stream, &beyond), named(OTHERS, None));
        assert_eq!(found.stream, StreamIndex(u32::try_from(5 + MOST_STRANGERS).unwrap()));

        let mut streams = Streams::new(vec![named("x", None)]);
        for number in 0..40 {
            streams.find(&named(&format!("{number}{}", "x".repeat(100_000)), None));
        }
        let (remembered, are_more) = streams.strangers();
        assert!(remembered == 2 && are_more && streams.bytes <= MOST_BYTES);
    }
}
