//! What a program is given to do: the messages on its stdin, and the files that configure it.

use std::fs::File;
use std::io::{BufWriter, Result, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::shape::Shape;

/// Records that a file of messages holds at most: more are the same ones again, which is long enough after for
/// nobody to see them together.
const MOST_IN_FILE: u64 = 1_000_000;
/// Lines that are put together before they are written.
const WRITTEN_AT_ONCE: usize = 1 << 18;

/// Messages of a source.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// What the records look like.
    pub(crate) shape: Shape,
    /// How many there are.
    pub(crate) records: u64,
    /// How many streams they belong to, in turn.
    pub(crate) streams: u64,
    /// How many records there are between two states.
    pub(crate) state_every: u64,
}

/// A job whose messages are in a file.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// What it is.
    pub(crate) job: Job,
    /// Its messages.
    pub(crate) messages: PathBuf,
    /// How many times the file is read, one time after the other.
    pub(crate) times: u64,
    folder: PathBuf,
}

impl Job {
    /// Writes the job's messages and its catalog into the folder, which may hold those of other jobs.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(crate) fn prepare(self, folder: &Path) -> Result<Prepared> {
        let times = self.records.div_ceil(MOST_IN_FILE).max(1);
        let name = format!("{}-{}-{}-{}", self.shape.columns(), self.records, self.streams, self.state_every);
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder)?;
        let messages = folder.join("messages.jsonl");
        self.write_messages(
            self.records / times,
            BufWriter::with_capacity(1 << 20, File::create(&messages)?),
        )?;
        std::fs::write(folder.join("catalog.json"), self.catalog().to_string())?;
        Ok(Prepared { job: self, messages, times, folder })
    }

    fn stream(&self, number: u64) -> String {
        // What the peers read is called so.
        if self.streams == 1 { "contacts".to_owned() } else { format!("contacts_{number}") }
    }

    fn write_messages(&self, records: u64, mut out: impl Write) -> Result<()> {
        let streams: Vec<String> = (0..self.streams).map(|number| self.stream(number)).collect();
        let mut lines = Vec::with_capacity(2 * WRITTEN_AT_ONCE);
        for (number, stream) in (0..records).zip(streams.iter().cycle()) {
            self.shape.write_line(stream, number, &mut lines);
            if number % self.state_every == self.state_every - 1 {
                write!(
                    lines,
                    r#"{{"type":"STATE","state":{{"type":"STREAM","stream":{{"stream_descriptor":{{"name":"{stream}"}},"#
                )?;
                writeln!(lines, r#""stream_state":{{"cursor":{number}}}}}}}}}"#)?;
            }
            if lines.len() >= WRITTEN_AT_ONCE {
                out.write_all(&lines)?;
                lines.clear();
            }
        }
        out.write_all(&lines)?;
        out.flush()
    }

    fn catalog(&self) -> Value {
        let schema = self.shape.json_schema();
        let streams: Vec<Value> = (0..self.streams)
            .map(|number| {
                json!({
                    "stream": {"name": self.stream(number), "json_schema": schema},
                    "sync_mode": "incremental",
                    "destination_sync_mode": "append_dedup",
                    "primary_key": [["email"]],
                })
            })
            .collect();
        json!({ "streams": streams })
    }
}

impl Prepared {
    /// The files for a sync to that address: configuration and catalog.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(crate) fn configure(&self, url: &str, token: &str) -> Result<(PathBuf, PathBuf)> {
        let streams: Vec<Value> = (0..self.job.streams)
            .map(|number| json!({"name": self.job.stream(number), "object": "contacts"}))
            .collect();
        let credentials = json!({"type": "AccessToken", "access_token": token});
        let config = json!({"credentials": credentials, "api_base_url": url, "streams": streams});
        let path = self.folder.join("config.json");
        std::fs::write(&path, config.to_string())?;
        Ok((path, self.folder.join("catalog.json")))
    }

    /// Removes the files.
    ///
    /// # Errors
    /// When they cannot be removed.
    pub(crate) fn remove(self) -> Result<()> {
        std::fs::remove_dir_all(self.folder)
    }
}
