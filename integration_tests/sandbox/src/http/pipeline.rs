//! The way of a request from arrival to answer: route, token, limits, fault, effect, answer.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::body::Bytes;
use tokio::sync::watch;

use super::admission::{Admitted, Rejected, admit};
use super::answer::{Answer, AnswerBody};
use super::query::Query;
use super::wire::Wire;
use crate::endpoints::{self, Call};
use crate::faults::{BatchRefusal, Chosen, Effect, FaultEngine, Subject, When, of_first_page};
use crate::log::{Arrival, RequestLog, Ticket};
use crate::objects::envelope::Envelope;
use crate::page;
use crate::random::Random;
use crate::remote::{self, Control};
use crate::seed::Delays;
use crate::start::{Snapshot, Start};
use crate::world::World;

/// Whether answers are compressed. HubSpot's edge does it; uncompressed ones are easier to look at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gzip {
    /// They are not.
    #[default]
    Never,
    /// Those that are long enough are, for clients that say they take it.
    WhenAccepted,
}

/// How long answers take.
#[derive(Clone, Debug)]
pub(crate) struct Timing {
    latency: Duration,
    jitter: Duration,
    random: Random,
}

impl Timing {
    /// No time at all; jitter will be drawn from this seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self { latency: Duration::ZERO, jitter: Duration::ZERO, random: Random::new(seed ^ 0x7177) }
    }

    /// Takes over what is given.
    pub(crate) fn set(&mut self, delays: &Delays) {
        self.latency = delays.latency.unwrap_or(self.latency);
        self.jitter = delays.jitter.unwrap_or(self.jitter);
    }

    /// Says what is set.
    pub(crate) fn tell(&self, delays: &mut Delays) {
        (delays.latency, delays.jitter) = (Some(self.latency), Some(self.jitter));
    }
}

/// What all connections share. No lock is held across an await, and the locks are taken one at a time.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) world: Mutex<World>,
    pub(crate) faults: Mutex<FaultEngine>,
    pub(crate) timing: Mutex<Timing>,
    /// What the account began with.
    pub(crate) start: Start,
    pub(crate) snapshots: Mutex<BTreeMap<String, Snapshot>>,
    pub(crate) log: Arc<RequestLog>,
    /// Pages shown to browsers.
    pub(crate) pages: AtomicU64,
    /// Connections that carried requests.
    pub(crate) connections: AtomicU64,
    /// Whether there is a control over HTTP.
    pub(crate) control: Control,
    /// Longest body taken, in bytes.
    pub(crate) body_limit: usize,
    pub(crate) gzip: Gzip,
    pub(crate) wire: Wire,
    pub(crate) stop: watch::Receiver<bool>,
}

/// A request as it came off the connection.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) authorization: Option<String>,
    /// Whether a page of another site asks, as far as a browser says so.
    pub(crate) foreign: bool,
    /// None if it was longer than the limit.
    pub(crate) body: Option<Bytes>,
}

/// What goes back over the connection.
#[derive(Debug)]
pub(crate) enum Delivery {
    Answer(Answer),
    /// The head and half of the body.
    Truncated(Answer),
    /// An answer, and nothing more over this connection.
    Last(Answer),
    /// A reset: of the connection, or of the stream where it has several.
    Close,
    /// A reset of the connection with everything on it.
    Cut,
    /// The stream is refused; where there are no streams, the connection is reset.
    Refused,
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Handles one request. It runs to its end even if the client goes away, as HubSpot does.
    pub(crate) async fn handle(self: Arc<Self>, received: Received) -> Delivery {
        if let Some(answer) = remote::answer(&self, &received) {
            return Delivery::Answer(answer);
        }
        let (method, path) = (&received.method, &received.path);
        if let Some(page) = page::answer(&self, method, path, received.query.as_deref()) {
            self.pages.fetch_add(1, Ordering::SeqCst);
            self.log.notify();
            return Delivery::Answer(page);
        }
        let arrival = Arrival {
            method: received.method.clone(),
            path: received.path.clone(),
            query: received.query.clone(),
            body: received.body.clone().unwrap_or_default(),
        };
        let mut ticket = self.log.arrive(arrival);
        let delivery = self.deliver(&received, &mut ticket).await;
        if let Delivery::Answer(answer) | Delivery::Truncated(answer) | Delivery::Last(answer) = &delivery {
            ticket.outcome.status = Some(answer.status);
            ticket.outcome.inputs = answer.inputs;
            ticket.outcome.answer = answer.body.bytes();
        }
        delivery
    }

