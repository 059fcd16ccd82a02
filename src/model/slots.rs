//! Where the limiter keeps the times of its requests, so that all processes of a workspace share one window.

use super::{Millis, Side};

/// Places in the burst windows, shared by every process that uses the same keys.
///
/// Each method is one short transaction. Times are wall time.
pub trait Slots: Send + Sync {
    /// Takes a place of `side` if fewer than `limit` are in use at `now`, for at most `window_ms`.
    fn take(
        &self,
        side: Side,
        limit: u32,
        window_ms: u32,
        now: Millis,
    ) -> Result<Taken, SlotsError>;

    /// Says that the answer to the request in this place came at `now`: the place is free `window_ms` later.
    fn release(&self, slot: i64, window_ms: u32, now: Millis) -> Result<(), SlotsError>;

    /// Places in use at `now`, and when the next of them is free.
    fn in_use(&self, side: Side, now: Millis) -> Result<(u32, Option<Millis>), SlotsError>;

    /// Requests that were sent on `side` since `since`: what counts against the day.
    fn sent_since(&self, side: Side, since: Millis) -> Result<u64, SlotsError>;
}

/// The answer to [`Slots::take`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Go; the number is for [`Slots::release`].
    Go(i64),
    /// No place now; ask again then.
    Wait(Millis),
}

/// The slots could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the record of sent requests cannot be used")]
pub struct SlotsError(#[source] pub Box<dyn std::error::Error + Send + Sync>);
