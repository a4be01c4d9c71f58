//! The names by which stored records are told apart: the sync they belong to, and an id of their own.

use serde_json::{Value, json};

/// The sync that rejected a record, as folders and lines name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncId(String);

impl SyncId {
    /// The catalog's number, else the platform's job (`WORKER_JOB_ID`), else 0.
    #[must_use]
    pub fn new(catalog: Option<i64>, job: Option<&str>) -> Self {
        let job = job.map(str::trim).filter(|job| !job.is_empty());
        Self(catalog.map(|id| id.to_string()).or(job.map(str::to_owned)).unwrap_or_else(|| "0".to_owned()))
    }

    /// As folders name it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As lines name it: a number, unless a job has another name.
    #[must_use]
    pub fn to_json(&self) -> Value {
        self.0.parse::<i64>().map_or_else(|_| json!(self.0), |number| json!(number))
    }
}

/// A random UUID (version 4 of RFC 9562) in lower case.
#[must_use]
pub fn uuid(chance: &mut fastrand::Rng) -> String {
    let bits = chance.u128(..) & !(0xF << 76) & !(0x3 << 62) | (4 << 76) | (2 << 62);
    let digits = format!("{bits:032x}");
    let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalog_comes_before_the_job_and_nothing_is_0() {
        for (catalog, job, text, value) in [
            (Some(7), Some("9"), "7", json!(7)),
            (None, Some(" 9 "), "9", json!(9)),
            (None, Some("job-a"), "job-a", json!("job-a")),
            (None, Some(""), "0", json!(0)),
            (None, None, "0", json!(0)),
        ] {
            let id = SyncId::new(catalog, job);
            assert_eq!((id.as_str(), id.to_json()), (text, value));
        }
    }

    #[test]
    fn ids_are_version_4_and_differ() {
        let mut chance = fastrand::Rng::with_seed(3);
        let mut seen = std::collections::HashSet::new();
        for _ in 0..1000 {
            let id = uuid(&mut chance);
            let parts: Vec<&str> = id.split('-').collect();
            assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
            assert!(parts[2].starts_with('4') && parts[3].starts_with(['8', '9', 'a', 'b']), "{id}");
            assert!(seen.insert(id));
        }
    }
}
