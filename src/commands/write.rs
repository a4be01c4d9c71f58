//! `write`: plans, then reads stdin to its end.

use std::path::Path;
use std::sync::Arc;

use super::footing::Footing;
use super::prepare::{self, Knowledge};
use crate::config::{Config, Limit};
use crate::engine::association::Awaited;
use crate::engine::request::Target;
use crate::engine::reserve;
use crate::engine::retry::UNREACHED;
use crate::engine::sync::{Durability, Settings, Sync};
use crate::error::{Failure, Kind};
use crate::hubspot::client::Client;
use crate::hubspot::fresh::FreshProperties;
use crate::hubspot::making::{Making, PropertyMaker};
use crate::hubspot::patient::Patience;
use crate::hubspot::write::Destination;
use crate::output::clock;
use crate::output::emitter::Emitter;
use crate::output::progress::Progress;
use crate::output::rotation::TokenRotation;
use crate::pipeline::calls::{HubSpotCalls, Route};
use crate::pipeline::dispatcher::{DispatchedLink, DispatchedStream, Dispatcher};
use crate::pipeline::keeping::Keeping;
use crate::pipeline::making::{MissedProperties, orders, serve};
use crate::pipeline::reader::{Reader, ReaderStream};
use crate::pipeline::rehearsal::Rehearsal;
use crate::pipeline::signals::{Ask, Signals};
use crate::pipeline::summary::Performance;
use crate::plan::Plan;
use crate::plan::inline::PlannedLink;
use crate::protocol::catalog::{CatalogError, ConfiguredCatalog};
use crate::rejected::storage::identity::SyncId;
use crate::rejected::storage::pending::Pending;
use crate::stdio::Ready;
use crate::storage::RejectStore;

/// How a command ended that did not fail.
#[derive(Clone, Copy, Debug)]
pub enum Completed {
    /// It did what it was asked to.
    Whole,
    /// A signal asked it to end.
    Asked(Ask),
}

/// Records and states that may be held, in bytes: enough for every call under way and the batches being
/// filled, small enough for a container of 64 MiB.
const BUFFER_BYTES: usize = 12 << 20;
/// Pieces of input between the reader's thread and the loop.
const PIECES_AHEAD: usize = 2;

/// Runs the command.
///
/// # Errors
/// Why the sync ended early. What settled before is acknowledged.
pub fn run(config: &Path, catalog: &Path, emitter: &Emitter) -> Result<Completed, Failure> {
    let (text, config) = super::read_config(config, emitter.secrets())?;
    let catalog = read_catalog(catalog)?;
    let client = Client::new(&config, emitter.secrets())?;
    let rotation = TokenRotation::new(&text);
    let keeping = match performance(&config) {
        Performance::Real => keeping(&config, &catalog)?,
        Performance::Rehearsed => None,
    };
    super::block_on(sync(&client, &config, &catalog, emitter, rotation, keeping))?
}

async fn sync(
    client: &Client,
    config: &Config,
    catalog: &ConfiguredCatalog,
    emitter: &Emitter,
    rotation: TokenRotation,
    keeping: Option<Keeping>,
) -> Result<Completed, Failure> {
    let patience = Patience::Each(config.retry_budget_seconds.duration());
    let mut knowledge = Knowledge::new(client, patience);
    let ended = perform(&mut knowledge, config, catalog, emitter, rotation, keeping).await;
    ended.map_err(|failure| knowledge.footing().naming_the_reset(naming_the_hindrance(failure, client)))
}

async fn perform(
    knowledge: &mut Knowledge<'_>,
    config: &Config,
    catalog: &ConfiguredCatalog,
    emitter: &Emitter,
    rotation: TokenRotation,
    keeping: Option<Keeping>,
) -> Result<Completed, Failure> {
    let mut signals = Signals::install().map_err(|error| {
        Failure::new(Kind::Internal, "Signals could not be listened for.").internal(error.to_string())
    })?;
    let (client, patience) = (knowledge.client(), knowledge.patience());
    let fresh = FreshProperties::default();
    let performance = performance(config);
    let making = match performance {
        Performance::Real => Making::InHubspot,
        Performance::Rehearsed => Making::OnPaper,
    };
    let mut maker = PropertyMaker::new(client.clone(), patience, making, config.create_limit, fresh.clone());
    let made = maker.made();
    let preparing = async {
        knowledge.stand_on(Footing::of_sync(client, config.retry_budget_seconds.duration()).await?);
        let mut plans = prepare::plans(knowledge, config, catalog).await?;
        let quota = client.daily_quota();
        if let Some(failure) = quota.and_then(|quota| reserve::touched(&quota, config.daily_reserve_percent))
        {
            return Err(failure);
        }
        // Nothing is made in HubSpot before everything is known to be in order.
        if let Some(keeping) = &keeping {
            keeping.admit().await?;
        }
        prepare::make_missing(&mut maker, &mut plans).await?;
        Ok::<_, Failure>(plans)
    };
    let prepared = tokio::select! {
        plans = preparing => plans,
        ask = signals.next() => return Ok(Completed::Asked(ask)),
    };
    rotation.publish(client, emitter).await;
    let plans = prepared?;
    let streams = plans.iter().map(|plan| dispatched(plan, &fresh, performance)).collect();
    let streams_read = plans.into_iter().zip(&catalog.streams).map(|(plan, stream)| {
        let descriptor = plan.descriptor;
        let announces_end = stream.generation_id.is_some();
        ReaderStream { shaping: plan.shaping, deleted: plan.deleted, descriptor, announces_end }
    });
    let (orders, placed) = orders();
    let missed = MissedProperties::default();
    let reader = Reader::new(streams_read.collect(), orders, missed.clone());
    let (sender, events) = tokio::sync::mpsc::channel(PIECES_AHEAD);
    // Not joined: at the end it may still wait for input that nobody needs.
    std::thread::spawn(move || reader.run(Ready(std::io::stdin().lock()), &sender));
    let shown = config.rejected_records_output(std::env::var_os("WORKER_JOB_ID").is_some());
    let rotation = Arc::new(rotation);
    let owners = Arc::clone(knowledge.owners());
    tokio::spawn(serve(maker, placed, owners, client.clone(), Arc::clone(&rotation), emitter.clone()));
    let calls = HubSpotCalls::new(client.clone(), rotation, emitter.clone());
    let durability = if keeping.is_some() { Durability::Stored } else { Durability::Printed };
    let engine = Sync::new(settings(config, durability));
    let ended = match performance {
        Performance::Real => {
            let dispatcher = Dispatcher::new(engine, calls, streams, emitter.clone(), shown);
            let dispatcher = dispatcher.keeping(keeping).showing(Progress::on_stderr());
            let dispatcher = dispatcher.admitting(client.toll().open()).telling_of(missed);
            dispatcher.run(events, &mut signals).await
        }
        Performance::Rehearsed => {
            tracing::info!("Dry run: nothing is written to HubSpot or to storage, and no state is printed.");
            let dispatcher = Dispatcher::new(engine, Rehearsal::new(calls), streams, emitter.clone(), shown);
            let dispatcher = dispatcher.performing(performance).showing(Progress::on_stderr());
            let dispatcher = dispatcher.admitting(client.toll().open());
            dispatcher.run(events, &mut signals).await
        }
    };
    tell_of_what_was_made(performance, &made.names());
    match (ended.asked, ended.failure) {
        (Some(ask), _) => Ok(Completed::Asked(ask)),
        (None, Some(failure)) => Err(failure),
        (None, None) => Ok(Completed::Whole),
    }
}

