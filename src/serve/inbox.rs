//! Hints are stored before they are answered, by one thread with a connection of its own.

use std::path::PathBuf;
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};

use crate::clock::Clock;
use crate::model::Hint;
use crate::store::{HintTaken, StoreError, Writer};

use super::Refusal;

/// Hints that may wait for the disk; more is answered with 429.
const WAITING: usize = 256;

type Letter = (Hint, oneshot::Sender<Result<HintTaken, StoreError>>);

/// Where hints are put. Cheap to clone; the thread ends with the last of them.
#[derive(Clone)]
pub struct Inbox(mpsc::Sender<Letter>);

impl Inbox {
    /// Opens the database on a thread of its own.
    pub fn open(database: PathBuf, clock: Clock) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (sender, mut letters) = mpsc::channel::<Letter>(WAITING);
        let thread = std::thread::Builder::new()
            .name("inbox".into())
            .spawn(move || {
                let mut writer = None;
                while let Some((hint, answer)) = letters.blocking_recv() {
                    let taken = take(&mut writer, &database, &clock, &hint);
                    // The sender may have gone away meanwhile: what is stored is stored.
                    drop(answer.send(taken));
                }
            })?;
        Ok((Self(sender), thread))
    }

    /// Stores a hint; when this returns, it is on disk.
    pub async fn put(&self, hint: Hint) -> Result<HintTaken, Refusal> {
        let (answer, stored) = oneshot::channel();
        self.0
            .try_send((hint, answer))
            .map_err(|_| Refusal::Overload)?;
        match stored.await {
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

/// Opens the database where it is not open: a file that could not be opened may be there at the next delivery.
fn take(
    writer: &mut Option<Writer>,
    database: &std::path::Path,
    clock: &Clock,
    hint: &Hint,
) -> Result<HintTaken, StoreError> {
    let open = match writer.take() {
        Some(open) => open,
        None => Writer::open(database, clock)?,
    };
    writer.insert(open).take_hint(hint)
}
