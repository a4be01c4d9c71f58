//! `check`: tries the configuration against HubSpot without writing anything.

use std::path::Path;
use std::time::Duration;

use super::prepare::{self, Knowledge};
use super::{associations, audiences, events, lists};
use crate::config::{Config, Match, Operation, StreamSettings};
use crate::crm::account::AccountDetails;
use crate::crm::object::{self, ObjectType};
use crate::error::{Failure, Kind};
use crate::hubspot::account;
use crate::hubspot::client::Client;
use crate::output::clock;
use crate::output::emitter::Emitter;
use crate::output::lines;
use crate::output::rotation::TokenRotation;
use crate::plan::key::{RECORD_ID, search_problem, unique_properties};
use crate::plan::object::ObjectName;
use crate::plan::target::TargetName;
use crate::rejected::storage::identity::SyncId;
use crate::storage::RejectStore;

/// Longest that storage which does not answer is tried: HubSpot may have taken half of the check's time.
const STORAGE_PATIENCE: Duration = Duration::from_secs(20);

/// Prints the CONNECTION_STATUS line, FAILED included.
pub fn run(config: &Path, emitter: &Emitter) {
    let result = try_out(config, emitter);
    let text = result.as_ref().map_err(ToString::to_string);
    emitter.line(&lines::connection_status(
        text.as_ref().map(|message| message.as_str()).map_err(String::as_str),
    ));
}

fn try_out(config: &Path, emitter: &Emitter) -> Result<String, Failure> {
    let (text, config) = super::read_config(config)?;
    prepare::refuse_what_cannot_be_done(&config)?;
    let client = Client::new(&config)?;
    let rotation = TokenRotation::new(&text);
    super::runtime()?.block_on(async {
        let findings = findings(&client, &config).await;
        rotation.publish(&client, emitter).await;
        findings
    })
}

async fn findings(client: &Client, config: &Config) -> Result<String, Failure> {
    let patience = super::somebody_waits(config);
    let account = match account::details(client, patience).await {
        Ok(account) => Some(account),
        // What no stream needs is a finding, not an error.
        Err(trouble) if trouble.is_forbidden() => None,
        Err(trouble) => return Err(trouble.into_failure("read the account's details")),
    };
    let mut knowledge = Knowledge::new(client, patience);
    let objects = if config.streams.is_empty() {
        offered_objects(&mut knowledge).await?
    } else {
        configured_objects(config, &mut knowledge).await?
    };
    let mut sentences = vec![connected(account.as_ref())];
    sentences.extend(objects);
    sentences.extend(storage(config).await?);
    Ok(sentences.join(" "))
}

/// Tries out the storage of rejected records, where there is one.
async fn storage(config: &Config) -> Result<Option<String>, Failure> {
    let patience = config.retry_budget_seconds.duration().min(STORAGE_PATIENCE);
    match RejectStore::open(config, &SyncId::new(None, None), clock::now_ms() as i64, patience)? {
        Some(store) => store.probe().await.map(Some),
        None => Ok(None),
    }
}

fn connected(account: Option<&AccountDetails>) -> String {
    let Some(account) = account else {
        return "Connected to HubSpot; the token may not read the account's details.".to_owned();
    };
    let location = account.data_hosting_location.as_deref().unwrap_or("not told");
    let kind =
        account.account_type.as_deref().map(|kind| format!(", account type {kind}")).unwrap_or_default();
    format!("Connected to HubSpot account {} (data hosting location {location}{kind}).", account.portal_id)
}

