//! What the tests share: the program, messages, the protocol, the demo's account.

pub(crate) mod bucket;
pub(crate) mod certificate;
pub mod connector;
pub(crate) mod crm;
pub mod delivery;
pub mod demo_account;
pub(crate) mod emulator;
pub mod messages;

pub mod protocol;
pub mod random;
pub mod sent;
pub(crate) mod soundness;
pub(crate) mod watch;
