//! Lines that wait to be stored, by stream.

use crate::config::storage::FileFormat;
use crate::engine::ledger::StreamIndex;
use crate::engine::record::Body;
use crate::engine::rejection::Rejection;
use crate::protocol::StreamDescriptor;

use super::format::{self, Entry};
use super::identity::{SyncId, uuid};

/// Bytes at which what waits has to be stored: enough for files that are worth opening, little enough for a container
/// of 64 MiB, in which a second lot gathers while the first is on its way.
pub const FULL: usize = 4 << 20;

/// The content of one file.
#[derive(Debug, PartialEq, Eq)]
pub struct Lot {
    /// The stream whose records they are.
    pub stream: StreamDescriptor,
    /// Header and lines.
    pub lines: Vec<u8>,
}

/// Lines that wait, one lot for each stream.
#[derive(Debug)]
pub struct Pending {
    format: FileFormat,
    sync_id: SyncId,
    chance: fastrand::Rng,
    streams: Vec<Waiting>,
    bytes: usize,
}

#[derive(Debug)]
struct Waiting {
    descriptor: StreamDescriptor,
    generation_id: i64,
    flattened: Vec<String>,
    lines: Vec<u8>,
}

impl Pending {
    /// Nothing yet, of no stream; the seed is for the ids of the lines.
    #[must_use]
    pub fn new(format: FileFormat, sync_id: SyncId, seed: u64) -> Self {
        Self { format, sync_id, chance: fastrand::Rng::with_seed(seed), streams: Vec::new(), bytes: 0 }
    }

    /// Adds a stream with the columns it declares; streams are numbered in the order they are added.
    pub fn add_stream<'a>(
        &mut self,
        descriptor: StreamDescriptor,
        generation_id: Option<i64>,
        columns: impl Iterator<Item = &'a str>,
    ) {
        let flattened = format::flattened_columns(&self.format, columns);
        let generation_id = generation_id.unwrap_or(0);
        self.streams.push(Waiting { descriptor, generation_id, flattened, lines: Vec::new() });
    }

    /// Adds a rejected record.
    pub fn append(&mut self, stream: StreamIndex, body: &Body, rejection: &Rejection) {
        let raw_id = uuid(&mut self.chance);
        let Waiting { generation_id, flattened, lines, .. } = &mut self.streams[stream.0 as usize];
        let before = lines.len();
        if lines.is_empty() {
            format::append_header(lines, &self.format, flattened);
        }
        let entry =
            Entry { raw_id: &raw_id, generation_id: *generation_id, sync_id: &self.sync_id, body, rejection };
        format::append(lines, &self.format, flattened, entry);
        self.bytes += lines.len() - before;
    }

    /// Bytes that wait.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes what waits; streams without lines give none.
    pub fn take(&mut self) -> Vec<Lot> {
        self.bytes = 0;
        let full = self.streams.iter_mut().filter(|stream| !stream.lines.is_empty());
        full.map(|stream| Lot { stream: stream.descriptor.clone(), lines: std::mem::take(&mut stream.lines) })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::storage::Flattening;
    use crate::engine::record::BodyParts;

    #[test]
    fn every_lot_has_its_header_and_bytes_are_counted() {
        let format = FileFormat::Csv { flattening: Flattening::None };
        let mut pending = Pending::new(format, SyncId::new(None, None), 1);
        for name in ["a", "b", "c"] {
            pending.add_stream(StreamDescriptor::new(name, None), None, [].into_iter());
        }
        let body = Body::new(BodyParts { data: "{}", ..BodyParts::default() }, |_| 0);
        let rejection = Rejection::by_connector("INVALID_RECORD", None, "x");
        for round in 0..2 {
            for stream in [0, 2, 0] {
                pending.append(StreamIndex(stream), &body, &rejection);
            }
            let bytes = pending.bytes();
            let lots = pending.take();
            assert_eq!(lots.iter().map(|lot| lot.lines.len()).sum::<usize>(), bytes, "round {round}");
            assert_eq!(pending.bytes(), 0);
            let shapes: Vec<(&str, usize)> = lots
                .iter()
                .map(|lot| {
                    assert!(lot.lines.starts_with(b"_airbyte_raw_id,"));
                    (lot.stream.name.as_str(), lot.lines.iter().filter(|byte| **byte == b'\n').count())
                })
                .collect();
            assert_eq!(shapes, [("a", 3), ("c", 2)]);
        }
        assert!(pending.take().is_empty());
    }
}
