//! Names of hosts to addresses, as the machine looks them up, but not for ever.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::net::lookup_host;
use tokio::time::timeout;

/// Longest that a name is looked up. Resolvers ask silent servers for half a minute, and somebody waits.
const PATIENCE: Duration = Duration::from_secs(8);

/// Looks names up with the machine's own resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct Names;

/// A name leads to no address, as far as could be found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name leads to no address")]
pub struct NoAddress;

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            // The port is another's to choose.
            let found = timeout(PATIENCE, lookup_host((name.as_str(), 0))).await;
            let addresses: Vec<SocketAddr> = match found {
                Ok(Ok(addresses)) => addresses.collect(),
                Ok(Err(_)) | Err(_) => Vec::new(),
            };
            if addresses.is_empty() {
                return Err(NoAddress.into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}