/// The same failure; where it is that HubSpot cannot be reached, it says what is in the way.
fn naming_the_hindrance(mut failure: Failure, client: &Client) -> Failure {
    let is_unexplained = failure.message.strip_prefix(UNREACHED).is_some_and(|rest| rest.starts_with(';'));
    if is_unexplained && let Some(hindrance) = client.contact().hindrance() {
        failure.message.push(' ');
        failure.message.push_str(&hindrance);
    }
    failure
}

fn performance(config: &Config) -> Performance {
    if config.dry_run { Performance::Rehearsed } else { Performance::Real }
}

fn tell_of_what_was_made(performance: Performance, names: &[String]) {
    let created = match performance {
        Performance::Real => "Created in HubSpot",
        Performance::Rehearsed => "Dry run: would be created in HubSpot",
    };
    if !names.is_empty() {
        tracing::info!("{created}: {} ({}).", names.len(), names.join(", "));
    }
}

/// Where this sync's rejected records are stored, if they are.
fn keeping(config: &Config, catalog: &ConfiguredCatalog) -> Result<Option<Keeping>, Failure> {
    let job = std::env::var("WORKER_JOB_ID").ok();
    let sync_id = SyncId::new(catalog.streams.iter().find_map(|stream| stream.sync_id), job.as_deref());
    let patience = config.retry_budget_seconds.duration();
    let store = RejectStore::open(config, &sync_id, clock::now_ms() as i64, patience)?;
    let (Some(store), Some(files)) = (store, config.object_storage_config.files()) else { return Ok(None) };
    let mut pending = Pending::new(files.format.clone(), sync_id, fastrand::u64(..));
    for stream in &catalog.streams {
        let columns = stream.columns.keys().map(String::as_str);
        pending.add_stream(stream.descriptor.clone(), stream.generation_id, columns);
    }
    Ok(Some(Keeping::new(pending, store, config.flush_interval_seconds.duration())))
}

fn settings(config: &Config, durability: Durability) -> Settings {
    Settings {
        buffer_bytes: BUFFER_BYTES,
        flush_interval: config.flush_interval_seconds.duration(),
        retry_budget: config.retry_budget_seconds.duration(),
        rate_limit_share: config.rate_limit_share,
        daily_reserve_percent: config.daily_reserve_percent,
        seed: fastrand::u64(..),
        durability,
        rejection_limit: config.rejection_limit.and_then(Limit::bound),
        began_at: clock::now_ms() as i64,
    }
}

fn dispatched(plan: &Plan, fresh: &FreshProperties, performance: Performance) -> DispatchedStream {
    let route = |target: &Target, doing: &str| {
        let destination = Destination { doing: doing.to_owned(), fresh: fresh.clone() };
        Arc::new(Route { target: target.clone(), destination })
    };
    let link = |planned: &PlannedLink| DispatchedLink {
        link: planned.link.clone(),
        awaited: planned.awaited,
        route: route(&planned.target, &planned.doing),
    };
    DispatchedStream {
        descriptor: plan.descriptor.clone(),
        route: Some(route(&plan.target, &plan.doing)),
        mirrors: plan.mirrors.clone(),
        links: match performance {
            Performance::Real => plan.links.iter().map(link).collect(),
            // What a dry run does not write has no id, and cannot be associated.
            Performance::Rehearsed => Vec::new(),
        },
        awaited: match performance {
            Performance::Real => plan.awaited,
            // What the other streams would bring does not come.
            Performance::Rehearsed => Awaited::default(),
        },
    }
}

fn read_catalog(path: &Path) -> Result<ConfiguredCatalog, Failure> {
    let text = super::read(path, "catalog")?;
    ConfiguredCatalog::from_json(&text)
        .map_err(|error: CatalogError| Failure::new(Kind::Configuration, super::sentence(&error.to_string())))
}
