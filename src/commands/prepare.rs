//! Before the first record: reads what the streams need to know of the account, and makes their plans.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::announce;
use super::associations;
use super::audiences;
use super::events::{self, Definitions};
use super::footing::Footing;
use super::inline;
use super::lists;
use crate::coerce::{Aliases, NameMatch, ObjectKind, Owners, resolve};
use crate::config::{Config, Operation, StreamSettings, UnknownProperties};
use crate::crm::association_label::{AssociationLabel, with_primary};
use crate::crm::list::List;
use crate::crm::new_property::{Made, NewProperty, Values};
use crate::crm::object::{ObjectSchema, ObjectType};
use crate::crm::property::Property;
use crate::crm::scopes::Task;
use crate::error::{Failure, Kind};
use crate::hubspot::account::{self, Sensitivity};
use crate::hubspot::client::Client;
use crate::hubspot::lists as list_calls;
use crate::hubspot::making::PropertyMaker;
use crate::hubspot::patient::Patience;
use crate::plan::deleted::{self, DeletedRowsOf};
use crate::plan::entries::Entries;
use crate::plan::first_names::FirstNames;
use crate::plan::inline::await_ends;
use crate::plan::nested;
use crate::plan::object::{self, ObjectName};
use crate::plan::operation;
use crate::plan::stream::Groundwork;
use crate::plan::target::TargetName;
use crate::plan::{Plan, StreamPlan};
use crate::protocol::catalog::{ConfiguredCatalog, ConfiguredStream};

/// What is known of the account, read once for each object.
#[derive(Debug)]
pub struct Knowledge<'a> {
    client: &'a Client,
    patience: Patience,
    footing: Footing,
    schemas: Option<Vec<ObjectSchema>>,
    properties: HashMap<ObjectType, Vec<Property>>,
    /// Objects whose sensitive properties are among them.
    with_sensitive: HashSet<ObjectType>,
    /// Shared by all who need them.
    owners: Arc<Owners>,
    event_definitions: Option<Definitions>,
    names: SyncNames,
}

/// What the records of a sync name, whichever stream they are of.
#[derive(Clone, Debug)]
pub struct SyncNames {
    /// Audiences, by the properties they are kept in.
    pub audiences: FirstNames,
    /// Lists.
    pub lists: FirstNames,
}

impl<'a> Knowledge<'a> {
    /// Nothing yet; read through `client` with this patience.
    #[must_use]
    pub fn new(client: &'a Client, patience: Patience) -> Self {
        Self {
            client,
            patience,
            footing: Footing::default(),
            schemas: None,
            properties: HashMap::new(),
            with_sensitive: HashSet::new(),
            owners: Arc::default(),
            event_definitions: None,
            names: SyncNames { audiences: FirstNames::of_audiences(), lists: FirstNames::of_lists() },
        }
    }

    /// What the records of the sync name.
    #[must_use]
    pub fn names(&self) -> &SyncNames {
        &self.names
    }

    /// Says by which token it is read, and of which account.
    pub fn stand_on(&mut self, footing: Footing) {
        self.footing = footing;
    }

    /// Account and token, as far as they are known.
    #[must_use]
    pub fn footing(&self) -> &Footing {
        &self.footing
    }

