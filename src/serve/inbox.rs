//! Hints are stored before they are answered, over a connection of the workspace's own that is opened with the first.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::model::Hint;
use crate::store::{HintTaken, StoreError, Writer};

use super::Refusal;

/// Hints of a workspace that may wait for its disk, each on a thread; more is answered with 429.
const WAITING: usize = 32;

/// Where hints of a workspace are put. Cheap to clone.
#[derive(Clone)]
pub struct Inbox(Arc<Shared>);

struct Shared {
    database: PathBuf,
    clock: Clock,
    room: Semaphore,
    writer: Mutex<Option<Writer>>,
}

impl Inbox {
    /// An inbox in front of this database, which is opened when the first hint comes.
    pub fn new(database: PathBuf, clock: Clock) -> Self {
        Self(Arc::new(Shared {
            database,
            clock,
            room: Semaphore::new(WAITING),
            writer: Mutex::new(None),
        }))
    }

    /// Stores a hint; when this returns, it is on disk. Call it inside a runtime.
    pub async fn put(&self, hint: Hint) -> Result<HintTaken, Refusal> {
        let _room = self.0.room.try_acquire().map_err(|_| Refusal::Overload)?;
        let shared = Arc::clone(&self.0);
        match tokio::task::spawn_blocking(move || shared.take(&hint)).await {
            Ok(Ok(HintTaken::Full)) => Err(Refusal::Overload),
            Ok(Ok(taken)) => Ok(taken),
            Ok(Err(error)) => {
                tracing::warn!(%error, "a webhook could not be stored");
                Err(Refusal::NotStored)
            }
            Err(_) => Err(Refusal::NotStored),
        }
    }
}

impl Shared {
    /// Opens the database where it is not open: a file that could not be opened may be there at the next delivery.
    fn take(&self, hint: &Hint) -> Result<HintTaken, StoreError> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let open = match writer.take() {
            Some(open) => open,
            None => Writer::open(&self.database, &self.clock)?,
        };
        writer.insert(open).take_hint(hint)
    }
}
