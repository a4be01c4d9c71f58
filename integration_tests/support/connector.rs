//! Drives the built program over its command line, stdin and stdout, as a platform does.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::protocol;

/// No test waits longer than this for anything; only a failing test gets there.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What a finished run of the program left behind.
#[derive(Debug)]
pub struct Finished {
    pub status: ExitStatus,
    pub messages: Vec<Value>,
    /// The lines of stdout as they came, for what a parsed number or object no longer shows.
    pub lines: Vec<String>,
    pub stderr: String,
}

impl Finished {
    /// Messages of one type.
    pub fn of_type(&self, kind: &str) -> Vec<&Value> {
        self.messages.iter().filter(|message| message["type"] == kind).collect()
    }

    /// The `state` objects, in order.
    pub fn states(&self) -> Vec<&Value> {
        self.of_type("STATE").into_iter().map(|message| &message["state"]).collect()
    }

    /// The rejected records, in order.
    pub fn rejected(&self) -> Vec<&Value> {
        self.of_type("RECORD").into_iter().map(|message| &message["record"]).collect()
    }

    /// Codes of the rejected records, in order.
    pub fn codes(&self) -> Vec<&str> {
        self.rejected()
            .into_iter()
            .filter_map(|record| record["meta"]["rejection"]["code"].as_str())
            .collect()
    }

    /// The one TRACE ERROR; panics where there is none, or more than one.
    pub fn error(&self) -> &Value {
        let traces: Vec<&Value> =
            self.messages.iter().filter(|message| message["trace"]["type"] == "ERROR").collect();
        assert_eq!(traces.len(), 1, "one TRACE ERROR expected: {self:#?}");
        &traces[0]["trace"]["error"]
    }

    /// The LOG messages.
    pub fn logs(&self) -> Vec<&str> {
        self.of_type("LOG").into_iter().filter_map(|message| message["log"]["message"].as_str()).collect()
    }

    /// Accepted and rejected records summed over all states, by their `destinationStats`.
    pub fn stats(&self) -> (f64, f64) {
        self.states().into_iter().fold((0.0, 0.0), |(accepted, rejected), state| {
            let stats = &state["destinationStats"];
            let count = |key: &str| stats[key].as_f64().expect("counts are numbers");
            (accepted + count("recordCount"), rejected + count("rejectedRecordCount"))
        })
    }

    /// Panics unless the run succeeded.
    pub fn succeeded(self) -> Self {
        assert!(self.status.success(), "{self:#?}");
        assert!(self.messages.iter().all(|message| message["trace"]["type"] != "ERROR"), "{self:#?}");
        self
    }

    /// Panics unless the run failed with one error of this `failure_type`.
    pub fn failed_with(self, failure_type: &str) -> Self {
        assert!(!self.status.success(), "{self:#?}");
        assert_eq!(self.error()["failure_type"], failure_type, "{self:#?}");
        self
    }
}

/// A configuration and a catalog in files of their own.
#[derive(Debug)]
pub struct Connector {
    folder: TempDir,
    environment: Vec<(String, String)>,
}

impl Connector {
    /// For an API at `url`, with a token.
    pub fn new(url: &str, token: &str) -> Self {
        let connector =
            Self { folder: tempfile::tempdir().expect("a temporary folder"), environment: Vec::new() };
        connector.config(&json!({
            "credentials": {"type": "AccessToken", "access_token": token},
            "api_base_url": url,
        }))
    }

    /// Replaces the configuration.
    pub fn config(self, config: &Value) -> Self {
        std::fs::write(self.config_path(), config.to_string()).expect("the configuration file");
        self
    }

    /// Adds keys to the configuration.
    pub fn with(self, more: &Value) -> Self {
        let text = std::fs::read_to_string(self.config_path()).expect("the configuration file");
        let mut config: Value = serde_json::from_str(&text).expect("a configuration");
        for (key, value) in more.as_object().expect("an object") {
            config[key] = value.clone();
        }
        self.config(&config)
    }

    /// Sets the catalog.
    pub fn catalog(self, catalog: &Value) -> Self {
        std::fs::write(self.catalog_path(), catalog.to_string()).expect("the catalog file");
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Trusts this certificate (PEM) and no other.
    pub fn trusting(self, certificate: &str) -> Self {
        let path = self.folder.path().join("roots.pem");
        std::fs::write(&path, certificate).expect("the file of roots");
        self.env("SSL_CERT_FILE", &path.to_string_lossy())
    }

    pub fn config_path(&self) -> PathBuf {
        self.folder.path().join("config.json")
    }

    pub fn catalog_path(&self) -> PathBuf {
        self.folder.path().join("catalog.json")
    }

    /// Runs a command without input.
    pub fn run(&self, arguments: &[&str]) -> Finished {
        self.start(arguments).finish()
    }

    pub fn spec(&self) -> Finished {
        self.run(&["spec"])
    }

    pub fn check(&self) -> Finished {
        self.start_with_config("check").finish()
    }

    pub fn discover(&self) -> Finished {
        self.start_with_config("discover").finish()
    }

    /// Writes these messages.
    pub fn write(&self, messages: &[Value]) -> Finished {
        let lines: String = messages.iter().map(|message| format!("{message}\n")).collect();
        self.write_text(&lines)
    }

    /// Writes this text.
    pub fn write_text(&self, input: &str) -> Finished {
        let mut running = self.start_write();
        running.send_text(input);
        running.finish()
    }

    /// Starts `write`, to be fed step by step.
    pub fn start_write(&self) -> Running {
        Running::spawn(self.write_command())
    }

    /// Starts `write` without reading what it prints; its stderr is what the test wants it to be.
    pub fn spawn_write(&self, stderr: Stdio) -> Child {
        let mut command = self.write_command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr);
        command.spawn().expect("the program starts")
    }

