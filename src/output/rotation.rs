//! Hands a rotated refresh token back to the platform, which stores it as the destination's configuration.

use secrecy::{ExposeSecret, SecretString};

use super::clock;
use super::emitter::Emitter;
use super::lines;
use crate::config::Config;
use crate::hubspot::client::Client;

/// The configuration as the user gave it, to be handed back with another refresh token.
#[derive(Debug)]
pub struct TokenRotation {
    original: SecretString,
}

impl TokenRotation {
    /// Keeps the configuration's text.
    #[must_use]
    pub fn new(original: &str) -> Self {
        Self { original: original.into() }
    }

    /// Prints the whole configuration with the new refresh token, if HubSpot gave one since the last call.
    ///
    /// This is the one line that holds secrets. It is printed at once: the old token may have stopped working.
    pub async fn publish(&self, client: &Client, emitter: &Emitter) {
        let Some(token) = client.take_rotated_refresh_token().await else { return };
        match Config::to_json_with_refresh_token(self.original.expose_secret(), &token) {
            Ok(configuration) => {
                emitter.line_as_it_is(&lines::control_configuration(&configuration, clock::now_ms()))
            }
            Err(error) => {
                tracing::error!("HubSpot rotated the refresh token, and it could not be handed on: {error}")
            }
        }
    }
}
