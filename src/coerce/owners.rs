//! Owners: the people of a HubSpot account, found by e-mail address.
//!
//! Most records name owners by id, or none. So the owners may be unread until the first record names one by address;
//! whoever reads them then tells all who share them.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::blanks::trim;
use super::invalid::Reason;
use super::text::lower_case;

/// Owner ids by e-mail address, in any case.
///
/// Source: HubSpot's owners API (`GET /crm/v3/owners`): a property takes the owner's `id`, not `userId`.
#[derive(Clone, Debug, Default)]
pub struct Owners {
    /// Empty until they have been read, `None` in it where they cannot be.
    read: OnceLock<Option<Ids>>,
}

/// `None` where two owners share the address.
type Ids = HashMap<Box<str>, Option<Box<str>>>;

impl Owners {
    /// The owners of these `(e-mail address, owner id)` pairs; see [`Self::tell`].
    pub fn new<'a>(owners: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let known = Self::default();
        known.tell(owners);
        known
    }

    /// Whether it is known who they are, or that they cannot be read.
    #[must_use]
    pub fn are_read(&self) -> bool {
        self.read.get().is_some()
    }

    /// Whether it is known that they cannot be read.
    #[must_use]
    pub fn are_unreadable(&self) -> bool {
        matches!(self.read.get(), Some(None))
    }

    /// Notes that the account does not let them be read.
    pub fn tell_unreadable(&self) {
        self.read.get_or_init(|| None);
    }

    /// Notes who they are, once, as `(e-mail address, owner id)` pairs; blank addresses are left out.
    ///
    /// Give active owners only: an archived one cannot be assigned, and may share a colleague's address.
    pub fn tell<'a>(&self, owners: impl IntoIterator<Item = (&'a str, &'a str)>) {
        let mut ids = Ids::new();
        for (email, id) in owners {
            let email = trim(email);
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
        self.read.get_or_init(|| Some(ids));
    }

    pub(super) fn find(&self, email: &str) -> Result<&str, Reason> {
        let ids = self.read.get().ok_or(Reason::OwnersUnread)?.as_ref().ok_or(Reason::OwnersUnavailable)?;
        match ids.get(&*lower_case(email)) {
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

    #[test]
    fn they_are_unread_until_somebody_tells() {
        let (told, refused) = (Owners::default(), Owners::default());
        assert!(!told.are_read());
        assert_eq!(told.find("a@b.co"), Err(Reason::OwnersUnread));
        told.tell([("a@b.co", "1")]);
        assert_eq!(told.find("a@b.co"), Ok("1"));
        refused.tell_unreadable();
        assert_eq!(refused.find("a@b.co"), Err(Reason::OwnersUnavailable));
        assert!(told.are_read() && refused.are_read());
    }
}