/// The objects of the configured streams: every one of them has to work.
async fn configured_objects(config: &Config, knowledge: &mut Knowledge<'_>) -> Result<Vec<String>, Failure> {
    let mut lines = Vec::new();
    let mut problems: Vec<Failure> = Vec::new();
    for stream in &config.streams {
        let name = stream.object.as_deref().map_or(ObjectName::StreamName(&stream.name), ObjectName::Given);
        let other = match TargetName::of(name) {
            TargetName::Event(event) => Some(events::check(event, stream, knowledge).await),
            TargetName::List(id) => Some(lists::check(id, stream, knowledge).await),
            TargetName::ListMembership => Some(lists::check_named(stream, knowledge).await),
            TargetName::Association { from, to } => Some(associations::check((from, to), knowledge).await),
            TargetName::Object(_) | TargetName::Audience => None,
        };
        if let Some(checked) = other {
            match checked {
                Ok(line) => lines.push(line),
                Err(failure) => problems.push(of_stream(&stream.name, failure)),
            }
            continue;
        }
        let found = async {
            let object = match TargetName::of(name) {
                // An audience is a property of contacts.
                TargetName::Audience => audiences::contacts()?,
                _ => prepare::object_type(name, knowledge).await?,
            };
            knowledge.properties(&object).await?;
            if let Some(key) = &stream.matching_key {
                check_key(&object, key, stream, knowledge).await?;
            }
            Ok::<_, Failure>(object)
        };
        match found.await {
            Ok(object) => {
                let line = readable(&object, knowledge).await?;
                if !lines.contains(&line) {
                    lines.push(line);
                }
            }
            Err(failure) => problems.push(of_stream(&stream.name, failure)),
        }
    }
    // Whatever the user cannot change comes first: it may explain the rest.
    problems.sort_by_key(|failure| failure.kind == Kind::Configuration);
    if problems.is_empty() {
        return Ok(lines);
    }
    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let first = problems.remove(0);
    Err(Failure { message: texts.join(" "), correlation_id: None, ..first })
}

fn of_stream(name: &str, failure: Failure) -> Failure {
    Failure { message: format!("Stream \"{name}\": {}", failure.message), ..failure }
}

async fn check_key(
    object: &ObjectType,
    key: &str,
    stream: &StreamSettings,
    knowledge: &mut Knowledge<'_>,
) -> Result<(), Failure> {
    if !knowledge.properties(object).await?.iter().any(|property| property.name == key) {
        knowledge.add_sensitive(object).await?;
    }
    let properties = knowledge.properties(object).await?;
    if stream.match_by == Match::Search {
        return match search_problem(key, object, properties) {
            Some(problem) => {
                Err(Failure::new(Kind::Configuration, format!("the matching key \"{key}\" {problem}.")))
            }
            None => Ok(()),
        };
    }
    let unique = unique_properties(object, properties);
    let takes_record_ids = stream.operation != Some(Operation::Insert);
    if key == RECORD_ID && takes_record_ids || unique.contains(&key) {
        return Ok(());
    }
    let known = properties.iter().any(|property| property.name == key);
    let problem = if known { "is not unique in this account" } else { "is no property of this object" };
    let offer = if unique.is_empty() { "none yet".to_owned() } else { unique.join(", ") };
    let message =
        format!("the matching key \"{key}\" {problem}; unique properties of {}: {offer}.", object.name);
    Err(Failure::new(Kind::Configuration, message))
}

/// The objects a connection could use: at least one of them has to work.
async fn offered_objects(knowledge: &mut Knowledge<'_>) -> Result<Vec<String>, Failure> {
    let mut lines = Vec::new();
    let mut refused = Vec::new();
    for object in object::offered() {
        match knowledge.properties(&object).await {
            Ok(_) => lines.push(readable(&object, knowledge).await?),
            Err(failure) if failure.kind == Kind::Configuration => refused.push((object, failure)),
            Err(failure) => return Err(failure),
        }
    }
    if lines.is_empty() {
        if let Some((_, failure)) = refused.into_iter().next() {
            return Err(failure);
        }
        return Ok(lines);
    }
    if !refused.is_empty() {
        let names: Vec<&str> = refused.iter().map(|(object, _)| object.name.as_str()).collect();
        lines.push(format!(
            "The token may not use: {} (add their scopes in HubSpot if you need them).",
            names.join(", ")
        ));
    }
    Ok(lines)
}

async fn readable(object: &ObjectType, knowledge: &mut Knowledge<'_>) -> Result<String, Failure> {
    let properties = knowledge.properties(object).await?;
    let writable = properties.iter().filter(|property| property.is_writable()).count();
    let unique = unique_properties(object, properties);
    let keys = if unique.is_empty() {
        "no unique property to match by".to_owned()
    } else {
        format!("matched by {}", unique.join(", "))
    };
    Ok(format!("{}: {writable} writable properties, {keys}.", object.name))
}
