//! What a seed syncs: an account, streams of every kind of target, rows, states, settings.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use fastrand::Rng;
use hubspot_sandbox::{Builder, EventDef, ListDef, PropertyDef, RateLimit, Sandbox, Scopes};
use serde_json::{Value, json};

use crate::support::delivery::{self, KEY, VALUE, email, keyed};
use crate::support::messages::{activation_stream, complete, elt_stream, global_state, record, stream_state};

/// What only the configuration and HubSpot know.
pub(super) const CLIENT_SECRET: &str = "cl1ent-s3cret-\"/\\+&=%";
const REFRESH_TOKEN: &str = "na1-refresh-t0ken-/+=";
pub(super) const ACCESS_TOKEN: &str = "pat-na1-0a1b2c3d-4e5f-6a7b";

/// A stream: where it goes, what its rows are, and which of them the account shows in the end.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) name: &'static str,
    catalog: Value,
    setting: Option<Value>,
    /// The column by which its rows are told apart.
    pub(super) column: &'static str,
    row: fn(usize) -> Value,
    /// The rows that were stored, by that column.
    stored: fn(&Sandbox) -> HashSet<String>,
}

impl Target {
    /// What tells a row from the others.
    pub(super) fn key(&self, row: &Value) -> String {
        row[self.column].as_str().unwrap_or_default().to_owned()
    }

    /// The rows that were stored.
    pub(super) fn stored(&self, sandbox: &Sandbox) -> HashSet<String> {
        (self.stored)(sandbox)
    }
}

/// A message of the input, as far as it matters here.
#[derive(Clone, Debug)]
pub(super) enum Line {
    /// A row of a stream, by its key.
    Record(usize, String),
    /// A state with a number: of one stream, or of all.
    State(Option<usize>, u64),
    /// Anything else.
    Other,
}

/// What a seed syncs.
#[derive(Debug)]
pub(super) struct Scenario {
    pub(super) targets: Vec<Target>,
    pub(super) settings: Value,
    pub(super) input: String,
    pub(super) lines: Vec<Line>,
}

/// The account that every seed begins with; its rate window is honest, and nobody waits for it.
pub(super) fn account(window: RateLimit) -> Builder {
    let bought = EventDef::new("bought").property(PropertyDef::string("plan"));
    delivery::account()
        .rate_limit(window)
        .search_limit(RateLimit { max: 1_000, interval: Duration::from_millis(100), enforced: false })
        .portal_id(77)
        .property("cars", PropertyDef::string("tax_id").unique())
        .event_definition(bought)
        .list(ListDef::manual("VIPs", "contacts").id(21))
        .list(ListDef::manual("Everybody", "contacts").id(22))
        .token(ACCESS_TOKEN, Scopes::all())
        .oauth_app("app-id", CLIENT_SECRET, REFRESH_TOKEN, Scopes::all())
}

/// What is there before.
pub(super) fn furnish(sandbox: &Sandbox) {
    sandbox.insert("cars", &[(KEY, "the one that is there"), ("tax_id", "T1")]);
    for number in 0..ROWS {
        sandbox.insert("contacts", &[("email", &known(number))]);
        sandbox.insert("boats", &[(KEY, &format!("b{number}")), (VALUE, "as it was")]);
        sandbox.insert("planes", &[(KEY, &format!("p{number}"))]);
    }
}

/// Rows of a stream, as far as what they need is there before.
const ROWS: usize = 330;
/// Enough for many calls at once.
const MANY_ROWS: usize = 2_000;

fn known(number: usize) -> String {
    format!("known{number}@example.com")
}

impl Scenario {
    /// What the program is to keep secret: of the configuration that it was given, since it cannot know of others.
    pub(super) fn secrets(&self) -> Vec<String> {
        let credentials = &self.settings["credentials"];
        let secrets = ["access_token", "client_secret", "refresh_token"];
        secrets.iter().filter_map(|key| credentials[*key].as_str().map(str::to_owned)).collect()
    }

