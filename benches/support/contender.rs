//! The programs that do the same job: the connector, the floor, and HubSpot's own clients.
//!
//! What drives HubSpot's clients is reference material beside this repository, made to be as good as these clients get
//! (connections kept alive, batches of a hundred, retries where they belong); where it is absent they are left out.
//! They are installed with the versions that `integration_tests/clients` pins.

use std::io::{Error, Result, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::job::Prepared;
use super::sink_process::SinkProcess;

/// The first argument with which a bench is the floor.
pub(crate) const FLOOR: &str = "floor";

/// A program that takes messages and writes contacts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contender {
    /// The connector's `write`.
    Connector,
    /// The same over TLS and HTTP/2, as HubSpot is reached.
    SecureConnector,
    /// What any client has to pay, with so many connections.
    Floor(usize),
    /// HubSpot's client for Python, as its documentation shows it, with so many threads.
    Python(usize),
    /// The same without the objects that it makes of answers, which cost it the most.
    RawPython(usize),
    /// HubSpot's client for Node, with so many calls at once.
    Node(usize),
}

impl Contender {
    /// Whether it is one of HubSpot's clients.
    pub(crate) fn is_peer(self) -> bool {
        matches!(self, Self::Python(_) | Self::RawPython(_) | Self::Node(_))
    }

    /// Its name in a table.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Connector => "destination-hubspot".to_owned(),
            Self::SecureConnector => "destination-hubspot, TLS and HTTP/2".to_owned(),
            Self::Floor(connections) => format!("floor, {connections} connections"),
            Self::Python(calls) => format!("hubspot-api-client (Python), {calls} at once"),
            Self::RawPython(calls) => format!("hubspot-api-client (Python), raw answers, {calls} at once"),
            Self::Node(calls) => format!("@hubspot/api-client (Node), {calls} at once"),
        }
    }
}

/// Where the programs are.
#[derive(Debug)]
pub(crate) struct Programs {
    connector: PathBuf,
    peers: Option<Peers>,
}

#[derive(Debug)]
struct Peers {
    scripts: PathBuf,
    python: PathBuf,
    node_modules: PathBuf,
}

impl Programs {
    /// The connector that was built for this bench, alone.
    pub(crate) fn of_this_build() -> Self {
        Self { connector: env!("CARGO_BIN_EXE_destination-hubspot").into(), peers: None }
    }

    /// The connector as `cargo build --release` makes it (a bench is built with what tests need besides), and HubSpot's
    /// clients where they can be had. What cannot is said on stderr.
    ///
    /// # Errors
    /// When the connector cannot be built.
    pub(crate) fn of_a_release() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let built = Command::new(env!("CARGO"))
            .args(["build", "--release", "--locked", "--package", "destination-hubspot"])
            .args(["--bin", "destination-hubspot", "--message-format", "json"])
            .current_dir(root)
            .stderr(Stdio::inherit())
            .output()?;
        let connector = built
            .stdout
            .split(|byte| *byte == b'\n')
            .filter_map(|line| serde_json::from_slice::<serde_json::Value>(line).ok())
            .find_map(|message| message["executable"].as_str().map(PathBuf::from));
        let connector = connector.ok_or_else(|| Error::other("the connector could not be built"))?;
        Ok(Self { connector, peers: Peers::find(root)? })
    }

    /// The connector's path.
    pub(crate) fn connector(&self) -> &Path {
        &self.connector
    }

    /// Whether the program can be run here.
    pub(crate) fn have(&self, contender: Contender) -> bool {
        self.peers.is_some() || !contender.is_peer()
    }

    /// The program, told to do the job.
    ///
    /// # Errors
    /// When its files cannot be written, or it is not here.
    pub(crate) fn command(
        &self,
        contender: Contender,
        job: &Prepared,
        sink: &SinkProcess,
    ) -> Result<Command> {
        let peers = || self.peers.as_ref().ok_or_else(|| Error::other("HubSpot's clients are not here"));
        let mut command = match contender {
            Contender::Connector => self.write(job, sink.url(), sink.token())?,
            Contender::SecureConnector => {
                let mut command = self.write(job, sink.secure_url(), sink.token())?;
                command.env("SSL_CERT_FILE", sink.roots());
                command
            }
            Contender::Floor(connections) => {
                let mut command = Command::new(std::env::current_exe()?);
                command.args([FLOOR, "--url", sink.url(), "--connections", &connections.to_string()]);
                command
            }
            Contender::Python(calls) => peers()?.python(calls),
            Contender::RawPython(calls) => {
                let mut command = peers()?.python(calls);
                command.arg("--raw");
                command
            }
            Contender::Node(calls) => peers()?.node(calls),
        };
        command.env("HUBSPOT_BASE_URL", sink.url()).env("HUBSPOT_ACCESS_TOKEN", sink.token());
        Ok(command)
    }
}

impl Programs {
    fn write(&self, job: &Prepared, url: &str, token: &str) -> Result<Command> {
        let (config, catalog) = job.configure(url, token)?;
        let mut command = Command::new(&self.connector);
        command.arg("write").arg("--config").arg(config).arg("--catalog").arg(catalog);
        Ok(command)
    }
}

impl Peers {
    fn find(root: &Path) -> Result<Option<Self>> {
        let scripts = root.join("../shared/tools/peers");
        if !scripts.is_dir() {
            return left_out(&format!("what drives them ({}) is absent", scripts.display()));
        }
        let install = ". integration_tests/clients/environment.sh \
                       && python_for_clients >&2 && make_tools >&2 && make_environment clients >&2 \
                       && command -v npm >&2 && make_node >&2 && echo \"$CLIENTS\"";
        let installed =
            Command::new("bash").args(["-c", install]).current_dir(root).stderr(Stdio::inherit()).output()?;
        let folder = PathBuf::from(String::from_utf8_lossy(&installed.stdout).trim());
        if !installed.status.success() {
            return left_out("they could not be installed from PyPI and npm");
        }
        let python = folder.join("clients/bin/python");
        Ok(Some(Self { scripts, python, node_modules: folder.join("node") }))
    }

    fn python(&self, calls: usize) -> Command {
        let mut command = Command::new(&self.python);
        command.arg(self.scripts.join("peer_python_sdk.py")).args(["--concurrency", &calls.to_string()]);
        command
    }

    fn node(&self, calls: usize) -> Command {
        let mut command = Command::new("node");
        command.arg(self.scripts.join("peer_node_sdk.mjs")).args(["--concurrency", &calls.to_string()]);
        command.env("PEER_MODULES", &self.node_modules);
        command
    }
}

fn left_out(why: &str) -> Result<Option<Peers>> {
    writeln!(std::io::stderr(), "left out: HubSpot's clients; {why}")?;
    Ok(None)
}
