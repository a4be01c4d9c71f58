//! What a stream's user is told of its columns: each thing once, and no more things than somebody reads.

use std::borrow::Cow;

use crate::protocol::StreamDescriptor;

/// Something about a stream's columns that the user should be told once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// As it should be, and good to know.
    Told(String),
    /// Values are left out.
    Warned(String),
}

/// Things that are told one by one beside those about declared columns; the rest is told in sum. Names that only records
/// bring may be as many as there are records.
const MOST_TOLD: usize = 100;
/// Characters of a column's name that are told.
pub const LONGEST_SHOWN: usize = 200;

/// What is to be told of one stream.
#[derive(Clone, Debug)]
pub struct Notices {
    stream: StreamDescriptor,
    /// How many more are told one by one.
    left: usize,
    is_summed_up: bool,
    queue: Vec<Notice>,
}

impl Notices {
    /// Nothing yet, of a stream that declares so many columns.
    #[must_use]
    pub fn new(stream: &StreamDescriptor, declared: usize) -> Self {
        Self { stream: stream.clone(), left: declared + MOST_TOLD, is_summed_up: false, queue: Vec::new() }
    }

    /// Tells one more thing.
    pub fn tell(&mut self, notice: Notice) {
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            self.queue.push(notice);
        } else if !self.is_summed_up {
            self.is_summed_up = true;
            self.queue.push(Notice::Warned(format!(
                "Stream \"{}\" brings more columns that it does not declare than are told one by one: of those that follow, \
                 what HubSpot has no property for is not sent either, and nothing more is said of it.",
                self.stream
            )));
        }
    }

    /// Takes what is to be told by now.
    pub fn take(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.queue)
    }
}

/// A column's name as it is told, which may be cut.
#[must_use]
pub fn shown(column: &str) -> Cow<'_, str> {
    match column.char_indices().nth(LONGEST_SHOWN) {
        Some((end, _)) => Cow::Owned(format!("{}...", &column[..end])),
        None => Cow::Borrowed(column),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_a_bound_things_are_told_in_sum_once() {
        let mut notices = Notices::new(&StreamDescriptor::new("s", None), 3);
        for number in 0..10_000 {
            notices.tell(Notice::Told(number.to_string()));
        }
        let told = notices.take();
        assert_eq!(told.len(), MOST_TOLD + 3 + 1);
        assert!(matches!(&told[MOST_TOLD + 3], Notice::Warned(sum) if sum.contains("\"s\"")));
        notices.tell(Notice::Told("later".to_owned()));
        assert!(notices.take().is_empty());
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        assert_eq!(shown("née"), "née");
        assert_eq!(shown(&"é".repeat(1_000_000)).chars().count(), LONGEST_SHOWN + 3);
    }
}
