//! Whether the calls that are expected came, and how what came differs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::catalog::Catalog;
use crate::http::Endpoint;
use crate::log::RequestRecord;

/// Lines of a difference that are shown.
const SHOWN: usize = 200;

/// What is expected of the requests.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Expectation {
    /// The calls.
    calls: Vec<Wanted>,
    /// What they are to each other and to others.
    #[serde(default)]
    order: Sequence,
    /// Only requests that arrived after the one with this number are looked at.
    #[serde(default)]
    after: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum Sequence {
    /// These came, in this order, and no others.
    #[default]
    Exactly,
    /// These came in this order; others may have come between them.
    InOrder,
    /// These came; others may have come too.
    AnyOrder,
    /// None of these came.
    Never,
}

/// A call; what is left out may be anything.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct Wanted {
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<Endpoint>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    /// Path without the query; `*` stands for any text.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// The object type by any of its names.
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// Records in the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    inputs: Option<usize>,
    /// What the body holds: objects may hold more members, lists have as many elements.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Value>,
}

/// Whether it is so.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Verdict {
    pub(super) passed: bool,
    /// What came (two spaces), what is missing (`-`) and what should not have come (`+`), in order.
    pub(super) difference: Vec<String>,
}

impl Expectation {
    /// Judges the requests that were answered, or given up.
    pub(super) fn judge(&self, requests: &[RequestRecord], catalog: &mut Catalog) -> Verdict {
        let came: Vec<&RequestRecord> = requests
            .iter()
            .filter(|request| request.arrival > self.after && request.completion.is_some())
            .collect();
        let fits: Vec<Vec<bool>> = self
            .calls
            .iter()
            .map(|wanted| came.iter().map(|request| wanted.fits(request, catalog)).collect())
            .collect();
        let (passed, mut difference) = match self.order {
            Sequence::Exactly => self.one_by_one(&came, &fits, true),
            Sequence::InOrder => self.one_by_one(&came, &fits, false),
            Sequence::AnyOrder => self.whoever(&came, &fits),
            Sequence::Never => {
                let wrong: Vec<String> = (0..came.len())
                    .filter(|index| fits.iter().any(|fits| fits[*index]))
                    .map(|index| line('+', &shown(came[index])))
                    .collect();
                (wrong.is_empty(), wrong)
            }
        };
        if difference.len() > SHOWN {
            let more = difference.len() - SHOWN;
            difference.truncate(SHOWN);
            difference.push(format!("... and {more} more"));
        }
        Verdict { passed, difference }
    }

    /// Each wanted call takes the next request that fits; what is passed over came without being wanted.
    fn one_by_one(&self, came: &[&RequestRecord], fits: &[Vec<bool>], strict: bool) -> (bool, Vec<String>) {
        let (mut lines, mut passed, mut next) = (Vec::new(), true, 0);
        for (wanted, fits) in self.calls.iter().zip(fits) {
            match (next..came.len()).find(|index| fits[*index]) {
                Some(found) => {
                    lines.extend(came[next..found].iter().map(|request| line('+', &shown(request))));
                    passed &= !strict || found == next;
                    lines.push(line(' ', &shown(came[found])));
                    next = found + 1;
                }
                None => {
                    lines.push(line('-', &wanted.shown()));
                    passed = false;
                }
            }
        }
        lines.extend(came[next..].iter().map(|request| line('+', &shown(request))));
        (passed && !(strict && next < came.len()), lines)
    }

    /// Wanted calls and requests are paired so that as many calls as possible have one.
    fn whoever(&self, came: &[&RequestRecord], fits: &[Vec<bool>]) -> (bool, Vec<String>) {
        let mut taken: Vec<Option<usize>> = vec![None; came.len()];
        let missing: Vec<usize> = (0..self.calls.len())
            .filter(|wanted| !pair(*wanted, fits, &mut taken, &mut vec![false; came.len()]))
            .collect();
        let mut lines: Vec<String> = came
            .iter()
            .zip(&taken)
            .map(|(request, taken)| line(if taken.is_some() { ' ' } else { '+' }, &shown(request)))
            .collect();
        lines.extend(missing.iter().map(|wanted| line('-', &self.calls[*wanted].shown())));
        (missing.is_empty(), lines)
    }
}

/// Gives a wanted call a request, moving others to further ones that fit them; false if there is none.
fn pair(wanted: usize, fits: &[Vec<bool>], taken: &mut [Option<usize>], tried: &mut [bool]) -> bool {
    (0..taken.len()).any(|index| {
        if !fits[wanted][index] || std::mem::replace(&mut tried[index], true) {
            return false;
        }
        let free = taken[index].is_none_or(|other| pair(other, fits, taken, tried));
        if free {
            taken[index] = Some(wanted);
        }
        free
    })
}