    /// The scenario of a seed.
    pub(super) fn new(dice: &mut Rng) -> Self {
        let mut targets = all();
        dice.shuffle(&mut targets);
        targets.truncate(dice.usize(1..=3));
        let few = targets.len() == 1;
        let shared = dice.bool();
        let mut messages = Vec::new();
        let mut lines = Vec::new();
        let rows = [1, 20, ROWS / 3, ROWS, ROWS, MANY_ROWS][dice.usize(..if few { 6 } else { 5 })];
        for number in 0..rows {
            for (place, target) in targets.iter().enumerate() {
                let row = (target.row)(number);
                lines.push(Line::Record(place, target.key(&row)));
                messages.push(record(target.name, row));
                if dice.u8(..12) == 0 {
                    lines.push(Line::State(if shared { None } else { Some(place) }, lines.len() as u64));
                    messages.push(state(shared, target.name, lines.len() as u64 - 1));
                }
            }
        }
        for (place, target) in targets.iter().enumerate() {
            lines.push(Line::State(if shared { None } else { Some(place) }, lines.len() as u64));
            messages.push(state(shared, target.name, lines.len() as u64 - 1));
        }
        for target in targets.iter().filter(|target| !target.catalog["generation_id"].is_null()) {
            lines.push(Line::Other);
            messages.push(complete(target.name));
        }
        let input = messages.iter().map(|message| format!("{message}\n")).collect();
        let settings = settings(&targets, dice);
        Self { targets, settings, input, lines }
    }

    /// The catalog.
    pub(super) fn catalog(&self) -> Value {
        json!({"streams": self.targets.iter().map(|target| target.catalog.clone()).collect::<Vec<_>>()})
    }

    /// The numbers of the states that were sent, by stream; those of all streams under `None`.
    pub(super) fn states(&self) -> BTreeMap<Option<usize>, Vec<u64>> {
        let mut states: BTreeMap<Option<usize>, Vec<u64>> = BTreeMap::new();
        for line in &self.lines {
            if let Line::State(stream, number) = line {
                states.entry(*stream).or_default().push(*number);
            }
        }
        states
    }
}

fn state(shared: bool, stream: &str, number: u64) -> Value {
    if shared { global_state(number) } else { stream_state(stream, number) }
}

/// Everything but the address and what is written.
fn settings(targets: &[Target], dice: &mut Rng) -> Value {
    let credentials = if dice.u8(..3) == 0 {
        json!({"type": "OAuth", "client_id": "app-id", "client_secret": CLIENT_SECRET, "refresh_token": REFRESH_TOKEN})
    } else {
        json!({"type": "AccessToken", "access_token": ACCESS_TOKEN})
    };
    let streams: Vec<&Value> = targets.iter().filter_map(|target| target.setting.as_ref()).collect();
    json!({
        "credentials": credentials,
        "streams": streams,
        "unknown_properties": (["drop", "reject", "create"][dice.usize(..3)]),
        "api_version": (["v3", "2026-03", "2026-09"][dice.usize(..3)]),
        "flush_interval_seconds": 0.05,
        "request_timeout_seconds": ([0.3, 0.6, 1.0][dice.usize(..3)]),
        "retry_budget_seconds": ([1.0, 2.0, 4.0][dice.usize(..3)]),
    })
}

fn chosen(name: &str, object: &str, key: &str, mode: &str, columns: &[&str]) -> Value {
    let mut stream = activation_stream(name, object, key, columns);
    stream["destination_sync_mode"] = json!(mode);
    stream
}

fn values(sandbox: &Sandbox, object: &str, property: &str) -> HashSet<String> {
    let records = sandbox.records(object).into_iter();
    records.filter_map(|record| record.get(property).map(str::to_owned)).collect()
}

fn emails(sandbox: &Sandbox) -> HashSet<String> {
    values(sandbox, "contacts", "email")
}

fn members(sandbox: &Sandbox, list: &str) -> HashSet<String> {
    let members = sandbox.list(list).map(|list| list.members).unwrap_or_default();
    let records = members.iter().filter_map(|id| sandbox.record("contacts", id));
    records.filter_map(|record| record.get("email").map(str::to_owned)).collect()
}

fn all() -> Vec<Target> {
    let mut targets = records();
    targets.extend(beside_records());
    targets
}