    async fn deliver(&self, received: &Received, ticket: &mut Ticket) -> Delivery {
        let admitted = admit(&mut lock(&self.world), received);
        let admitted = match admitted {
            Ok(admitted) => admitted,
            Err(Rejected { endpoint, answer }) => {
                ticket.outcome.endpoint = Some(endpoint);
                return Delivery::Answer(self.finish(answer));
            }
        };
        ticket.outcome.endpoint = Some(admitted.route.endpoint);
        ticket.outcome.object.clone_from(&admitted.route.object);
        ticket.outcome.rate_remaining = admitted.remaining;
        let chosen = self.choose(&admitted, received);
        ticket.outcome.fault = chosen.as_ref().map(|chosen| chosen.id);
        self.pause().await;
        if let Some(chosen) = &chosen
            && let Some(delivery) = self.before(chosen, &admitted, received).await
        {
            return self.with_headers(delivery, &admitted);
        }
        let answer = self.perform(&admitted, received, ticket.number, chosen.as_ref());
        let delivery = match &chosen {
            Some(chosen) => self.after(chosen, answer, ticket.number).await,
            None => Delivery::Answer(answer),
        };
        self.with_headers(delivery, &admitted)
    }

    fn choose(&self, admitted: &Admitted, received: &Received) -> Option<Chosen> {
        if lock(&self.faults).is_empty() {
            return None;
        }
        let object = admitted.route.object.as_deref().and_then(|name| {
            let world = &mut *lock(&self.world);
            world.catalog.resolve(name).map(|index| world.catalog.get(index).names())
        });
        let is_object = |name: &str| object.as_ref().is_some_and(|names| names.answer_to(name));
        let subject = Subject {
            endpoint: admitted.route.endpoint,
            is_object: &is_object,
            item: admitted.route.item.as_deref(),
            body: received.body.as_deref().unwrap_or_default(),
        };
        lock(&self.faults).choose(&subject)
    }

    /// Latency and jitter pass before the effect, so that requests overtake each other as on a real network.
    async fn pause(&self) {
        let wait = {
            let timing = &mut *lock(&self.timing);
            timing.latency + timing.random.up_to(timing.jitter)
        };
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }

    /// What a fault does before the effect; `None` lets the request go on.
    async fn before(&self, chosen: &Chosen, admitted: &Admitted, received: &Received) -> Option<Delivery> {
        let inputs = || count_inputs(received.body.as_deref().unwrap_or_default());
        let delivery = match &*chosen.effect {
            Effect::Delay(by) => {
                tokio::time::sleep(*by).await;
                return None;
            }
            Effect::Hold(When::BeforeEffect) => {
                self.hold(chosen).await;
                return None;
            }
            Effect::Answer(answer) if answer.when == When::BeforeEffect => {
                Delivery::Answer(answer.render(self.correlation_id()).with_inputs(inputs()))
            }
            Effect::Hang(When::BeforeEffect) => self.hang().await,
            Effect::Close(When::BeforeEffect) => Delivery::Close,
            Effect::Cut(When::BeforeEffect) => Delivery::Cut,
            Effect::Refuse => Delivery::Refused,
            Effect::EmptyResults if admitted.route.endpoint.answers_a_batch() => {
                let now = lock(&self.world).clock.now();
                let status = if admitted.route.endpoint == super::Endpoint::Create { 201 } else { 200 };
                let envelope: Envelope<()> = Envelope::new(now, now, Vec::new(), Vec::new());
                Delivery::Answer(envelope.answer(status).with_inputs(inputs()))
            }
            Effect::RefuseBatch(refusal) => {
                let status = match refusal {
                    BatchRefusal::Conflict => 409,
                    BatchRefusal::Invalid => 400,
                };
                let answer = crate::faults::FaultAnswer::new(status).render(self.correlation_id());
                Delivery::Answer(answer.with_inputs(inputs()))
            }
            _ => return None,
        };
        Some(delivery)
    }

