//! `check`: tries the configuration against HubSpot without writing anything.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use super::findings::Findings;
use super::footing::Footing;
use super::prepare::{self, Knowledge};
use super::{announce, associations, audiences, events, inline, lists, quota};
use crate::config::{Config, Match, Operation, StreamSettings, UnknownProperties};
use crate::crm::account::AccountDetails;
use crate::crm::object::{self, ObjectType};
use crate::crm::property::Property;
use crate::crm::scopes::Task;
use crate::error::{Failure, Kind};
use crate::hubspot::account;
use crate::hubspot::client::Client;
use crate::hubspot::token::{self, Token};
use crate::output::clock;
use crate::output::emitter::Emitter;
use crate::output::lines;
use crate::output::rotation::TokenRotation;
use crate::plan::columns::ColumnRules;
use crate::plan::deleted;
use crate::plan::key::{RECORD_ID, making_problem, search_problem, unique_properties};
use crate::plan::making::missing_key;
use crate::plan::meant::{self, Meant};
use crate::plan::object::ObjectName;
use crate::plan::target::TargetName;
use crate::protocol::StreamDescriptor;
use crate::rejected::storage::identity::SyncId;
use crate::storage::RejectStore;

/// Longest that storage which does not answer is tried: HubSpot may have taken half of the check's time.
const STORAGE_PATIENCE: Duration = Duration::from_secs(20);

/// Prints the CONNECTION_STATUS line, FAILED included: also where the connector itself fails, since whoever set it up
/// waits for one.
pub fn run(config: &Path, emitter: &Emitter) {
    let result = catch_unwind(AssertUnwindSafe(|| try_out(config, emitter)))
        .unwrap_or_else(|_| Err(super::panicked()));
    let text = result.as_ref().map_err(ToString::to_string);
    emitter.line(&lines::connection_status(
        text.as_ref().map(|message| message.as_str()).map_err(String::as_str),
    ));
}

fn try_out(config: &Path, emitter: &Emitter) -> Result<String, Failure> {
    let (text, config) = super::read_config(config, emitter.secrets())?;
    let client = Client::new(&config, emitter.secrets())?;
    let rotation = TokenRotation::new(&text);
    super::block_on(async {
        let mut knowledge = Knowledge::new(&client, super::somebody_waits(&config));
        let findings = findings(&mut knowledge, &config).await;
        rotation.publish(&client, emitter).await;
        findings.and_then(Findings::conclude).map_err(|failure| knowledge.footing().naming_the_reset(failure))
    })?
}

/// Everything that is found. What makes all other calls fail as well is not among it: then that is the only finding.
async fn findings(knowledge: &mut Knowledge<'_>, config: &Config) -> Result<Findings, Failure> {
    let mut findings = Findings::default();
    let (client, patience) = (knowledge.client(), knowledge.patience());
    let account = match account::details(client, patience).await {
        Ok(account) => Some(account),
        // What no stream needs is a finding, not an error.
        Err(trouble) if trouble.is_forbidden() => None,
        Err(trouble) => return Err(trouble.into_failure("read the account's details")),
    };
    let token = token::told(client).await;
    findings.note(connected(account.as_ref(), &token));
    knowledge.stand_on(Footing { account, token: Some(token), resets: None });
    if config.streams.is_empty() {
        offered_objects(knowledge, &mut findings).await?;
    } else {
        configured_streams(config, knowledge, &mut findings).await?;
    }
    quota::left(knowledge, config.daily_reserve_percent, &mut findings).await;
    match storage(config).await {
        Ok(found) => found.into_iter().for_each(|text| findings.note(text)),
        Err(failure) => findings.fail(failure),
    }
    Ok(findings)
}

/// Tries out the storage of rejected records, where there is one.
async fn storage(config: &Config) -> Result<Option<String>, Failure> {
    let patience = config.retry_budget_seconds.duration().min(STORAGE_PATIENCE);
    match RejectStore::open(config, &SyncId::new(None, None), clock::now_ms() as i64, patience)? {
        Some(store) => store.probe().await.map(Some),
        None => Ok(None),
    }
}

fn connected(account: Option<&AccountDetails>, token: &Token) -> String {
    let token = token.described();
    let Some(account) = account else {
        return format!("Connected to HubSpot by {token}, which may not read the account's details.");
    };
    let location = account.data_hosting_location.as_deref().unwrap_or("not told");
    let kind =
        account.account_type.as_deref().map(|kind| format!(", account type {kind}")).unwrap_or_default();
    format!(
        "Connected to HubSpot account {} (data hosting location {location}{kind}) by {token}.",
        account.portal_id
    )
}