    /// Starts a command with everything piped and nothing read: `check`, `discover` or `write`.
    pub fn spawn(&self, name: &str) -> Child {
        let mut command = self.command();
        command.arg(name).arg("--config").arg(self.config_path());
        if name == "write" {
            command.arg("--catalog").arg(self.catalog_path());
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("the program starts")
    }

    fn write_command(&self) -> Command {
        let mut command = self.command();
        command
            .arg("write")
            .arg("--config")
            .arg(self.config_path())
            .arg("--catalog")
            .arg(self.catalog_path());
        command
    }

    fn start_with_config(&self, command: &str) -> Running {
        self.start(&[command, "--config", &self.config_path().to_string_lossy()])
    }

    fn start(&self, arguments: &[&str]) -> Running {
        let mut command = self.command();
        command.args(arguments);
        Running::spawn(command)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_destination-hubspot"));
        command.env_remove("WORKER_JOB_ID").env_remove("LOG_LEVEL");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// Waits until a program has ended; kills it, and gives nothing, where it takes too long.
pub fn ended(child: &mut Child, patience: Duration) -> Option<ExitStatus> {
    let until = Instant::now() + patience;
    while Instant::now() < until {
        if let Some(status) = child.try_wait().expect("a program to wait for") {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().expect("a program to kill");
    child.wait().expect("a program to wait for");
    None
}

/// A running program.
#[derive(Debug)]
pub struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    stderr: Option<JoinHandle<String>>,
    messages: Vec<Value>,
    seen: Vec<String>,
}

impl Running {
    fn spawn(mut command: Command) -> Self {
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().expect("the program starts");
        let stdout = BufReader::new(child.stdout.take().expect("stdout"));
        let mut stderr = child.stderr.take().expect("stderr");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines() {
                let Ok(line) = line else { break };
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let stderr = std::thread::spawn(move || {
            let mut text = Vec::new();
            let _unreadable = std::io::Read::read_to_end(&mut stderr, &mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        Self {
            stdin: child.stdin.take(),
            child,
            lines,
            stderr: Some(stderr),
            messages: Vec::new(),
            seen: Vec::new(),
        }
    }

    /// Process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends messages.
    pub fn send(&mut self, messages: &[Value]) {
        let lines: String = messages.iter().map(|message| format!("{message}\n")).collect();
        self.send_text(&lines);
    }

    /// Sends text; a program that has ended already is no failure of the sender.
    pub fn send_text(&mut self, text: &str) {
        if let Some(stdin) = &mut self.stdin {
            let _ended_already = stdin.write_all(text.as_bytes()).and_then(|()| stdin.flush());
        }
    }

    /// What it has printed so far, as far as it was waited for.
    pub fn so_far(&self) -> &[Value] {
        &self.messages
    }

    /// Hands the input over, to be fed by another thread.
    pub fn take_input(&mut self) -> ChildStdin {
        self.stdin.take().expect("the input is still open")
    }

    /// Ends the input.
    pub fn close_input(&mut self) {
        self.stdin = None;
    }

    /// Waits until a message fits, and returns it.
    pub fn wait_for(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    let message = self.take(&line);
                    if fits(&message) {
                        return message;
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    self.kill();
                    panic!("{what} did not come; so far: {:#?}", self.messages);
                }
            }
        }
    }

    /// Sends a signal to the program.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.id().to_string()]).status();
        assert!(status.expect("kill runs").success());
    }

    /// Kills the program at once.
    pub fn kill(&mut self) {
        let _ended_already = self.child.kill();
    }

    /// Ends the input and waits for the end.
    pub fn finish(mut self) -> Finished {
        self.close_input();
        self.wait()
    }

    /// Waits for the end, whatever becomes of the input.
    pub fn wait(&mut self) -> Finished {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    self.take(&line);
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    self.kill();
                    panic!("the program did not end; so far: {:#?}", self.messages);
                }
            }
        }
        let status = self.child.wait().expect("the program ends");
        let stderr = self.stderr.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        let (messages, lines) = (std::mem::take(&mut self.messages), std::mem::take(&mut self.seen));
        Finished { status, messages, lines, stderr }
    }

    fn take(&mut self, line: &str) -> Value {
        let message = protocol::checked(line);
        self.messages.push(message.clone());
        self.seen.push(line.to_owned());
        message
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
        let _reaped = self.child.wait();
    }
}