    /// What it is read through.
    #[must_use]
    pub fn client(&self) -> &'a Client {
        self.client
    }

    /// How patiently.
    #[must_use]
    pub fn patience(&self) -> Patience {
        self.patience
    }

    /// The account's event definitions, read when they are first asked for.
    ///
    /// # Errors
    /// A failure when HubSpot cannot be reached, or does not accept the token.
    pub async fn event_definitions(&mut self) -> Result<&Definitions, Failure> {
        if self.event_definitions.is_none() {
            self.event_definitions = Some(events::read(self).await?);
        }
        // Just put there where it was missing.
        Ok(self.event_definitions.get_or_insert(Definitions::Unreadable))
    }

    /// The account's custom objects, read when they are first asked for; none where the token may not see them.
    ///
    /// # Errors
    /// A failure when HubSpot cannot be reached, or does not accept the token.
    pub async fn schemas(&mut self) -> Result<&[ObjectSchema], Failure> {
        if self.schemas.is_none() {
            let schemas = match account::schemas(self.client, self.patience).await {
                Ok(schemas) => schemas,
                Err(trouble) if trouble.is_forbidden() => {
                    tracing::warn!(
                        "The token may not read custom objects, or the account has none: only HubSpot's own objects are known."
                    );
                    Vec::new()
                }
                Err(trouble) => return Err(trouble.into_failure("read the custom objects")),
            };
            self.schemas = Some(schemas);
        }
        Ok(self.schemas.as_deref().unwrap_or_default())
    }

    /// What the schema of a custom object demands of a new record; nothing for HubSpot's own objects.
    ///
    /// # Errors
    /// A failure when HubSpot cannot be reached, or does not accept the token.
    pub async fn required(&mut self, object: &ObjectType) -> Result<Vec<String>, Failure> {
        if !object.is_custom() {
            return Ok(Vec::new());
        }
        let schemas = self.schemas().await?;
        let schema = schemas.iter().find(|schema| schema.object_type_id == object.type_id);
        Ok(schema.map(|schema| schema.required_properties.clone()).unwrap_or_default())
    }

    /// The account's owners, as far as they have been read.
    #[must_use]
    pub fn owners(&self) -> &Arc<Owners> {
        &self.owners
    }

    /// Reads the account's owners, once. Where their pages do not end they stay unread: records that name owners by id
    /// can do without.
    ///
    /// # Errors
    /// A failure when HubSpot cannot be reached, or does not accept the token.
    async fn read_owners(&self) -> Result<(), Failure> {
        if self.owners.are_read() {
            return Ok(());
        }
        match account::read_owners(self.client, &self.owners, self.patience).await {
            Err(trouble) if trouble.is_endless() => {
                tracing::warn!("{}", trouble.into_failure("read the owners"));
                Ok(())
            }
            read => read.map_err(|trouble| trouble.into_failure("read the owners")),
        }
    }

    /// The kinds of association from one object type to another.
    ///
    /// # Errors
    /// A failure when HubSpot refuses, as it does for objects that cannot be associated, or cannot be reached.
    pub async fn association_labels(
        &self,
        from: &ObjectType,
        to: &ObjectType,
    ) -> Result<Vec<AssociationLabel>, Failure> {
        let labels = account::association_labels(self.client, from, to, self.patience).await;
        let labels = labels.map(|labels| with_primary(&from.type_id, &to.type_id, labels));
        labels.map_err(|trouble| {
            trouble.into_failure(&format!("read the association labels from {} to {}", from.name, to.name))
        })
    }

    /// A list that has to be there.
    ///
    /// # Errors
    /// A configuration failure when there is none of this id, it was deleted, or the token may not see it.
    pub async fn list(&mut self, id: &str) -> Result<List, Failure> {
        let deleted = || {
            let message = format!("List {id} was deleted in HubSpot. Restore it there, or use another list.");
            Failure::new(Kind::Configuration, message)
        };
        let list = list_calls::by_id(self.client, id, self.patience).await.map_err(|trouble| {
            if trouble.says_there_is_none() {
                let message = format!(
                    "HubSpot has no list with the id \"{id}\". Take the id from the list's page in HubSpot (CRM, \
                     Segments: the number at the end of its address), or create the list."
                );
                return Failure::new(Kind::Configuration, message);
            }
            trouble.into_failure(&format!("read list {id}"))
        })?;
        // HubSpot shows it for a while, and takes no members for it.
        if list.is_deleted() { Err(deleted()) } else { Ok(list) }
    }

    /// An object's ordinary properties, read when they are first asked for.
    ///
    /// # Errors
    /// A failure when HubSpot refuses or cannot be reached.
    pub async fn properties(&mut self, object: &ObjectType) -> Result<&mut Vec<Property>, Failure> {
        if !self.properties.contains_key(object) {
            let doing = format!("read the properties of {}", object.name);
            let properties = account::properties(self.client, object, Sensitivity::Ordinary, self.patience)
                .await
                .map_err(|trouble| trouble.into_failure(&doing))?;
            self.properties.insert(object.clone(), properties);
        }
        // Just put there where it was missing.
        Ok(self.properties.entry(object.clone()).or_default())
    }

    /// Adds the sensitive properties to an object's, once; those the token may not see are left out.
    ///
    /// # Errors
    /// A failure when HubSpot cannot be reached.
    pub async fn add_sensitive(&mut self, object: &ObjectType) -> Result<(), Failure> {
        if !self.with_sensitive.insert(object.clone()) {
            return Ok(());
        }
        let doing = format!("read the sensitive properties of {}", object.name);
        for sensitivity in [Sensitivity::Sensitive, Sensitivity::HighlySensitive] {
            match account::properties(self.client, object, sensitivity, self.patience).await {
                Ok(more) => {
                    let known = self.properties(object).await?;
                    for property in more {
                        if !known.iter().any(|old| old.name == property.name) {
                            known.push(property);
                        }
                    }
                }
                // Accounts without the feature may refuse the question.
                Err(trouble) if trouble.is_configuration() => {}
                Err(trouble) => return Err(trouble.into_failure(&doing)),
            }
        }
        Ok(())
    }
}

