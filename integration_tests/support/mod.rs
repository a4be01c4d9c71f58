//! What the tests share: the program, messages, the protocol, the demo's account.

pub mod connector;
pub mod demo_account;
pub mod messages;
pub mod protocol;