/// Streams of records.
fn records() -> Vec<Target> {
    let mut inserting = chosen("new", "CONTACT", "unused", "append", &["email", "firstname"]);
    inserting["primary_key"] = json!([]);
    vec![
        Target {
            name: "contacts",
            catalog: elt_stream("contacts", &["email", "city", "firstname", "hubspot_owner_id"]),
            setting: None,
            column: "email",
            row: |number| match number % 7 {
                3 => json!({"email": email(number), "hubspot_owner_id": "ada@sandbox.example.com"}),
                5 => json!({"email": email(number), "no_such_column": number}),
                _ => json!({"email": email(number), "city": "Lisbon"}),
            },
            stored: emails,
        },
        Target {
            name: "cars",
            catalog: keyed("cars"),
            setting: None,
            column: KEY,
            row: |number| match number % 9 {
                // HubSpot refuses it: another record has this one.
                4 => json!({KEY: format!("c{number}"), "tax_id": "T1"}),
                _ => json!({KEY: format!("c{number}"), VALUE: "written"}),
            },
            stored: |sandbox| values(sandbox, "cars", KEY),
        },
        Target {
            name: "new",
            catalog: inserting,
            setting: None,
            column: "email",
            row: |number| json!({"email": format!("new{number}@example.com"), "firstname": "Ada"}),
            stored: emails,
        },
        Target {
            name: "updated",
            catalog: chosen("updated", "boats", KEY, "update", &[KEY, VALUE]),
            setting: None,
            column: KEY,
            // The last ones are not there.
            row: |number| json!({KEY: format!("b{}", number + 5), VALUE: "updated"}),
            stored: |sandbox| {
                let boats = sandbox.records("boats").into_iter();
                let boats = boats.filter(|boat| boat.get(VALUE) == Some("updated"));
                boats.filter_map(|boat| boat.get(KEY).map(str::to_owned)).collect()
            },
        },
        Target {
            name: "archived",
            catalog: chosen("archived", "planes", KEY, "soft_delete", &[KEY]),
            setting: None,
            column: KEY,
            row: |number| json!({KEY: format!("p{}", number + 5)}),
            stored: |sandbox| {
                let live = values(sandbox, "planes", KEY);
                (0..MANY_ROWS + 5)
                    .map(|number| format!("p{number}"))
                    .filter(|key| !live.contains(key))
                    .collect()
            },
        },
        Target {
            name: "companies",
            catalog: elt_stream("companies", &["domain", "name"]),
            setting: Some(json!({"name": "companies", "matching_key": "domain", "match": "search"})),
            column: "domain",
            row: |number| json!({"domain": format!("c{number}.example"), "name": "Company"}),
            stored: |sandbox| values(sandbox, "companies", "domain"),
        },
    ]
}

/// Streams of what is beside records: lists, associations, events, audiences.
fn beside_records() -> Vec<Target> {
    vec![
        Target {
            name: "members",
            catalog: chosen("members", "LIST:21", "email", "append_dedup", &["email"]),
            setting: None,
            column: "email",
            row: |number| json!({"email": known(number)}),
            stored: |sandbox| members(sandbox, "21"),
        },
        Target {
            name: "mirrored",
            catalog: {
                let mut stream = chosen("mirrored", "LIST:22", "email", "overwrite", &["email"]);
                stream["sync_mode"] = json!("full_refresh");
                stream
            },
            setting: None,
            column: "email",
            row: |number| json!({"email": known(number)}),
            stored: |sandbox| members(sandbox, "22"),
        },
        Target {
            name: "named",
            catalog: chosen("named", "LIST_MEMBERSHIP", "email", "append_dedup", &["email", "list_name"]),
            setting: None,
            column: "email",
            row: |number| json!({"email": known(number), "list_name": format!("List {}", number % 3)}),
            stored: |sandbox| (0..3).flat_map(|list| members(sandbox, &format!("List {list}"))).collect(),
        },
        Target {
            name: "pairs",
            catalog: chosen("pairs", "ASSOCIATION:CONTACT:boats", "x", "append", &["from_email", "to_code"]),
            setting: None,
            column: "from_email",
            row: |number| json!({"from_email": known(number), "to_code": format!("b{number}")}),
            stored: |sandbox| {
                let pairs = sandbox.associations("contacts", "boats").into_iter();
                let people = pairs.filter_map(|pair| sandbox.record("contacts", &pair.from));
                people.filter_map(|person| person.get("email").map(str::to_owned)).collect()
            },
        },
        Target {
            name: "purchases",
            catalog: elt_stream("purchases", &["email", "occurred_at", "plan"]),
            setting: Some(json!({"name": "purchases", "object": "EVENT:bought"})),
            column: "email",
            row: |number| json!({"email": email(number), "occurred_at": "2026-03-01T10:00:00Z", "plan": "gold"}),
            stored: |sandbox| sandbox.events("bought").into_iter().filter_map(|event| event.email).collect(),
        },
        Target {
            name: "audience",
            catalog: chosen(
                "audience",
                "AUDIENCE",
                "email",
                "append_dedup",
                &["email", "audience", "status"],
            ),
            setting: None,
            column: "email",
            row: |number| json!({"email": email(number + 1_000), "audience": "Spring Sale", "status": "in"}),
            stored: emails,
        },
    ]
}
