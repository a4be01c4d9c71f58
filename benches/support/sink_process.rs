//! The sink in a process of its own, so that its work is not taken for that of what is measured.

use std::io::{BufRead, BufReader, Error, ErrorKind, Result, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::process::cpu_of;
use super::sink::{Sink, Tally};

/// The first argument with which a bench is the sink.
pub(crate) const ROLE: &str = "sink";

/// A sink; it ends with this.
#[derive(Debug)]
pub(crate) struct SinkProcess {
    child: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
    place: Place,
    roots: tempfile::NamedTempFile,
}

/// Where a sink listens.
#[derive(Debug, Deserialize, Serialize)]
struct Place {
    url: String,
    secure_url: String,
    certificate: String,
    token: String,
}

/// Is the sink until stdin ends: tells where it listens, then for every line of stdin what was counted.
///
/// # Errors
/// When it cannot listen.
pub(crate) fn be_the_sink(latency: Duration) -> Result<()> {
    let sink = Sink::start(latency)?;
    let mut out = std::io::stdout().lock();
    let place = Place {
        url: sink.url().to_owned(),
        secure_url: sink.secure_url().to_owned(),
        certificate: sink.certificate().to_owned(),
        token: sink.token().to_owned(),
    };
    writeln!(out, "{}", serde_json::to_string(&place)?)?;
    for line in std::io::stdin().lock().lines() {
        line?;
        writeln!(out, "{}", serde_json::to_string(&sink.take_tally())?)?;
    }
    Ok(())
}

impl SinkProcess {
    /// Starts this very program as a sink that answers after `latency`.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn start(latency: Duration) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args([ROLE, "--latency-ms", &latency.as_millis().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (Some(asks), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(ErrorKind::BrokenPipe.into());
        };
        let mut answers = BufReader::new(answers);
        let mut line = String::new();
        answers.read_line(&mut line)?;
        let place: Place = serde_json::from_str(&line).map_err(|_| Error::other("the sink did not start"))?;
        let mut roots = tempfile::NamedTempFile::new()?;
        roots.write_all(place.certificate.as_bytes())?;
        Ok(Self { child, asks, answers, place, roots })
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.place.url
    }

    /// Where it speaks TLS and HTTP/2.
    pub(crate) fn secure_url(&self) -> &str {
        &self.place.secure_url
    }

    /// The file of the certificate by which it has to be trusted there.
    pub(crate) fn roots(&self) -> &Path {
        self.roots.path()
    }

    /// A token that it accepts.
    pub(crate) fn token(&self) -> &str {
        &self.place.token
    }

    /// What it counted since the last time.
    ///
    /// # Errors
    /// When it is gone.
    pub(crate) fn take_tally(&mut self) -> Result<Tally> {
        writeln!(self.asks)?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(serde_json::from_str(&line)?)
    }

    /// CPU that it has used so far.
    ///
    /// # Errors
    /// When it is gone.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        cpu_of(self.child.id())
    }
}

impl Drop for SinkProcess {
    fn drop(&mut self) {
        // What cannot be ended has ended.
        let _ended = self.child.kill();
        let _waited = self.child.wait();
    }
}
