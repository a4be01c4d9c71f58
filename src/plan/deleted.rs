//! Rows that their source has deleted, and what becomes of them.
//!
//! A source that follows a database's log sends a last row for a deleted one: its key, nulls, and the moment in
//! `_ab_cdc_deleted_at` (Airbyte's documentation of change data capture). Written like any other it would make or empty
//! the record that was to go. Whether a row is one is seen in the row itself, whatever the catalog declares and the
//! settings map.

use super::shape::Shaper;
use super::{Plan, Shaping};
use crate::config::{DeletedRows, StreamSettings};
use crate::engine::rejection::Rejection;
use crate::error::{Failure, Kind};
use crate::json::{Layout, Object};
use crate::plan::target::TargetName;
use crate::protocol::StreamDescriptor;

/// The column that says when a row was deleted; null where it was not.
pub const DELETED_AT: &str = "_ab_cdc_deleted_at";

/// What is done with a row.
#[derive(Debug)]
pub enum Row<'a> {
    /// What the stream does with each.
    Ordinary,
    /// It is shaped by this instead: its record is archived.
    Archived(&'a mut Shaping),
    /// Nothing: it is accepted as it came.
    Skipped,
    /// It is rejected.
    Rejected(Rejection),
}

/// Tells the deleted rows of one stream from the others; by default all are treated alike.
#[derive(Debug, Default)]
pub struct DeletedRowsOf {
    becomes: Becomes,
    place: Option<KnownPlace>,
    /// What the user is told when the first one is skipped.
    untold: Option<String>,
}

#[derive(Debug, Default)]
enum Becomes {
    #[default]
    Ordinary,
    Archived(Box<Shaping>),
    Skipped,
    Rejected,
}

/// Where the column stands in the rows of a layout: it need not be looked for in each.
#[derive(Clone, Copy, Debug)]
struct KnownPlace {
    layout: Layout,
    /// Members of the row it was looked for in: a longer one may have it further on.
    length: usize,
    place: Option<usize>,
}

impl DeletedRowsOf {
    /// As chosen for the stream of a plan. What takes records away itself takes these rows like any other.
    ///
    /// # Errors
    /// A configuration failure where they are to be archived by the stream's own settings, and it has nothing to archive.
    pub fn new(plan: &Plan, settings: Option<&StreamSettings>, of_all: DeletedRows) -> Result<Self, Failure> {
        let chosen = settings.and_then(|settings| settings.deleted_rows);
        let becomes = match chosen.unwrap_or(of_all) {
            _ if plan.takes_away() => Becomes::Ordinary,
            DeletedRows::Write => Becomes::Ordinary,
            DeletedRows::Skip => Becomes::Skipped,
            DeletedRows::Reject => Becomes::Rejected,
            DeletedRows::Archive => match plan.shaping.archiving() {
                Some(shaper) => Becomes::Archived(Box::new(Shaping::Objects(Box::new(shaper)))),
                None if chosen.is_some() => {
                    let failure = Failure::new(Kind::Configuration, NOTHING_TO_ARCHIVE);
                    return Err(failure.of_stream(&plan.descriptor));
                }
                None => Becomes::Skipped,
            },
        };
        let untold = matches!(becomes, Becomes::Skipped).then(|| told(&plan.descriptor));
        Ok(Self { becomes, place: None, untold })
    }

    /// Says what is done with a row.
    pub fn row(&mut self, data: Object<'_>) -> Row<'_> {
        if matches!(self.becomes, Becomes::Ordinary) || !self.is_deleted(data) {
            return Row::Ordinary;
        }
        match &mut self.becomes {
            Becomes::Ordinary => Row::Ordinary,
            Becomes::Archived(shaping) => Row::Archived(shaping),
            Becomes::Skipped => Row::Skipped,
            Becomes::Rejected => Row::Rejected(rejection()),
        }
    }

    /// What the user should be told now that a row was skipped: something for the first one.
    pub fn take_notice(&mut self) -> Option<String> {
        self.untold.take()
    }

    fn is_deleted(&mut self, data: Object<'_>) -> bool {
        let length = data.known_length();
        if let (Some(known), Some(layout), Some(length)) = (self.place, data.layout(), length)
            && known.layout == layout
            && length <= known.length
        {
            return known.place.and_then(|place| data.value(place)).is_some_and(|value| !value.is_null());
        }
        let (mut number, mut place, mut is_deleted) = (0, None, false);
        let walked = data.members(|name, value| {
            if name == DELETED_AT {
                // Of a member that comes twice the last one counts.
                (place, is_deleted) = (Some(number), !value.is_null());
            }
            number += 1;
        });
        self.place = match (walked, data.layout(), length) {
            (Ok(()), Some(layout), Some(length)) => Some(KnownPlace { layout, length, place }),
            _ => None,
        };
        // What is no object is rejected as that.
        is_deleted && walked.is_ok()
    }
}

const NOTHING_TO_ARCHIVE: &str = "\"deleted_rows\" is \"archive\", and the stream has no records to archive: only one \
                                  that upserts or updates records of an object has. Choose \"skip\", \"reject\" or \
                                  \"write\".";

/// Refuses settings by which rows are to be archived where there never is anything to archive.
///
/// # Errors
/// A configuration failure that says which choices there are.
pub fn refuse_archiving(target: TargetName<'_>, settings: &StreamSettings) -> Result<(), Failure> {
    let archives = settings.deleted_rows == Some(DeletedRows::Archive);
    let inserts = settings.operation == Some(crate::config::Operation::Insert);
    if archives && (inserts || !matches!(target, TargetName::Object(_))) {
        return Err(Failure::new(Kind::Configuration, NOTHING_TO_ARCHIVE));
    }
    Ok(())
}

fn told(stream: &StreamDescriptor) -> String {
    format!(
        "Stream \"{stream}\" holds rows that its source has deleted ({DELETED_AT}): they are skipped, and nothing changes in \
         HubSpot. Set \"deleted_rows\" to have them archived, rejected, or written like any other."
    )
}

fn rejection() -> Rejection {
    let message = format!("{DELETED_AT}: the source has deleted this row, and such rows are to be rejected.");
    Rejection::by_connector("DELETED_ROW", Some(DELETED_AT), message)
}

impl Plan {
    /// Whether the stream takes records away, so that a deleted row is a row like any other.
    fn takes_away(&self) -> bool {
        match &self.shaping {
            Shaping::Members(shaper) => shaper.takes_off(),
            Shaping::NamedLists(shaper) => shaper.takes_off(),
            Shaping::Objects(_) | Shaping::Associations(_) | Shaping::Events(_) | Shaping::Audiences(_) => {
                self.target.operation.takes_away()
            }
        }
    }
}

impl Shaping {
    /// What shapes rows whose records are archived, in a stream that has such.
    fn archiving(&self) -> Option<Shaper> {
        match self {
            Self::Objects(shaper) => shaper.archiving(),
            // An audience is a property of contacts: who leaves it stays a contact.
            Self::Audiences(_)
            | Self::Members(_)
            | Self::Associations(_)
            | Self::NamedLists(_)
            | Self::Events(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
