//! Owners: the people of a HubSpot account, found by e-mail address.

use std::collections::HashMap;

use super::invalid::Reason;
use super::text::lower_case;

/// Owner ids by e-mail address, in any case.
///
/// Source: HubSpot's owners API (`GET /crm/v3/owners`): a property takes the owner's `id`, not `userId`.
#[derive(Clone, Debug, Default)]
pub struct Owners {
    /// `None` where two owners share the address.
    ids: HashMap<Box<str>, Option<Box<str>>>,
}

impl Owners {
    /// Builds the table from `(e-mail address, owner id)` pairs; blank addresses are left out.
    ///
    /// Give active owners only: an archived one cannot be assigned, and may share a colleague's address.
    pub fn new<'a>(owners: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut ids: HashMap<Box<str>, Option<Box<str>>> = HashMap::new();
        for (email, id) in owners {
            let email = email.trim();
            if email.is_empty() {
                continue;
            }
            ids.entry(lower_case(email).into())
                .and_modify(|known| {
                    if known.as_deref() != Some(id) {
                        *known = None;
                    }
                })
                .or_insert_with(|| Some(id.into()));
        }
        Self { ids }
    }

    pub(super) fn find(&self, email: &str) -> Result<&str, Reason> {
        match self.ids.get(&*lower_case(email)) {
            Some(Some(id)) => Ok(id),
            Some(None) => Err(Reason::AmbiguousOwner),
            None => Err(Reason::UnknownOwner),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_in_any_case_and_never_guessed() {
        let owners = Owners::new([
            ("Ada@Example.com", "11"),
            (" ada@example.com ", "11"),
            ("bob@example.com", "12"),
            ("BOB@example.com", "13"),
            ("", "14"),
        ]);
        assert_eq!(owners.find("ADA@example.com"), Ok("11"));
        assert_eq!(owners.find("bob@example.com"), Err(Reason::AmbiguousOwner));
        assert_eq!(owners.find("eve@example.com"), Err(Reason::UnknownOwner));
        assert_eq!(owners.find(""), Err(Reason::UnknownOwner));
    }
}
