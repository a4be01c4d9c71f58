//! A column that a record brings first: what becomes of it beside those that were met before.

use super::{Column, Notice, Progress, Shaper};
use crate::json::Raw;
use crate::plan::columns::{ColumnUse, Found, WhyLeftOut};
use crate::plan::nested;
use crate::plan::notices::shown;
use crate::plan::refusal::refused;
use crate::plan::stream::{left_out_notice, two_columns};

impl Shaper {
    /// Meets a column that is not remembered, and remembers it unless it leads nowhere and there are too many of those.
    ///
    /// # Errors
    /// What it becomes, where it is not remembered.
    pub(super) fn meet(
        &mut self,
        name: &str,
        within: Option<&str>,
        progress: &mut Progress<'_>,
    ) -> Result<usize, Box<Column>> {
        let column = self.plan.columns.column(name);
        let column = self.beside_others(name, column, within, progress);
        // Whether one that opens has a value of its own is seen later.
        if !column.opens {
            self.tell_if_left_out(name, &column);
        }
        let property = column.property.clone().filter(|_| column.is_sent());
        if let Some(property) = property.as_deref().filter(|_| column.renamed && !column.opens) {
            let (name, stream) = (shown(name), &self.plan.descriptor);
            let text =
                format!("Column \"{name}\" of stream \"{stream}\" is written to the property {property}.");
            self.notices.tell(Notice::Told(text));
        }
        // What only may be sent one day is as good as what leads nowhere: nobody knows how many there are.
        let leads_somewhere = column.opens
            || self.plan.associations.iter().any(|plan| plan.column == name)
            || matches!(column.becomes, ColumnUse::Key | ColumnUse::SentKey(_) | ColumnUse::Property(_));
        if leads_somewhere {
            return Ok(self.columns.add(name, column, property.as_deref()));
        }
        self.columns.try_add(name, column, property.as_deref()).map_err(Box::new)
    }

    /// Takes a value of a column that is not remembered: it leads nowhere, but it may reject the record or ask for a
    /// property.
    #[cold]
    pub(super) fn pass(
        &mut self,
        name: &str,
        stranger: &Column,
        value: Raw<'_>,
        progress: &mut Progress<'_>,
    ) {
        progress.has_strangers = true;
        if progress.rejection.is_some() || progress.nulled.contains(name) {
            return;
        }
        match &stranger.becomes {
            ColumnUse::Missing => progress.miss(name, value),
            ColumnUse::Refused(why) if !value.is_null() => progress.rejection = Some(refused(*why, name)),
            ColumnUse::Second(first) if !value.is_null() => {
                let property = stranger.property.as_deref().unwrap_or_default();
                progress.rejection = Some(two_columns(first, &shown(name), property));
            }
            ColumnUse::Refused(_)
            | ColumnUse::Second(_)
            | ColumnUse::LeftOut(_)
            | ColumnUse::Property(_)
            | ColumnUse::Key
            | ColumnUse::SentKey(_) => {}
        }
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
        let twin = column.property.as_deref().filter(|_| column.is_sent());
        let Some(twin) = twin.and_then(|property| self.columns.writer(property)) else { return column };
        let (first, known) = self.columns.at(twin);
        // An object is never sent beside its own members.
        if within.is_some() && nested::is_inside(name, first) {
            return column;
        }
        match (column.found, known.found) {
            (Found::Guessed, _) => column.yielded(),
            (Found::Named, Found::Guessed) => {
                let (first, yielded) = (first.clone(), known.yielded());
                self.tell_if_left_out(&first, &yielded);
                self.columns.at_mut(twin).1 = yielded;
                progress.is_overtaken = true;
                column
            }
            (Found::Named, Found::Named) => {
                Column { becomes: ColumnUse::Second(first.as_str().into()), ..column }
            }
        }
    }

    /// Says that a column is left out, where it is.
    pub(super) fn tell_if_left_out(&mut self, name: &str, column: &Column) {
        if let ColumnUse::LeftOut(why) = column.becomes {
            self.tell_left_out(name, why);
        }
    }

    /// Says why a column is left out.
    pub(super) fn tell_left_out(&mut self, name: &str, why: WhyLeftOut) {
        let notice = left_out_notice(&self.plan.descriptor, &shown(name), why, &self.plan.object.name);
        if let Some(text) = notice {
            self.notices.tell(Notice::Warned(text));
        }
    }
}
