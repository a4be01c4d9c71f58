//! Bytes to lines: finds the line ends in what one read of stdin returned, without copying whole lines.

/// Longest line that is accepted, in bytes, its newline excluded.
///
/// The platform only warns above 20 MB; 64 MiB is this connector's own bound (it keeps memory bounded).
pub const MAX_LINE_BYTES: usize = 64 * 1024 * 1024;

/// A line longer than [`MAX_LINE_BYTES`]; nothing after it can be trusted to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineTooLong {
    /// Number of the line, from 1.
    pub number: u64,
}

/// A complete line of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Number of the line, from 1.
    pub number: u64,
    /// Its bytes without the line end (`\n` or `\r\n`).
    pub bytes: &'a [u8],
}

/// Cuts a byte stream into lines; holds only the unfinished last line between reads.
#[derive(Debug, Default)]
pub struct LineSplitter {
    unfinished: Vec<u8>,
    number: u64,
}

impl LineSplitter {
    /// Feeds what one read returned and calls `each` for every line completed by it, in order.
    ///
    /// # Errors
    /// [`LineTooLong`] when a line exceeds [`MAX_LINE_BYTES`]; the lines before it have been delivered.
    pub fn feed(&mut self, read: &[u8], mut each: impl FnMut(Line<'_>)) -> Result<(), LineTooLong> {
        let mut rest = read;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (head, tail) = (&rest[..end], &rest[end + 1..]);
            self.number += 1;
            let number = self.number;
            if self.unfinished.is_empty() {
                check_length(head.len(), number)?;
                each(Line { number, bytes: without_carriage_return(head) });
            } else {
                check_length(self.unfinished.len() + head.len(), number)?;
                self.unfinished.extend_from_slice(head);
                each(Line { number, bytes: without_carriage_return(&self.unfinished) });
                // A single huge line must not pin its memory for the rest of the sync.
                if self.unfinished.capacity() > 1 << 20 {
                    self.unfinished = Vec::new();
                } else {
                    self.unfinished.clear();
                }
            }
            rest = tail;
        }
        check_length(self.unfinished.len() + rest.len(), self.number + 1)?;
        self.unfinished.extend_from_slice(rest);
        Ok(())
    }

    /// The last line, when the input ended without a line end; `None` when it ended cleanly.
    #[must_use]
    pub fn unterminated(&self) -> Option<Line<'_>> {
        let bytes = without_carriage_return(&self.unfinished);
        (!bytes.is_empty()).then_some(Line { number: self.number + 1, bytes })
    }
}

fn check_length(length: usize, number: u64) -> Result<(), LineTooLong> {
    if length > MAX_LINE_BYTES { Err(LineTooLong { number }) } else { Ok(()) }
}

fn without_carriage_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The lines with their numbers, and what is left without a line end.
    type Lines = (Vec<(u64, Vec<u8>)>, Option<Vec<u8>>);

    fn lines_of(reads: &[&[u8]]) -> Lines {
        let mut splitter = LineSplitter::default();
        let mut lines = Vec::new();
        for read in reads {
            splitter.feed(read, |line| lines.push((line.number, line.bytes.to_vec()))).unwrap();
        }
        (lines, splitter.unterminated().map(|line| line.bytes.to_vec()))
    }

    #[test]
    fn lines_may_span_reads() {
        let (lines, rest) = lines_of(&[b"a\nb", b"c\r\n", b"\n", b"tail"]);
        assert_eq!(lines, [(1, b"a".to_vec()), (2, b"bc".to_vec()), (3, b"".to_vec())]);
        assert_eq!(rest, Some(b"tail".to_vec()));
    }

    #[test]
    fn an_overlong_line_is_refused_before_it_is_held() {
        let mut splitter = LineSplitter::default();
        let half = vec![b'x'; MAX_LINE_BYTES / 2 + 1];
        splitter.feed(b"ok\n", |_| ()).unwrap();
        splitter.feed(&half, |_| ()).unwrap();
        assert_eq!(splitter.feed(&half, |_| ()), Err(LineTooLong { number: 2 }));
        assert!(splitter.unfinished.len() <= MAX_LINE_BYTES);
    }

    proptest! {
        #[test]
        fn splitting_does_not_depend_on_the_reads(text in "[ab\\n]{0,60}", cuts in prop::collection::vec(0usize..60, 0..6)) {
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.sort_unstable();
            let mut reads = Vec::new();
            let mut from = 0;
            for cut in cuts {
                reads.push(&bytes[from..cut]);
                from = cut;
            }
            reads.push(&bytes[from..]);
            prop_assert_eq!(lines_of(&reads), lines_of(&[bytes]));
        }
    }
}