/// What the configured streams go to: every one that says so has to work.
async fn configured_streams(
    config: &Config,
    knowledge: &mut Knowledge<'_>,
    findings: &mut Findings,
) -> Result<(), Failure> {
    for stream in &config.streams {
        let target = TargetName::of(name_of(stream));
        let refused = inline::refuse_where_there_is_no_record(target, Some(stream))
            .and_then(|()| deleted::refuse_archiving(target, stream));
        if let Err(failure) = refused {
            findings.fail(of_stream(&stream.name, failure));
            continue;
        }
        configured_stream(config, stream, knowledge, findings).await?;
    }
    Ok(())
}

/// How an entry says what its stream is, as far as the configuration alone tells.
fn name_of(stream: &StreamSettings) -> ObjectName<'_> {
    stream.object.as_deref().map_or(ObjectName::StreamName(&stream.name), ObjectName::Given)
}

/// What a configured stream goes to.
async fn configured_stream(
    config: &Config,
    stream: &StreamSettings,
    knowledge: &mut Knowledge<'_>,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let name = name_of(stream);
    let descriptor = StreamDescriptor::new(&stream.name, stream.namespace.as_deref());
    let idle = announce::idle_settings(TargetName::of(name), stream, &descriptor);
    if let Some(line) = idle.filter(|_| stream.object.is_some()) {
        findings.warn(line);
    }
    let other = match TargetName::of(name) {
        TargetName::Event(event) => Some(events::check(event, stream, knowledge).await),
        TargetName::List(id) => Some(lists::check(id, stream, knowledge, findings).await),
        TargetName::ListMembership => Some(lists::check_named(stream, knowledge, findings).await),
        TargetName::Association { from, to } => {
            Some(associations::check((from, to), stream, knowledge, findings).await)
        }
        TargetName::Object(_) | TargetName::Audience => None,
    };
    if let Some(checked) = other {
        let task = match TargetName::of(name) {
            TargetName::List(_) | TargetName::ListMembership => Some(Task::ChangeLists),
            TargetName::Event(_) => Some(Task::SendEvents),
            _ => None,
        };
        if let Some(problem) = task.and_then(|task| knowledge.footing().problem(task)) {
            findings.fail(of_stream(&stream.name, problem));
        }
        match checked {
            Ok(line) => findings.note(line),
            Err(failure) => findings.fail(of_stream(&stream.name, failure)),
        }
        return Ok(());
    }
    let found = async {
        let object = match TargetName::of(name) {
            // An audience is a property of contacts.
            TargetName::Audience => audiences::contacts()?,
            _ => prepare::object_type(name, knowledge).await?,
        };
        knowledge.properties(&object).await?;
        Ok::<_, Failure>(object)
    };
    match found.await {
        Ok(object) => configured_object(config, stream, &object, knowledge, findings).await?,
        // The connection may say where a stream goes whose name is no object.
        Err(failure) if stream.object.is_none() && failure.kind == Kind::Configuration => {
            findings.warn(of_stream(&stream.name, failure).to_string());
        }
        Err(failure) => findings.fail(of_stream(&stream.name, failure)),
    }
    Ok(())
}

/// An object that can be read: can it be written, and matched as the stream wants to?
async fn configured_object(
    config: &Config,
    stream: &StreamSettings,
    object: &ObjectType,
    knowledge: &mut Knowledge<'_>,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let key = match &stream.matching_key {
        Some(key) => check_key(object, key, stream, knowledge).await,
        None => Ok(KeyStanding::Found),
    };
    let making = match &key {
        Ok(KeyStanding::ToBeMade(_)) => knowledge.footing().making_problem(object),
        _ => None,
    };
    let making = making.map(|problem| Failure::new(Kind::Configuration, problem));
    let (standing, problem) = match key {
        Ok(standing) => (standing, None),
        Err(problem) => (KeyStanding::Found, Some(problem)),
    };
    let problems = [knowledge.footing().problem(Task::WriteRecords(object)), problem, making];
    let works = problems.iter().all(Option::is_none);
    for problem in problems.into_iter().flatten() {
        findings.fail(of_stream(&stream.name, problem));
    }
    if config.value_policies(Some(stream)).unknown_properties == UnknownProperties::Create
        && let Some(problem) = knowledge.footing().making_problem(object)
    {
        findings.warn(format!("Stream \"{}\": {problem}", stream.name));
    }
    if works {
        findings.note(readable(object, knowledge).await?);
        if let KeyStanding::ToBeMade(name) = standing {
            findings.note(format!(
                "Stream \"{}\": its matching key {name}, a property of {} whose values are unique, will be created by \
                 the first sync that writes to it.",
                stream.name, object.name
            ));
        }
    }
    check_names(config, stream, object, knowledge, findings).await?;
    check_associations(stream, object, knowledge, findings).await
}

