//! What an Airbyte platform has to be told to offer this connector with its mapping form.
//!
//! The flags that switch data activation on come from a registry entry and from nothing else: no API and no form takes
//! them. So the program makes its own entry ([`entry`]), in the layout in which a platform asks for it ([`layout`]), and
//! puts it into a registry that is there already ([`merge`]).
//!
//! Source: Airbyte platform, `ConnectorRegistryConverters` and `RemoteDefinitionsProvider`; read at 310e6cb6.

pub mod entry;
pub mod layout;
pub mod merge;

pub use entry::{Entry, Overrides, Unfit};