/// Makes the plan of every stream, and tells of each. Nothing is written.
///
/// # Errors
/// One failure that names everything found wrong, streams in the catalog's order.
pub async fn plans(
    knowledge: &mut Knowledge<'_>,
    config: &Config,
    catalog: &ConfiguredCatalog,
) -> Result<Vec<Plan>, Failure> {
    let entries = Entries::of(&config.streams, catalog);
    announce::entries(&entries);
    let mut plans = Vec::new();
    let mut failures = entries.near_misses;
    for stream in &catalog.streams {
        match plan(config, stream, knowledge).await {
            Ok(plan) => {
                announce::stream(config, stream, &plan);
                plans.push(plan);
            }
            Err(failure) if failure.kind == Kind::Configuration => failures.push(naming_its_stream(failure)),
            Err(failure) => return Err(failure),
        }
    }
    match failures.len() {
        0 => {
            events::check_names(config, catalog, &plans, knowledge).await?;
            await_ends(&mut plans);
            Ok(plans)
        }
        1 => Err(failures.remove(0)),
        _ => {
            let mut messages: Vec<String> = failures.iter().map(ToString::to_string).collect();
            messages.dedup();
            Err(Failure {
                message: messages.join(" "),
                correlation_id: None,
                stream: None,
                ..failures.remove(0)
            })
        }
    }
}

/// The same failure, whose text says which stream it concerns.
fn naming_its_stream(failure: Failure) -> Failure {
    let Some(stream) = &failure.stream else { return failure };
    if failure.message.contains(&format!("\"{stream}\"")) {
        return failure;
    }
    Failure { message: format!("Stream \"{stream}\": {}", failure.message), ..failure }
}

/// Holds what the stream asks for against what the token may do.
///
/// # Errors
/// A configuration failure when the token is known to lack the scope. A dry run writes nothing and goes on with a word
/// of warning.
fn check_scope(
    config: &Config,
    stream: &ConfiguredStream,
    task: Task<'_>,
    footing: &Footing,
) -> Result<(), Failure> {
    match footing.problem(task) {
        Some(problem) if config.dry_run => {
            tracing::warn!("Stream \"{}\": {}", stream.descriptor, problem.message);
            Ok(())
        }
        Some(problem) => Err(problem.of_stream(&stream.descriptor)),
        None => Ok(()),
    }
}

/// The same for a stream of records, whose properties may have to be made too.
///
/// # Errors
/// A configuration failure when the token is known to lack the scope to write the object.
pub fn check_scopes(
    config: &Config,
    stream: &ConfiguredStream,
    object: &ObjectType,
    footing: &Footing,
) -> Result<(), Failure> {
    check_scope(config, stream, Task::WriteRecords(object), footing)?;
    let settings = config.stream(stream.descriptor.namespace.as_deref(), &stream.descriptor.name);
    if config.value_policies(settings).unknown_properties == UnknownProperties::Create
        && let Some(problem) = footing.making_problem(object)
    {
        tracing::warn!("Stream \"{}\": {problem}", stream.descriptor);
    }
    Ok(())
}