    /// Does what the request asks for.
    fn perform(
        &self,
        admitted: &Admitted,
        received: &Received,
        arrival: u64,
        chosen: Option<&Chosen>,
    ) -> Answer {
        let silence = chosen.and_then(|chosen| match &*chosen.effect {
            Effect::Unmention(silence) => Some(silence),
            _ => None,
        });
        let leads_on = chosen.is_some_and(|chosen| matches!(*chosen.effect, Effect::LeadOn(_)));
        let body = received.body.as_deref().unwrap_or_default();
        let first_page = leads_on.then(|| of_first_page(body));
        let call = Call {
            route: &admitted.route,
            query: &Query::parse(received.query.as_deref().filter(|_| !leads_on)),
            body: first_page.as_deref().unwrap_or(body),
            bearer: admitted.bearer.as_ref(),
            arrival,
            silence,
        };
        let world = &mut *lock(&self.world);
        match endpoints::answer(world, &call) {
            Ok(answer) => answer,
            Err(refusal) => {
                let correlation_id = world.random.uuid();
                Answer::refusal(refusal, correlation_id).with_inputs(count_inputs(call.body))
            }
        }
    }

    /// What a fault does to the answer after the effect.
    async fn after(&self, chosen: &Chosen, mut answer: Answer, arrival: u64) -> Delivery {
        match &*chosen.effect {
            Effect::Answer(instead) => {
                Delivery::Answer(instead.render(self.correlation_id()).with_inputs(answer.inputs))
            }
            Effect::Hang(When::AfterEffect) => self.hang().await,
            Effect::Hold(When::AfterEffect) => {
                self.hold(chosen).await;
                Delivery::Answer(answer)
            }
            Effect::Close(When::AfterEffect) => Delivery::Close,
            Effect::Cut(When::AfterEffect) => Delivery::Cut,
            Effect::Leave => Delivery::Last(answer),
            Effect::Truncate => Delivery::Truncated(answer),
            Effect::LeadOn(next) => {
                if let AnswerBody::Json(body) = &mut answer.body
                    && let Some(led_on) = next.lead_on(body, arrival)
                {
                    *body = led_on.into();
                }
                Delivery::Answer(answer)
            }
            Effect::Warn(category) => Delivery::Answer(answer.with_warnings(category)),
            _ => Delivery::Answer(answer),
        }
    }

    async fn hold(&self, chosen: &Chosen) {
        chosen.gate.wait(|| self.log.notify()).await;
    }

    /// Waits until the sandbox stops.
    async fn hang(&self) -> Delivery {
        let mut stop = self.stop.clone();
        // An error means that the sandbox is gone, which is what is waited for.
        let _ = stop.wait_for(|stop| *stop).await;
        Delivery::Close
    }

    fn correlation_id(&self) -> String {
        lock(&self.world).random.uuid()
    }

    /// Adds the header that every answer has.
    fn finish(&self, mut answer: Answer) -> Answer {
        let id = answer.correlation_id.take().unwrap_or_else(|| self.correlation_id());
        answer.headers.push(("x-hubspot-correlation-id".to_owned(), id));
        answer
    }

    fn with_headers(&self, delivery: Delivery, admitted: &Admitted) -> Delivery {
        let add = |mut answer: Answer| {
            // What the edge answers in HubSpot's stead knows nothing of limits.
            if answer.status < 502 {
                answer.headers.extend(admitted.rate_headers.iter().cloned());
            }
            self.finish(answer)
        };
        match delivery {
            Delivery::Answer(answer) => Delivery::Answer(add(answer)),
            Delivery::Truncated(answer) => Delivery::Truncated(add(answer)),
            Delivery::Last(answer) => Delivery::Last(add(answer)),
            unanswered @ (Delivery::Close | Delivery::Cut | Delivery::Refused) => unanswered,
        }
    }
}

/// How many inputs a body has, for the log.
fn count_inputs(body: &[u8]) -> usize {
    #[derive(serde::Deserialize)]
    #[serde(untagged, rename_all_fields = "camelCase")]
    enum Inputs {
        Batch {
            inputs: Vec<serde::de::IgnoredAny>,
        },
        Ids(Vec<serde::de::IgnoredAny>),
        Members {
            record_ids_to_add: Vec<serde::de::IgnoredAny>,
            record_ids_to_remove: Vec<serde::de::IgnoredAny>,
        },
    }
    match serde_json::from_slice(body) {
        Ok(Inputs::Batch { inputs } | Inputs::Ids(inputs)) => inputs.len(),
        Ok(Inputs::Members { record_ids_to_add, record_ids_to_remove }) => {
            record_ids_to_add.len() + record_ids_to_remove.len()
        }
        Err(_) => 0,
    }
}