/// Names in the settings that mean nothing, as far as that can be told without the stream.
async fn check_names(
    config: &Config,
    stream: &StreamSettings,
    object: &ObjectType,
    knowledge: &mut Knowledge<'_>,
    findings: &mut Findings,
) -> Result<(), Failure> {
    if TargetName::of(name_of(stream)) == TargetName::Audience {
        return Ok(());
    }
    let unmet = |properties: &[Property]| {
        let rules = ColumnRules::of_settings(config, stream, object, properties);
        let meant = Meant { rules: &rules, object: &object.name, stream: None };
        meant.nothing(Some(stream))
    };
    let mut lines = unmet(knowledge.properties(object).await?);
    if !lines.is_empty() {
        // It may be a sensitive one.
        knowledge.add_sensitive(object).await?;
        lines = unmet(knowledge.properties(object).await?);
    }
    let descriptor = StreamDescriptor::new(&stream.name, stream.namespace.as_deref());
    lines.iter().for_each(|line| findings.warn(meant::of_stream(&descriptor, line)));
    Ok(())
}

/// Whether what the stream's records are to be associated with is there.
async fn check_associations(
    stream: &StreamSettings,
    object: &ObjectType,
    knowledge: &mut Knowledge<'_>,
    findings: &mut Findings,
) -> Result<(), Failure> {
    for association in &stream.associations {
        match inline::plan(association, object, knowledge).await {
            Ok(plan) => {
                for problem in inline::scope_problems(std::slice::from_ref(&plan), knowledge.footing()) {
                    findings.warn(format!("Stream \"{}\": {problem}", stream.name));
                }
                findings.note(inline::described(&plan, object));
            }
            Err(failure) if failure.kind == Kind::Configuration => {
                findings.fail(of_stream(&stream.name, failure));
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(())
}

/// How a configured matching key stands in the account.
enum KeyStanding {
    /// Records can be matched by it.
    Found,
    /// It is not there, and is to be made.
    ToBeMade(String),
}

fn of_stream(name: &str, failure: Failure) -> Failure {
    Failure { message: format!("Stream \"{name}\": {}", failure.message), ..failure }
}

async fn check_key(
    object: &ObjectType,
    key: &str,
    stream: &StreamSettings,
    knowledge: &mut Knowledge<'_>,
) -> Result<KeyStanding, Failure> {
    if !knowledge.properties(object).await?.iter().any(|property| property.name == key) {
        knowledge.add_sensitive(object).await?;
    }
    let properties = knowledge.properties(object).await?;
    if stream.match_by == Match::Search {
        // Without an operation the connection may still choose one that creates nothing.
        let makes = stream.operation == Some(Operation::Upsert);
        let making_problem = making_problem(key, properties).filter(|_| makes).map(str::to_owned);
        return match search_problem(key, object, properties).or(making_problem) {
            Some(problem) => {
                Err(Failure::new(Kind::Configuration, format!("the matching key \"{key}\" {problem}.")))
            }
            None => Ok(KeyStanding::Found),
        };
    }
    let wanted = stream.operation.unwrap_or(Operation::Upsert);
    if let Some(new) = missing_key(Some(stream), object, properties, wanted)? {
        return Ok(KeyStanding::ToBeMade(new.name));
    }
    let unique = unique_properties(object, properties);
    let takes_record_ids = stream.operation != Some(Operation::Insert);
    if key == RECORD_ID && takes_record_ids || unique.contains(&key) {
        return Ok(KeyStanding::Found);
    }
    let known = properties.iter().any(|property| property.name == key);
    let problem = if known {
        "is not unique in this account"
    } else if matches!(wanted, Operation::Upsert | Operation::Insert) {
        "is no property of this object (set \"create_matching_key\" to have it created)"
    } else {
        "is no property of this object"
    };
    let offer = if unique.is_empty() { "none yet".to_owned() } else { unique.join(", ") };
    let message =
        format!("the matching key \"{key}\" {problem}; unique properties of {}: {offer}.", object.name);
    Err(Failure::new(Kind::Configuration, message))
}

/// The objects a connection could use: at least one of them has to work.
async fn offered_objects(knowledge: &mut Knowledge<'_>, findings: &mut Findings) -> Result<(), Failure> {
    let (mut unreadable, mut unwritable, mut works) = (Vec::new(), Vec::new(), false);
    for object in object::offered() {
        match knowledge.properties(&object).await {
            Ok(_) => {}
            Err(failure) if failure.kind == Kind::Configuration => {
                unreadable.push((object, failure));
                continue;
            }
            Err(failure) => return Err(failure),
        }
        match knowledge.footing().problem(Task::WriteRecords(&object)) {
            Some(problem) => unwritable.push((object, problem)),
            None => {
                works = true;
                findings.note(readable(&object, knowledge).await?);
            }
        }
    }
    for (what, refused) in [("use", &unreadable), ("write", &unwritable)] {
        let names: Vec<&str> = refused.iter().map(|(object, _)| object.name.as_str()).collect();
        if works && !names.is_empty() {
            findings.warn(format!(
                "The token may not {what}: {} (add their scopes in HubSpot if you need them).",
                names.join(", ")
            ));
        }
    }
    if !works && let Some((_, failure)) = unwritable.into_iter().chain(unreadable).next() {
        findings.fail(failure);
    }
    Ok(())
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