/// Makes the properties that declared columns need and HubSpot does not have, each once, before anything is written.
/// Where they are more than the limit, none is made.
///
/// # Errors
/// Why one of them cannot be made.
pub async fn make_missing(maker: &mut PropertyMaker, plans: &mut [Plan]) -> Result<(), Failure> {
    let mut wanted: Vec<(ObjectType, NewProperty)> = Vec::new();
    for plan in &mut *plans {
        for (object, new) in std::mem::take(&mut plan.missing) {
            let archived = maker.is_archived(&object, &new.name).await;
            if archived.map_err(|failure| failure.of_stream(&plan.descriptor))? {
                if new.values == Values::Unique {
                    return Err(archived_key(&new.name).of_stream(&plan.descriptor));
                }
                plan.shaping.learn(&new.name, Made::Archived);
                continue;
            }
            if !wanted.iter().any(|(known, other)| *known == object && other.name == new.name) {
                wanted.push((object.clone(), new.clone()));
            }
            plan.missing.push((object, new));
        }
    }
    maker.check_room(wanted.len() + events::missing(plans))?;
    // A key of one stream may be a column like any other of another: it is made as the key.
    for values in [Values::Unique, Values::Any] {
        for plan in &mut *plans {
            let (now, later) = std::mem::take(&mut plan.missing)
                .into_iter()
                .partition::<Vec<_>, _>(|(_, new)| new.values == values);
            plan.missing = later;
            for (object, new) in now {
                let made = match maker.make(&object, &new).await {
                    // What is declared can be changed before anything is written.
                    Ok(Made::Refused(failure)) => Err(*failure),
                    made => made,
                };
                plan.shaping.learn(&new.name, made.map_err(|failure| failure.of_stream(&plan.descriptor))?);
            }
        }
    }
    events::make_missing(maker, plans).await
}

fn archived_key(name: &str) -> Failure {
    let message = format!(
        "The matching key \"{name}\" was archived in HubSpot, so it is not created: restore it there, or choose another \
         name."
    );
    Failure::new(Kind::Configuration, message)
}

async fn plan(
    config: &Config,
    stream: &ConfiguredStream,
    knowledge: &mut Knowledge<'_>,
) -> Result<Plan, Failure> {
    let of_stream = |failure: Failure| failure.of_stream(&stream.descriptor);
    let settings = config.stream(stream.descriptor.namespace.as_deref(), &stream.descriptor.name);
    let target = TargetName::of(object::name_of(stream, settings));
    inline::refuse_where_there_is_no_record(target, settings).map_err(of_stream)?;
    settings.map_or(Ok(()), |settings| deleted::refuse_archiving(target, settings)).map_err(of_stream)?;
    let mut plan = plan_of(target, config, stream, knowledge).await?;
    plan.deleted = DeletedRowsOf::new(&plan, settings, config.deleted_rows)?;
    Ok(plan)
}

async fn plan_of(
    target: TargetName<'_>,
    config: &Config,
    stream: &ConfiguredStream,
    knowledge: &mut Knowledge<'_>,
) -> Result<Plan, Failure> {
    let of_stream = |failure: Failure| failure.of_stream(&stream.descriptor);
    let settings = config.stream(stream.descriptor.namespace.as_deref(), &stream.descriptor.name);
    match target {
        TargetName::Object(name) => object_plan(name, config, stream, knowledge).await.map(Plan::from),
        TargetName::List(id) => {
            let plan = lists::plan(id, stream, settings, knowledge).await.map_err(of_stream)?;
            check_scope(config, stream, Task::ChangeLists, knowledge.footing()).map(|()| plan)
        }
        TargetName::ListMembership => {
            let plan = lists::named_plan(stream, settings, knowledge).await.map_err(of_stream)?;
            check_scope(config, stream, Task::ChangeLists, knowledge.footing()).map(|()| plan)
        }
        TargetName::Association { from, to } => {
            associations::plan((from, to), stream, settings, knowledge).await.map_err(of_stream)
        }
        TargetName::Audience => audiences::plan(config, stream, knowledge).await,
        TargetName::Event(event) => {
            let plan = events::plan(event, config, stream, knowledge).await?;
            check_scope(config, stream, Task::SendEvents, knowledge.footing()).map(|()| plan)
        }
    }
}

