//! Names of hosts to addresses, as the machine looks them up, but not for ever.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::thread;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::oneshot;
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
        let looking = look_up(name.as_str().to_owned());
        Box::pin(async move {
            let found = timeout(PATIENCE, looking).await.ok().and_then(Result::ok).and_then(Result::ok);
            match found.filter(|addresses| !addresses.is_empty()) {
                Some(addresses) => Ok(Box::new(addresses.into_iter()) as Addrs),
                None => Err(NoAddress.into()),
            }
        })
    }
}

/// Looks a name up on a thread of its own: the runtime's threads are waited for when a command ends, and this one may hang.
fn look_up(name: String) -> oneshot::Receiver<io::Result<Vec<SocketAddr>>> {
    let (sender, found) = oneshot::channel();
    let look = move || {
        // The port is another's to choose.
        let addresses = (name.as_str(), 0).to_socket_addrs().map(Iterator::collect);
        let _nobody_waits = sender.send(addresses);
    };
    // Without a thread the sender is dropped, and nothing found.
    let _no_thread = thread::Builder::new().name("names".to_owned()).spawn(look);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn this_machine_is_found() {
        let found = Names.resolve("localhost".parse().unwrap()).await.unwrap();
        assert!(found.into_iter().any(|address| address.ip().is_loopback()));
    }
}
