//! A column that a record brings first: what becomes of it beside those that were met before.

use super::{Column, Notice, Progress, Shaper};
use crate::plan::columns::{ColumnUse, Found, WhyLeftOut};
use crate::plan::nested;
use crate::plan::stream::left_out_notice;

impl Shaper {
    /// Finds a column, or meets it for the first time.
    pub(super) fn place_of(
        &mut self,
        name: &str,
        within: Option<&str>,
        progress: &mut Progress<'_>,
    ) -> usize {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        let column = self.plan.columns.column(name);
        let column = self.beside_others(name, column, within, progress);
        // Whether one that opens has a value of its own is seen later.
        if !column.opens {
            self.tell_if_left_out(name, &column);
        }
        let stream = &self.plan.descriptor;
        if column.renamed && column.is_sent() && !column.opens {
            let property = column.property.as_deref().unwrap_or_default();
            let text =
                format!("Column \"{name}\" of stream \"{stream}\" is written to the property {property}.");
            self.notices.push(Notice::Told(text));
        }
        let place = self.columns.len();
        self.columns.push((name.to_owned(), column));
        self.places.insert(name.to_owned(), place);
        place
    }

    /// Of two columns for one property the one that was guessed is left out, and the records of a later one that was not
    /// are refused.
    fn beside_others(
        &mut self,
        name: &str,
        column: Column,
        within: Option<&str>,
        progress: &mut Progress<'_>,
    ) -> Column {
        if !column.is_sent() {
            return column;
        }
        // An object is never sent beside its own members.
        let is_around = |known: &str| within.is_some() && nested::is_inside(name, known);
        let twin = self.columns.iter().position(|(known_name, known)| {
            known.is_sent() && known.property == column.property && !is_around(known_name)
        });
        let Some(twin) = twin else { return column };
        let first = self.columns[twin].0.clone();
        match (column.found, self.columns[twin].1.found) {
            (Found::Guessed, _) => self.yielded(name),
            (Found::Named, Found::Guessed) => {
                let yielded = self.yielded(&first);
                self.tell_if_left_out(&first, &yielded);
                self.columns[twin].1 = yielded;
                progress.is_overtaken = true;
                column
            }
            (Found::Named, Found::Named) => Column { becomes: ColumnUse::Second(first.into()), ..column },
        }
    }

    /// A column that leaves its property to another.
    fn yielded(&mut self, name: &str) -> Column {
        self.plan.columns.yielding.insert(name.to_owned());
        self.plan.columns.column(name)
    }

    /// Says that a column is left out, where it is.
    pub(super) fn tell_if_left_out(&mut self, name: &str, column: &Column) {
        if let ColumnUse::LeftOut(why) = column.becomes {
            self.tell_left_out(name, why);
        }
    }

    /// Says why a column is left out.
    pub(super) fn tell_left_out(&mut self, name: &str, why: WhyLeftOut) {
        let notice = left_out_notice(&self.plan.descriptor, name, why, &self.plan.object.name);
        self.notices.extend(notice.map(Notice::Warned));
    }
}