async fn object_plan(
    name: ObjectName<'_>,
    config: &Config,
    stream: &ConfiguredStream,
    knowledge: &mut Knowledge<'_>,
) -> Result<StreamPlan, Failure> {
    let of_stream = |failure: Failure| failure.of_stream(&stream.descriptor);
    let settings = config.stream(stream.descriptor.namespace.as_deref(), &stream.descriptor.name);
    let mapping = settings.map(|settings| settings.property_mapping.pairs()).unwrap_or_default();
    let stream = &nested::taken_apart(stream, mapping);
    let object = object_type(name, knowledge).await.map_err(of_stream)?;
    knowledge.properties(&object).await.map_err(of_stream)?;
    check_scopes(config, stream, &object, knowledge.footing())?;
    let properties = knowledge.properties(&object).await.map_err(of_stream)?;
    if names_unknown_properties(stream, settings, properties) {
        knowledge.add_sensitive(&object).await.map_err(of_stream)?;
    }
    let owners = owners(stream, settings, &object, knowledge).await.map_err(of_stream)?;
    let inserts = operation::of(stream, settings).is_ok_and(|operation| operation == Operation::Insert);
    let required = if inserts { knowledge.required(&object).await.map_err(of_stream)? } else { Vec::new() };
    let configured = settings.map(|settings| settings.associations.as_slice()).unwrap_or_default();
    let associations = inline::plans(configured, &object, knowledge).await.map_err(of_stream)?;
    for problem in inline::scope_problems(&associations, knowledge.footing()) {
        tracing::warn!("Stream \"{}\": {problem}", stream.descriptor);
    }
    let properties = knowledge.properties(&object).await.map_err(of_stream)?;
    let owners = owners.as_ref();
    let (required, associations) = (required.as_slice(), associations.as_slice());
    StreamPlan::new(Groundwork {
        config,
        stream,
        object: &object,
        properties,
        owners,
        required,
        associations,
    })
}

/// The account's owners, where records of the stream may name one by e-mail address: the object has an owner property,
/// and the operation writes it. They are read now where a declared column is one; columns that nobody declared may be one
/// too, which is seen when a record names an owner.
async fn owners(
    stream: &ConfiguredStream,
    settings: Option<&StreamSettings>,
    object: &ObjectType,
    knowledge: &mut Knowledge<'_>,
) -> Result<Option<Arc<Owners>>, Failure> {
    let writes_the_key_only =
        operation::of(stream, settings).is_ok_and(|wanted| wanted == Operation::Archive);
    let properties = knowledge.properties(object).await?;
    let is_owner = |property: &&Property| property.is_owner() && property.is_writable();
    if writes_the_key_only || !properties.iter().any(|property| is_owner(&property)) {
        return Ok(None);
    }
    let is_declared = names(stream, settings, properties)
        .any(|name| properties.iter().filter(is_owner).any(|property| property.name == name));
    if is_declared {
        knowledge.read_owners().await?;
    }
    let owners = Arc::clone(knowledge.owners());
    if is_declared && owners.are_unreadable() {
        tracing::warn!(
            "The token may not read owners (scope crm.objects.owners.read): owner properties of stream \"{}\" take \
             owner ids only, no e-mail addresses.",
            stream.descriptor
        );
    }
    Ok(Some(owners))
}

/// The object type a name stands for; the account's custom objects are read only where they are needed.
///
/// # Errors
/// A failure when nothing answers to the name, or HubSpot cannot be asked.
pub async fn object_type(name: ObjectName<'_>, knowledge: &mut Knowledge<'_>) -> Result<ObjectType, Failure> {
    if !object::needs_schemas(name) {
        return object::resolve(name, &[]);
    }
    object::resolve(name, knowledge.schemas().await?)
}

/// Whether the stream may name a property that is not among the ordinary ones: then it may be a sensitive one,
/// which HubSpot lists only when asked for.
fn names_unknown_properties(
    stream: &ConfiguredStream,
    settings: Option<&StreamSettings>,
    properties: &[Property],
) -> bool {
    let key = settings.and_then(|settings| settings.matching_key.clone());
    let options = settings.map(|settings| settings.append_options.clone()).unwrap_or_default();
    let unknown = |name: String| properties.iter().all(|property| property.name != name);
    // Where nothing is declared, any column may come.
    stream.columns.is_empty() || names(stream, settings, properties).chain(key).chain(options).any(unknown)
}

/// The properties that the stream's declared columns stand for, as far as their names tell.
fn names<'a>(
    stream: &'a ConfiguredStream,
    settings: Option<&'a StreamSettings>,
    properties: &'a [Property],
) -> impl Iterator<Item = String> + 'a {
    let mapping = settings.map(|settings| settings.property_mapping.pairs()).unwrap_or_default();
    let exists = |name: &str| properties.iter().any(|property| property.name == name);
    stream.columns.keys().filter_map(move |column| {
        match resolve(column, mapping, Aliases::On, &exists, properties, ObjectKind::Other) {
            NameMatch::Mapped { to }
            | NameMatch::Normalised { to }
            | NameMatch::Alias { to }
            | NameMatch::LastResort { to } => Some(to),
            NameMatch::Exact | NameMatch::Unknown => Some(column.clone()),
            NameMatch::Internal => None,
        }
    })
}
