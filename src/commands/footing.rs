//! What a command knows of account and token before it does anything: where it stands.

use std::time::Duration;

use tokio::time::Instant;

use crate::crm::account::AccountDetails;
use crate::crm::day_end::DayEnd;
use crate::crm::object::ObjectType;
use crate::crm::scopes::Task;
use crate::error::{Failure, Kind};
use crate::hubspot::account;
use crate::hubspot::client::Client;
use crate::hubspot::explain;
use crate::hubspot::patient::{Patience, Trouble};
use crate::hubspot::token::{self, Token};
use crate::output::clock;

/// Longest that is spent on account details, which a sync can do without.
const DETAILS_PATIENCE: Duration = Duration::from_secs(5);

/// Account and token, as far as HubSpot tells of them.
#[derive(Clone, Debug, Default)]
pub struct Footing {
    /// The account's details, where the token may read them.
    pub account: Option<AccountDetails>,
    /// The token, where it was asked about.
    pub token: Option<Token>,
    /// When the daily quota comes back by HubSpot's own word.
    pub resets: Option<DayEnd>,
}

impl Footing {
    /// What a sync begins with: two calls, one with OAuth. A sync goes on without whatever cannot be had.
    ///
    /// # Errors
    /// A failure when HubSpot does not accept the token, or the daily quota is spent.
    pub async fn of_sync(client: &Client, budget: Duration) -> Result<Self, Failure> {
        let patience = Patience::Briefly(Instant::now() + budget.min(DETAILS_PATIENCE));
        let account = match account::details(client, patience).await {
            Ok(account) => Some(account),
            Err(trouble) if ends_everything(&trouble) => {
                return Err(trouble.into_failure("read the account's details"));
            }
            Err(_) => None,
        };
        Ok(Self { account, token: Some(token::told(client).await), resets: None })
    }

    /// The same failure; where it is that the daily quota is spent, it says when that comes back.
    #[must_use]
    pub fn naming_the_reset(&self, mut failure: Failure) -> Failure {
        if failure.kind == Kind::QuotaSpent {
            let now = clock::now_ms() as i64;
            let midnight = || self.account.as_ref().and_then(|account| account.day_end(now));
            let when = match self.resets.or_else(midnight) {
                Some(day_end) => day_end.seen_from(now),
                None => "midnight in the time zone of the HubSpot account".to_owned(),
            };
            failure.message.push_str(&format!(
                " It resets at {when}; the next sync after that goes on from where this one stopped."
            ));
        }
        failure
    }

    /// Why a task cannot be done, where the token is known to lack the scope.
    #[must_use]
    pub fn problem(&self, task: Task<'_>) -> Option<Failure> {
        let token = self.token.as_ref()?;
        (!token.scopes()?.allow(task)).then(|| {
            let message = explain::missing_scopes(&task.scopes(), &task.described());
            Failure::new(Kind::Configuration, message)
                .internal("the scopes that HubSpot tells of the token lack it")
                .correlated(token.correlation_id())
        })
    }

    /// Why properties of the object cannot be made, where the token is known to lack the scope.
    #[must_use]
    pub fn making_problem(&self, object: &ObjectType) -> Option<String> {
        self.problem(Task::MakeProperties(object)).map(|problem| problem.message)
    }
}

/// Whether every other call would meet the same trouble, so that none is made.
fn ends_everything(trouble: &Trouble) -> bool {
    match trouble {
        Trouble::Refused(error) => error.status == 401,
        Trouble::Endless => false,
        Trouble::Failed(failure) => matches!(failure.kind, Kind::Configuration | Kind::QuotaSpent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crm::scopes::Scopes;

    fn with_scopes(names: &[&str]) -> Footing {
        let scopes: Scopes = names.iter().map(|name| (*name).to_owned()).collect();
        Footing { token: Some(Token::PrivateApp(scopes, None)), ..Footing::default() }
    }

    #[test]
    fn what_the_token_cannot_write_is_named_with_its_scope() {
        let contacts = ObjectType::by_type_id("0-1");
        let footing = with_scopes(&["crm.objects.contacts.read"]);
        let problem = footing.problem(Task::WriteRecords(&contacts)).unwrap();
        assert_eq!(problem.kind, Kind::Configuration);
        assert!(problem.message.contains("crm.objects.contacts.write"), "{problem}");
        assert!(footing.making_problem(&contacts).unwrap().contains("crm.schemas.contacts.write"));
        let footing = with_scopes(&["crm.objects.contacts.write", "crm.schemas.contacts.write"]);
        let written = Task::WriteRecords(&contacts);
        assert!(footing.problem(written).is_none() && footing.making_problem(&contacts).is_none());
        let unknown = Footing { token: Some(Token::PrivateOrServiceKey), ..Footing::default() };
        assert!(unknown.problem(written).is_none() && unknown.making_problem(&contacts).is_none());
        assert!(footing.problem(Task::ChangeLists).is_some() && unknown.problem(Task::ChangeLists).is_none());
    }

    #[test]
    fn a_spent_quota_says_when_it_comes_back_and_nothing_else_does() {
        let spent = || Failure::new(Kind::QuotaSpent, "Spent.");
        let unknown = Footing::default().naming_the_reset(spent());
        assert!(unknown.message.contains("resets at midnight in the time zone"), "{unknown}");
        let account = AccountDetails {
            portal_id: 1,
            account_type: None,
            time_zone: None,
            utc_offset_milliseconds: Some(-18_000_000),
            data_hosting_location: None,
        };
        let footing = Footing { account: Some(account), ..Footing::default() };
        let known = footing.naming_the_reset(spent());
        assert!(known.message.contains("T00:00-05:00 (midnight in the account's time zone, in "), "{known}");
        let told = DayEnd::told("2100-01-02T09:00:00Z", 0);
        let told = Footing { resets: told, ..footing.clone() }.naming_the_reset(spent());
        assert!(told.message.contains("resets at 2100-01-02T09:00+00:00"), "{told}");
        let other = Failure::new(Kind::Unavailable, "Down.");
        assert_eq!(footing.naming_the_reset(other.clone()), other);
    }
}
