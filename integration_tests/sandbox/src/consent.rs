//! Who wants which mails: subscription types, the status of addresses, and who opted out of everything.
//!
//! Source: <https://developers.hubspot.com/docs/api-reference/latest/communication-preferences/guide>.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::Millis;

/// A subscription type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Subscription {
    /// Its number.
    pub id: u64,
    /// What people see.
    pub name: String,
    /// Help text.
    #[serde(default)]
    pub description: String,
    /// The brand it belongs to; 0 is the account's own.
    #[serde(default)]
    pub business_unit_id: u64,
    /// Whether mails of it can be sent; they can unless said otherwise.
    #[serde(default = "yes")]
    pub active: bool,
}

fn yes() -> bool {
    true
}

/// What an address said to a subscription type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names are HubSpot's own and say all there is to say")]
pub enum SubscriptionStatus {
    Subscribed,
    Unsubscribed,
    NotSpecified,
}

/// The status of an address for one subscription type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConsentStatus {
    /// The address; a contact need not have it.
    pub email: String,
    /// Number of the subscription type.
    pub subscription: u64,
    /// The status.
    pub status: SubscriptionStatus,
    /// `legalBasis` as given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_basis: Option<String>,
    /// `legalBasisExplanation` as given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_basis_explanation: Option<String>,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Millis>,
}

/// Consent, as a seed describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ConsentSeed {
    /// Subscription types.
    pub subscriptions: Vec<Subscription>,
    /// What addresses said.
    pub statuses: Vec<ConsentStatus>,
    /// Addresses that opted out of everything.
    pub opted_out: Vec<String>,
    /// Addresses that were erased, and are on HubSpot's blocklist.
    pub erased: Vec<String>,
}

/// The account's consent. Addresses are compared in lower case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Consent {
    pub(crate) subscriptions: Vec<Subscription>,
    statuses: BTreeMap<(String, u64), ConsentStatus>,
    opted_out: BTreeMap<String, Millis>,
    erased: BTreeMap<String, Millis>,
}

fn folded(email: &str) -> String {
    email.trim().to_lowercase()
}

impl Consent {
    /// Adds what a seed describes.
    pub(crate) fn sow(&mut self, seed: &ConsentSeed, now: Millis) {
        for subscription in &seed.subscriptions {
            self.subscriptions.retain(|known| known.id != subscription.id);
            self.subscriptions.push(subscription.clone());
        }
        seed.opted_out.iter().for_each(|email| self.opt_out(email, now));
        for status in &seed.statuses {
            self.set(ConsentStatus { at: status.at.or(Some(now)), ..status.clone() });
        }
        seed.erased.iter().for_each(|email| self.erase(email, now));
    }

    /// All of it.
    pub(crate) fn seed(&self) -> ConsentSeed {
        ConsentSeed {
            subscriptions: self.subscriptions.clone(),
            statuses: self.statuses.values().cloned().collect(),
            opted_out: self.opted_out.keys().cloned().collect(),
            erased: self.erased.keys().cloned().collect(),
        }
    }

    /// The subscription type with that number.
    pub(crate) fn subscription(&self, id: u64) -> Option<&Subscription> {
        self.subscriptions.iter().find(|known| known.id == id)
    }

    /// What an address said to a subscription type, if it said anything.
    pub(crate) fn status(&self, email: &str, subscription: u64) -> Option<&ConsentStatus> {
        self.statuses.get(&(folded(email), subscription))
    }

    /// Sets a status.
    pub(crate) fn set(&mut self, mut status: ConsentStatus) {
        status.email = folded(&status.email);
        self.statuses.insert((status.email.clone(), status.subscription), status);
    }

    /// Since when an address is opted out of everything.
    pub(crate) fn opted_out(&self, email: &str) -> Option<Millis> {
        self.opted_out.get(&folded(email)).copied()
    }

    /// Opts an address out of everything: it is unsubscribed from every type.
    pub(crate) fn opt_out(&mut self, email: &str, now: Millis) {
        self.opted_out.insert(folded(email), now);
        for subscription in self.subscriptions.iter().map(|known| known.id).collect::<Vec<_>>() {
            self.set(ConsentStatus {
                email: email.to_owned(),
                subscription,
                status: SubscriptionStatus::Unsubscribed,
                legal_basis: None,
                legal_basis_explanation: None,
                at: Some(now),
            });
        }
    }

    /// Puts an address on the blocklist, and forgets what it said.
    pub(crate) fn erase(&mut self, email: &str, now: Millis) {
        let email = folded(email);
        self.statuses.retain(|(known, _), _| *known != email);
        self.opted_out.remove(&email);
        self.erased.insert(email, now);
    }

    /// Whether an address is on the blocklist.
    pub(crate) fn is_erased(&self, email: &str) -> bool {
        !self.erased.is_empty() && self.erased.contains_key(&folded(email))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_one_in_any_case_and_an_opt_out_covers_all() {
        let news = Subscription {
            id: 5,
            name: "News".to_owned(),
            description: String::new(),
            business_unit_id: 0,
            active: true,
        };
        let mut consent = Consent::default();
        consent.sow(&ConsentSeed { subscriptions: vec![news], ..ConsentSeed::default() }, Millis(1));
        consent.opt_out("Ann@B.io ", Millis(2));
        assert_eq!(consent.opted_out("ann@b.io"), Some(Millis(2)));
        assert_eq!(consent.status("ANN@b.io", 5).unwrap().status, SubscriptionStatus::Unsubscribed);
        consent.erase("ann@B.IO", Millis(3));
        assert!(consent.is_erased("ann@b.io") && consent.status("ann@b.io", 5).is_none());
        let mut again = Consent::default();
        again.sow(&consent.seed(), Millis(9));
        assert_eq!(again.seed(), consent.seed());
    }
}
