//! The storage of rejected records: S3, Google Cloud Storage, Azure Blob Storage or a directory.
//!
//! **Invariant (durable).** [`RejectStore::put`] returns without an error only when the storage has said that it has
//! everything. Files are only ever created: nothing that is there is written over.
//!
//! A file whose storing was not confirmed may be there all the same; its lines are then stored once more under the next
//! name, with the same ids (`_airbyte_raw_id`).

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use flate2::write::GzEncoder;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};
use tokio::time::{Instant, sleep, timeout};

use self::open::Place;
use self::trouble::Trouble;
use crate::config::Config;
use crate::config::storage::Compression;
use crate::error::{Failure, Kind};
use crate::net::obstacle::Obstacle;
use crate::protocol::StreamDescriptor;
use crate::rejected::storage::identity::SyncId;
use crate::rejected::storage::path::Naming;
use crate::rejected::storage::pending::Lot;

mod bounded;
mod open;
mod roots;
mod trouble;

#[cfg(test)]
mod tests;

/// Names in a row that may be taken before that counts as trouble.
const MOST_TAKEN: u32 = 100;
/// Between two attempts, each of which is patient itself.
const PAUSE: Duration = Duration::from_secs(1);
/// Longest that a check waits for the storage: the platform gives it 120 s, half of which may be HubSpot's.
const CHECK_PATIENCE: Duration = Duration::from_secs(45);

/// Longest that a sync waits at its start for that file to go.
const REMOVAL: Duration = Duration::from_secs(10);
/// What the file holds that a storage is tried out with.
const PROBE: &[u8] = br#"{"data":1}"#;

/// What came of creating a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Created {
    /// It is there now.
    New,
    /// There was one of this name before.
    Taken,
}

/// A place for rejected records, for one sync.
#[derive(Debug)]
pub struct RejectStore {
    objects: Arc<dyn ObjectStore>,
    place: Place,
    naming: Naming,
    compression: Compression,
    parts: AtomicU64,
    patience: Duration,
}

impl RejectStore {
    /// The storage of this configuration for a sync that begins now (milliseconds since 1970); `None` where nothing is
    /// kept. Storage that does not answer is tried for as long as `patience`. Only a directory is touched here: it is
    /// made where it is missing.
    ///
    /// # Errors
    /// A configuration failure when the settings cannot be used.
    pub fn open(
        config: &Config,
        sync_id: &SyncId,
        began_ms: i64,
        patience: Duration,
    ) -> Result<Option<Self>, Failure> {
        let Some(files) = config.object_storage_config.files() else { return Ok(None) };
        let timeout = config.request_timeout_seconds.duration();
        let Some((objects, place)) = open::open(&config.object_storage_config, patience, timeout)? else {
            return Ok(None);
        };
        let naming = Naming::new(&place.folder, files, sync_id, began_ms)?;
        Ok(Some(Self::new(objects, place, naming, files.compression, patience)))
    }

    fn new(
        objects: Arc<dyn ObjectStore>,
        place: Place,
        naming: Naming,
        compression: Compression,
        patience: Duration,
    ) -> Self {
        Self { objects, place, naming, compression, parts: AtomicU64::new(0), patience }
    }

    /// Stores each lot as a file of its own; they are durable when this returns without an error.
    ///
    /// # Errors
    /// A configuration failure when the storage refuses, a transient one when it stays out of reach for longer than
    /// the retry budget.
    pub async fn put(&self, lots: Vec<Lot>) -> Result<(), Failure> {
        let began = Instant::now();
        for lot in lots {
            let content = self.packed(lot.lines).await?;
            self.put_new(&lot.stream, content, began).await?;
        }
        Ok(())
    }

    async fn put_new(
        &self,
        stream: &StreamDescriptor,
        content: Bytes,
        began: Instant,
    ) -> Result<(), Failure> {
        for _ in 0..MOST_TAKEN {
            let path = self.next_path(stream)?;
            match self.create(&path, content.clone(), began).await? {
                Created::New => return Ok(()),
                Created::Taken => {}
            }
        }
        Err(Trouble::Taken.into_failure("store rejected records", &self.place))
    }