impl Wanted {
    fn fits(&self, request: &RequestRecord, catalog: &mut Catalog) -> bool {
        let same_type = |wanted: &String| {
            let there = request.object.as_deref().and_then(|name| catalog.resolve(name));
            there.is_some() && there == catalog.resolve(wanted)
        };
        self.endpoint.is_none_or(|endpoint| endpoint == request.endpoint)
            && self.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(&request.method))
            && self.path.as_ref().is_none_or(|path| matches(path, &request.path))
            && self.status.is_none_or(|status| Some(status) == request.status)
            && self.inputs.is_none_or(|inputs| inputs == request.inputs)
            && self.object.as_ref().is_none_or(same_type)
            && self.body.as_ref().is_none_or(|body| request.body().is_some_and(|found| holds(&found, body)))
    }

    fn shown(&self) -> String {
        // It is made of texts and numbers, which serialise.
        serde_json::to_string(self).unwrap_or_default()
    }
}

fn line(mark: char, text: &str) -> String {
    format!("{mark} {text}")
}

fn shown(request: &RequestRecord) -> String {
    let status = request.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    let RequestRecord { arrival, method, path, inputs, .. } = request;
    format!("#{arrival} {method} {path}: {status}, {inputs} records")
}

/// Whether a text is what a pattern says, `*` being any text.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => text.strip_prefix(head).is_some_and(|rest| {
            rest.char_indices().map(|(at, _)| at).chain([rest.len()]).any(|at| matches(tail, &rest[at..]))
        }),
    }
}

/// Whether a value holds what is wanted of it.
fn holds(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::Object(found), Value::Object(wanted)) => {
            wanted.iter().all(|(name, wanted)| found.get(name).is_some_and(|found| holds(found, wanted)))
        }
        (Value::Array(found), Value::Array(wanted)) => {
            found.len() == wanted.len()
                && found.iter().zip(wanted).all(|(found, wanted)| holds(found, wanted))
        }
        _ => found == wanted,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(arrival: u64, method: &str, path: &str, status: u16) -> RequestRecord {
        RequestRecord {
            arrival,
            completion: Some(arrival),
            arrived_at: std::time::Duration::ZERO,
            answered_at: None,
            method: method.to_owned(),
            path: path.to_owned(),
            query: None,
            endpoint: Endpoint::OwnerList,
            object: Some("contacts".to_owned()),
            status: Some(status),
            inputs: 2,
            fault: None,
            rate_remaining: None,
            raw_body: Some(r#"{"a":{"b":1,"c":2},"d":[1]}"#.into()),
            raw_answer: None,
        }
    }

    fn judge(expectation: Value) -> Verdict {
        let came =
            [request(1, "GET", "/a", 200), request(2, "POST", "/a/b", 207), request(3, "GET", "/c", 200)];
        let expectation: Expectation = serde_json::from_value(expectation).unwrap();
        expectation.judge(&came, &mut Catalog::new())
    }

    #[test]
    fn exactly_means_these_and_no_others() {
        let all = json!([{ "path": "/a" }, { "status": 207 }, { "method": "get" }]);
        assert!(judge(json!({ "calls": all })).passed);
        let verdict = judge(json!({ "calls": [{ "path": "/a" }, { "path": "/c" }, { "path": "/d" }] }));
        assert!(!verdict.passed);
        let marks: String = verdict.difference.iter().map(|line| &line[..1]).collect();
        assert_eq!(marks, " + -", "{:?}", verdict.difference);
        assert!(judge(json!({ "calls": [{ "path": "/c" }], "after": 2 })).passed);
        assert!(!judge(json!({ "calls": [] })).passed);
    }

    #[test]
    fn in_order_others_may_come_between() {
        assert!(judge(json!({ "order": "inOrder", "calls": [{ "path": "/a" }, { "path": "/c" }] })).passed);
        assert!(!judge(json!({ "order": "inOrder", "calls": [{ "path": "/c" }, { "path": "/a" }] })).passed);
    }

    #[test]
    fn in_any_order_each_call_has_a_request_of_its_own() {
        let calls = json!([{}, { "method": "GET" }, { "path": "/c" }]);
        assert!(
            judge(json!({ "order": "anyOrder", "calls": calls })).passed,
            "the first takes what others leave"
        );
        let twice = json!([{ "path": "/c" }, { "path": "/c" }]);
        assert!(!judge(json!({ "order": "anyOrder", "calls": twice })).passed);
    }

    #[test]
    fn never_names_what_came() {
        assert!(judge(json!({ "order": "never", "calls": [{ "status": 500 }] })).passed);
        let verdict = judge(json!({ "order": "never", "calls": [{ "path": "/a*" }] }));
        assert_eq!((verdict.passed, verdict.difference.len()), (false, 2));
    }

    #[test]
    fn calls_are_told_by_what_they_are_about_and_hold() {
        let one = |wanted: Value| judge(json!({ "order": "inOrder", "calls": [wanted] })).passed;
        assert!(one(json!({ "object": "0-1", "inputs": 2, "endpoint": "ownerList" })));
        assert!(!one(json!({ "object": "deals" })));
        assert!(one(json!({ "body": { "a": { "b": 1 } } })));
        assert!(!one(json!({ "body": { "d": [] } })));
        assert!(one(json!({ "path": "/*/b" })) && !one(json!({ "path": "*/x" })));
    }
}
