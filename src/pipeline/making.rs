//! How the reader gets a property made, a list found and the owners read: it asks, and waits for the answer, on its own thread.
//!
//! That is rare (each property once, within `create_limit`; each list once), and the record that needs it cannot go on
//! without it. The calls under way go on meanwhile; those that are made for it go through the same pace ([`toll`]).
//!
//! [`toll`]: crate::hubspot::toll

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot};

use crate::coerce::Owners;
use crate::crm::list::{FoundList, ListRequest};
use crate::crm::new_property::{Made, NewProperty};
use crate::crm::object::ObjectType;
use crate::engine::ledger::StreamIndex;
use crate::error::{Failure, Kind};
use crate::hubspot::client::Client;
use crate::hubspot::making::PropertyMaker;
use crate::output::emitter::Emitter;
use crate::output::rotation::TokenRotation;

/// A property that is asked for.
#[derive(Debug)]
pub enum Order {
    /// Of an object type.
    Property(ObjectType, NewProperty),
    /// Of the event with this fully qualified name.
    EventProperty(String, NewProperty),
}

/// A question, and where the answer goes.
#[derive(Debug)]
pub enum Placed {
    /// For a property, which a record of the stream needs.
    Property(StreamIndex, Order, Answer<Made>),
    /// Whether a property of an object type is still there.
    Look(StreamIndex, ObjectType, String, Answer<bool>),
    /// For a list, which a record of the stream names.
    List(StreamIndex, ListRequest, Answer<FoundList>),
    /// For the owners, which those who share them are told.
    Owners(Answer<()>),
}

type Answer<T> = oneshot::Sender<Result<T, Failure>>;

/// Where the reader asks.
#[derive(Clone, Debug)]
pub struct Orders(mpsc::Sender<Placed>);

/// Where orders can be placed, and where they come in.
#[must_use]
pub fn orders() -> (Orders, mpsc::Receiver<Placed>) {
    let (sender, receiver) = mpsc::channel(1);
    (Orders(sender), receiver)
}

impl Orders {
    /// Asks for a property and waits. Not to be called on a thread of the runtime.
    ///
    /// # Errors
    /// Why it cannot be made.
    pub fn place(&self, stream: StreamIndex, order: Order) -> Result<Made, Failure> {
        self.ask(|answer| Placed::Property(stream, order, answer))
    }

    /// Asks for a list and waits. Not to be called on a thread of the runtime.
    ///
    /// # Errors
    /// Why it can be neither found nor made, where that is no fault of the record that names it.
    pub fn find_list(&self, stream: StreamIndex, request: ListRequest) -> Result<FoundList, Failure> {
        self.ask(|answer| Placed::List(stream, request, answer))
    }

    /// Asks whether a property is still there, and waits.
    ///
    /// # Errors
    /// Why that cannot be told.
    pub fn is_there(
        &self,
        stream: StreamIndex,
        object: &ObjectType,
        property: &str,
    ) -> Result<bool, Failure> {
        self.ask(|answer| Placed::Look(stream, object.clone(), property.to_owned(), answer))
    }

    /// Asks for the account's owners to be read and waits. Not to be called on a thread of the runtime.
    ///
    /// # Errors
    /// Why they cannot be, unless the account does not allow it.
    pub fn read_owners(&self) -> Result<(), Failure> {
        self.ask(Placed::Owners)
    }

    fn ask<T>(&self, question: impl FnOnce(Answer<T>) -> Placed) -> Result<T, Failure> {
        let (answer, answered) = oneshot::channel();
        let sent = self.0.blocking_send(question(answer)).is_ok();
        match sent.then(|| answered.blocking_recv()) {
            Some(Ok(answered)) => answered,
            // Only a sync that ends has nobody to ask.
            Some(Err(_)) | None => {
                Err(Failure::new(Kind::Internal, "The sync ended before a record could be made ready."))
            }
        }
    }
}

/// Properties that HubSpot says it does not know any more, from the loop to the reader; clones share them.
#[derive(Clone, Debug, Default)]
pub struct MissedProperties(Arc<Missed>);

#[derive(Debug, Default)]
struct Missed {
    are_any: AtomicBool,
    named: Mutex<Vec<(StreamIndex, String)>>,
}

impl MissedProperties {
    /// Adds one.
    pub fn add(&self, stream: StreamIndex, property: String) {
        self.0.named.lock().unwrap_or_else(PoisonError::into_inner).push((stream, property));
        self.0.are_any.store(true, Ordering::Release);
    }

    /// Takes those there are.
    #[must_use]
    pub fn take(&self) -> Vec<(StreamIndex, String)> {
        // Asked for each record: mostly there is none.
        if !self.0.are_any.swap(false, Ordering::AcqRel) {
            return Vec::new();
        }
        std::mem::take(&mut *self.0.named.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Makes what is asked for, one after the other, until nobody can ask any more.
pub async fn serve(
    mut maker: PropertyMaker,
    mut orders: mpsc::Receiver<Placed>,
    owners: Arc<Owners>,
    client: Client,
    rotation: Arc<TokenRotation>,
    emitter: Emitter,
) {
    while let Some(placed) = orders.recv().await {
        // A reader that is gone needs no answer.
        let _nobody_waits = match placed {
            Placed::Property(stream, order, answer) => {
                maker.work_for(stream);
                let made = make(&mut maker, order).await;
                rotation.publish(&client, &emitter).await;
                answer.send(made).is_err()
            }
            Placed::Look(stream, object, property, answer) => {
                maker.work_for(stream);
                let there = maker.is_there(&object, &property).await;
                rotation.publish(&client, &emitter).await;
                answer.send(there).is_err()
            }
            Placed::List(stream, request, answer) => {
                maker.work_for(stream);
                let found = maker.find_list(&request).await;
                rotation.publish(&client, &emitter).await;
                answer.send(found).is_err()
            }
            Placed::Owners(answer) => {
                let read = maker.read_owners(&owners).await;
                rotation.publish(&client, &emitter).await;
                answer.send(read).is_err()
            }
        };
    }
}

async fn make(maker: &mut PropertyMaker, order: Order) -> Result<Made, Failure> {
    match order {
        // A definition that HubSpot refuses was asked for by a record: the record is rejected, the sync goes on.
        Order::Property(object, new) => maker.make(&object, &new).await,
        Order::EventProperty(event, new) => maker.make_event_property(&event, &new).await,
    }
}
