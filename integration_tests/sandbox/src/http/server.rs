//! The listener, on a thread of its own.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::connection;
use super::pipeline::Shared;

/// A running server; dropping it stops it and closes every connection.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens; port 0 takes a free one.
    pub(crate) fn start(
        address: SocketAddr,
        shared: Arc<Shared>,
        stop: watch::Sender<bool>,
    ) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let tls = shared.wire.acceptor()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut stopped = stop.subscribe();
        let thread = std::thread::Builder::new().name("hubspot-sandbox".to_owned()).spawn(move || {
            runtime.block_on(async move {
                tokio::select! {
                    _ = stopped.wait_for(|stop| *stop) => {}
                    () = listen(listener, shared, tls) => {}
                }
            });
            // Dropping the runtime here ends every connection and whatever still hangs.
        })?;
        Ok(Self { address, stop, thread: Some(thread) })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn listen(listener: std::net::TcpListener, shared: Arc<Shared>, tls: Option<TlsAcceptor>) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    loop {
        // An error concerns one connection only: it was gone before it was accepted.
        if let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(connection::serve(Arc::clone(&shared), stream, tls.clone()));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // A panic in there has been printed by its thread.
            let _ = thread.join();
        }
    }
}