    /// Creates a file, trying again for as long as the storage's trouble may pass and patience, counted from `began`,
    /// lasts.
    async fn create(&self, path: &Path, content: Bytes, began: Instant) -> Result<Created, Failure> {
        let mut told = false;
        loop {
            let options = PutOptions::from(PutMode::Create);
            let error = match self.objects.put_opts(path, content.clone().into(), options).await {
                Ok(_) => return Ok(Created::New),
                Err(Error::AlreadyExists { .. }) => return Ok(Created::Taken),
                Err(error) => error,
            };
            let trouble = Trouble::of(&error);
            if !trouble.may_pass() || began.elapsed() + PAUSE > self.patience {
                return Err(trouble.into_failure("store rejected records", &self.place));
            }
            if !told {
                tracing::warn!("Rejected records cannot be stored for now ({trouble}); it is tried again.");
                told = true;
            }
            sleep(PAUSE).await;
        }
    }

    fn next_path(&self, stream: &StreamDescriptor) -> Result<Path, Failure> {
        let part = self.parts.fetch_add(1, Ordering::Relaxed);
        self.parsed(&self.naming.key(stream, part))
    }

    fn parsed(&self, key: &str) -> Result<Path, Failure> {
        Path::parse(key).map_err(|_| {
            let message = format!("{} does not take the names that path_format makes.", self.place);
            Failure::new(Kind::Configuration, message)
        })
    }

    async fn packed(&self, lines: Vec<u8>) -> Result<Bytes, Failure> {
        match self.compression {
            Compression::None => Ok(lines.into()),
            // Off the loop that makes the calls: megabytes take a tenth of a second.
            Compression::Gzip => tokio::task::spawn_blocking(move || gzip(&lines))
                .await
                .map_err(|error| internal(&error.to_string()))?
                .map_err(|error| internal(&error.to_string())),
        }
    }

    /// Makes sure that the storage takes files, with the very call that stores rejected records; the file is removed
    /// again where that is allowed.
    ///
    /// Syncs that begin at the same time do not disturb each other: a file that is there already proves as much as one
    /// that was made.
    ///
    /// # Errors
    /// A configuration failure when the storage refuses, a transient one when it stays out of reach for longer than
    /// the retry budget.
    pub async fn admit(&self) -> Result<(), Failure> {
        let path = self.parsed(&self.naming.check_key())?;
        self.create(&path, Bytes::from_static(PROBE), Instant::now()).await?;
        // Storing takes no permission to remove; what is left behind is found there the next time.
        if !matches!(timeout(REMOVAL, self.objects.delete(&path)).await, Ok(Ok(()))) {
            tracing::debug!("the storage keeps the file it was tried out with");
        }
        Ok(())
    }

    /// Tries the storage out: writes a file, finds it in the list, removes it. Says where records will be kept.
    ///
    /// # Errors
    /// A failure that names the step that did not work and what may be wrong.
    pub async fn probe(&self) -> Result<String, Failure> {
        match timeout(CHECK_PATIENCE, self.try_out()).await {
            Ok(result) => result.map(|()| format!("Rejected records go to {}.", self.place)),
            Err(_) => {
                Err(Trouble::Unreached(Obstacle::Silent).into_failure("try out the storage", &self.place))
            }
        }
    }

    async fn try_out(&self) -> Result<(), Failure> {
        let failed =
            |doing: &'static str| move |error: Error| Trouble::of(&error).into_failure(doing, &self.place);
        let path = self.parsed(&self.naming.check_key())?;
        self.objects.put(&path, PutPayload::from_static(PROBE)).await.map_err(failed("write a file"))?;
        let folder = self.parsed(&self.naming.folder())?;
        let listed = self.objects.list_with_delimiter(Some(&folder)).await.map_err(failed("list files"))?;
        if !listed.objects.iter().any(|object| object.location == path) {
            let message = format!(
                "{} took a file and does not list it. Another check may be running; otherwise see whether something \
                 removes files there.",
                self.place
            );
            return Err(Failure::new(Kind::Unavailable, message));
        }
        self.objects.delete(&path).await.map_err(failed("remove a file"))
    }
}

fn gzip(lines: &[u8]) -> std::io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(lines)?;
    encoder.finish().map(Bytes::from)
}

fn internal(note: &str) -> Failure {
    let message =
        "Rejected records could not be compressed. This is a fault of the connector; please report it.";
    Failure::new(Kind::Internal, message).internal(note)
}
