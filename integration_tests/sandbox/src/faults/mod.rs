//! Trouble on demand: which requests it befalls, and what happens to them.

mod answer;
mod effect;
mod engine;
mod fault;
mod inputs;
mod next_page;

pub use answer::{FaultAnswer, FaultBody};
pub(crate) use effect::Effect;
pub use effect::{BatchRefusal, When, Writing};
pub use engine::FaultId;
pub(crate) use engine::{Chosen, FaultEngine, FaultSnapshot, FaultState, Subject};
pub use fault::{Fault, FaultTarget};
pub use inputs::InputMatch;
pub(crate) use inputs::{Mention, Silence};
pub use next_page::NextPage;
pub(crate) use next_page::of_first_page;
