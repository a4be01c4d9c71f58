//! What a look at the configuration and the account has found, from what makes a sync impossible to what is good to
//! know.

use crate::error::{Failure, Kind};

/// One thing found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// No sync can do what is configured.
    Fatal(Failure),
    /// Something will not work, or not for long.
    Warning(String),
    /// Good to know.
    Note(String),
}

/// Everything found, in the order it was.
#[derive(Clone, Debug, Default)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// Adds one.
    pub fn add(&mut self, finding: Finding) {
        if !self.0.contains(&finding) {
            self.0.push(finding);
        }
    }

    /// Adds something good to know.
    pub fn note(&mut self, text: impl Into<String>) {
        self.add(Finding::Note(text.into()));
    }

    /// Adds what will not work, or not for long.
    pub fn warn(&mut self, text: impl Into<String>) {
        self.add(Finding::Warning(text.into()));
    }

    /// Adds what makes a sync impossible.
    pub fn fail(&mut self, failure: Failure) {
        self.add(Finding::Fatal(failure));
    }

    /// One message of it all: what is good to know and then the warnings, or, when anything is fatal, that and then the
    /// warnings. Of fatal findings, what the user cannot change comes first: it may explain the rest.
    ///
    /// # Errors
    /// A failure with that message where a finding is fatal.
    pub fn conclude(self) -> Result<String, Failure> {
        let (mut fatal, mut warnings, mut notes) = (Vec::new(), Vec::new(), Vec::new());
        for finding in self.0 {
            match finding {
                Finding::Fatal(failure) => fatal.push(failure),
                Finding::Warning(text) => warnings.push(format!("Warning: {text}")),
                Finding::Note(text) => notes.push(text),
            }
        }
        fatal.sort_by_key(|failure| failure.kind == Kind::Configuration);
        let mut texts: Vec<String> = fatal.iter().map(ToString::to_string).collect();
        match fatal.into_iter().next() {
            None => {
                notes.append(&mut warnings);
                Ok(notes.join(" "))
            }
            Some(worst) => {
                texts.append(&mut warnings);
                // The texts have their correlation ids in them.
                Err(Failure { message: texts.join(" "), correlation_id: None, ..worst })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_follow_what_is_good_to_know() {
        let mut findings = Findings::default();
        findings.warn("Little is left.");
        findings.note("Connected.");
        findings.note("Connected.");
        assert_eq!(findings.conclude().unwrap(), "Connected. Warning: Little is left.");
    }

    #[test]
    fn everything_fatal_is_told_worst_first_with_the_warnings_behind() {
        let mut findings = Findings::default();
        findings.note("Connected.");
        findings.warn("Little is left.");
        findings.fail(Failure::new(Kind::Configuration, "No such object.").correlated(Some("c-1")));
        findings.fail(Failure::new(Kind::Unavailable, "Not reached."));
        let failure = findings.conclude().unwrap_err();
        assert_eq!(failure.kind, Kind::Unavailable);
        assert_eq!(
            failure.to_string(),
            "Not reached. No such object. (HubSpot correlation id c-1) Warning: Little is left."
        );
    }
}
