//! How the reader gets a property made: it asks, and waits for the answer, on its own thread.
//!
//! That is rare (each property once, within `create_limit`), and the record that needs it cannot go on without it. The
//! calls under way go on meanwhile.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::crm::new_property::{Made, NewProperty};
use crate::crm::object::ObjectType;
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

/// An order, and where the answer goes.
#[derive(Debug)]
pub struct Placed {
    order: Order,
    answer: oneshot::Sender<Result<Made, Failure>>,
}

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
    pub fn place(&self, order: Order) -> Result<Made, Failure> {
        let (answer, made) = oneshot::channel();
        let sent = self.0.blocking_send(Placed { order, answer }).is_ok();
        match sent.then(|| made.blocking_recv()) {
            Some(Ok(made)) => made,
            // Only a sync that ends has nobody to ask.
            Some(Err(_)) | None => {
                Err(Failure::new(Kind::Internal, "The sync ended before a property was created."))
            }
        }
    }
}

/// Makes what is asked for, one after the other, until nobody can ask any more.
pub async fn serve(
    mut maker: PropertyMaker,
    mut orders: mpsc::Receiver<Placed>,
    client: Client,
    rotation: Arc<TokenRotation>,
    emitter: Emitter,
) {
    while let Some(Placed { order, answer }) = orders.recv().await {
        let made = match order {
            Order::Property(object, new) => maker.make(&object, &new).await,
            Order::EventProperty(event, new) => {
                let made = maker.make_event_property(&event, &new).await;
                made.map(|property| Made::There(Box::new(property)))
            }
        };
        rotation.publish(&client, &emitter).await;
        // A reader that is gone needs no answer.
        let _nobody_waits = answer.send(made);
    }
}
