//! Somebody else's S3 server: moto, run by `clients/s3_server.py`.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

/// A running server with the bucket `rejects`; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Moto {
    child: Child,
    output: std::io::Lines<BufReader<ChildStdout>>,
    port: u16,
}

impl Moto {
    /// Starts one; `None`, with a word, where it is not installed.
    pub(crate) fn start() -> Option<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("integration_tests/clients/s3_server.py");
        let installed = Command::new("python3").args(["-c", "import moto.server, boto3, flask"]).output();
        if !installed.is_ok_and(|output| output.status.success()) {
            println!("skipped: python3 with moto[server] is not installed");
            return None;
        }
        let mut command = Command::new("python3");
        command.arg(script).env("NO_PROXY", "127.0.0.1");
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = piped.spawn().expect("the server starts");
        let mut output = BufReader::new(child.stdout.take().expect("stdout")).lines();
        let port = output.next().expect("a port").expect("text").parse().expect("a port");
        Some(Self { child, output, port })
    }

    /// The endpoint's port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// What is stored: keys and texts.
    pub(crate) fn objects(&mut self) -> BTreeMap<String, String> {
        self.child.stdin.as_mut().expect("stdin").write_all(b"\n").expect("the server reads");
        let line = self.output.next().expect("an answer").expect("text");
        serde_json::from_str(&line).expect("JSON")
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _reaped = self.child.wait();
    }
}
