//! The hostile server: it stands between the program and a sandbox, and does to some calls what its plan says.

use std::collections::HashMap;
use std::io::{BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::deed::{Deed, Plan, Scene};
use super::http::{Answer, Request};
use super::reply::{Ending, Reply};

/// No connection is served longer than this without a word from the program.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running server; dropping it stops it.
pub(super) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

/// What its connections share.
struct Shared {
    plan: Plan,
    sandbox: String,
    secrets: Vec<String>,
    stop: AtomicBool,
    /// Open connections, to be closed when it stops.
    open: Mutex<Vec<TcpStream>>,
    seen: Mutex<Seen>,
}

/// What happened so far.
#[derive(Default)]
pub(super) struct Seen {
    /// When each call came.
    pub(super) arrivals: Vec<Instant>,
    /// What was done to which call, in words.
    pub(super) deeds: Vec<String>,
    /// Whether something was said to be done that was not, in a way nobody could tell.
    pub(super) lied: bool,
    /// How often each place was called.
    calls: HashMap<String, u64>,
    /// Bodies of earlier answers, to be given again.
    former: Vec<Vec<u8>>,
}

impl Server {
    /// A server before the sandbox at `sandbox`, which gives away these secrets.
    pub(super) fn start(plan: Plan, sandbox: &str, secrets: Vec<String>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let sandbox = sandbox.trim_start_matches("http://").to_owned();
        let shared = Arc::new(Shared {
            plan,
            sandbox,
            secrets,
            stop: AtomicBool::new(false),
            open: Mutex::default(),
            seen: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        let listening = std::thread::spawn(move || listen(&listener, &serving));
        Self { address, shared, listening: Some(listening) }
    }

    /// Where it listens.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What happened so far.
    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        lock(&self.shared.seen)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        // A connection of its own ends the wait for one.
        drop(TcpStream::connect(self.address));
        if let Some(listening) = self.listening.take() {
            let _panicked = listening.join();
        }
        for stream in lock(&self.shared.open).drain(..) {
            let _closed_already = stream.shutdown(Shutdown::Both);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn listen(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming().flatten() {
        if shared.stop.load(Ordering::SeqCst) {
            return;
        }
        if let Ok(open) = stream.try_clone() {
            lock(&shared.open).push(open);
        }
        let shared = Arc::clone(shared);
        // A connection that breaks is what this server is for.
        std::thread::spawn(move || drop(serve(stream, &shared)));
    }
}

fn serve(stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut requests = BufReader::new(stream.try_clone()?);
    let mut upstream: Option<BufReader<TcpStream>> = None;
    while let Some(request) = Request::read(&mut requests)? {
        let (deed, mut dice) = shared.choose(&request);
        let answer = if deed.lets_it_happen() {
            let sandbox = match &mut upstream {
                Some(sandbox) => sandbox,
                None => upstream.insert(BufReader::new(TcpStream::connect(&shared.sandbox)?)),
            };
            Some(request.forward(sandbox)?)
        } else {
            None
        };
        let reply = shared.reply(&deed, &request, answer, &mut dice);
        if let Ending::Over = play(&stream, reply)? {
            return Ok(());
        }
    }
    Ok(())
}

impl Shared {
    fn choose(&self, request: &Request) -> (Deed, fastrand::Rng) {
        let mut seen = lock(&self.seen);
        seen.arrivals.push(Instant::now());
        let total = seen.arrivals.len() as u64;
        let count = seen.calls.entry(format!("{} {}", request.method, request.place())).or_default();
        *count += 1;
        let (deed, dice) = self.plan.choose(request, *count, total);
        if deed != Deed::Nothing {
            let told = format!("{total}: {} {}: {deed:?}", request.method, request.place());
            seen.deeds.push(told);
        }
        (deed, dice)
    }

    fn reply(
        &self,
        deed: &Deed,
        request: &Request,
        answer: Option<Answer>,
        dice: &mut fastrand::Rng,
    ) -> Reply {
        let mut secrets = self.secrets.clone();
        secrets.extend(request.token().map(str::to_owned));
        let seen = &mut *lock(&self.seen);
        if let Some(answer) = answer.as_ref().filter(|answer| answer.is_success()) {
            seen.former.push(answer.body.clone());
        }
        let scene = Scene { request, secrets: &secrets, former: &seen.former, port: &self.sandbox };
        let (reply, lied) = deed.play(&scene, answer, dice);
        seen.lied |= lied;
        reply
    }
}

/// Sends what is to be sent, and says whether the connection goes on.
fn play(stream: &TcpStream, reply: Reply) -> std::io::Result<Ending> {
    let mut out = stream;
    for (wait, bytes) in reply.pieces {
        if !wait.is_zero() {
            std::thread::sleep(wait);
        }
        out.write_all(&bytes)?;
    }
    match reply.ending {
        Ending::Reset => {
            // Closed with something unread, a connection is reset; without linger, at once.
            rustix::net::sockopt::set_socket_linger(stream, Some(Duration::ZERO))?;
            Ok(Ending::Over)
        }
        Ending::Silence => {
            // Until the program hangs up.
            let _timed_out = out.read(&mut [0]);
            Ok(Ending::Over)
        }
        Ending::Flood(byte, mebibytes) => {
            let block = vec![byte; 1 << 16];
            for _ in 0..mebibytes << 4 {
                out.write_all(&block)?;
            }
            Ok(Ending::Over)
        }
        ending => Ok(ending),
    }
}
