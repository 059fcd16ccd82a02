//! Where the limiter keeps the times of its requests, so that all processes of a workspace share one window.

use super::{Millis, Side};

/// Places in the burst windows, shared by every process that uses the same keys.
///
/// Each method is one short transaction. Windows are kept in ticks, which no step of the clock moves and which all
/// processes of a machine share; the day is kept in wall time, as it outlives the machine's restart.
pub trait Slots: Send + Sync {
    /// Takes a place of `side` if fewer than `limit` are in use at these ticks, for at most `window_ms`, and counts
    /// the request for the day.
    fn take(
        &self,
        side: Side,
        limit: u32,
        window_ms: u32,
        ticks: i64,
        wall: Millis,
    ) -> Result<Taken, SlotsError>;

    /// Says that the answer to the request in this place came at these ticks: the place is free `keeps_ms` later.
    fn release(&self, slot: i64, keeps_ms: u32, ticks: i64) -> Result<(), SlotsError>;

    /// Says that nothing was sent: the place is free, and counts for no day.
    fn give_back(&self, slot: i64) -> Result<(), SlotsError>;

    /// Places in use at these ticks, and when the next of them is free.
    fn in_use(&self, side: Side, ticks: i64) -> Result<(u32, Option<i64>), SlotsError>;

    /// The requests of all processes that were sent after `since`, in ticks; kept for at least two windows.
    fn requests(&self, side: Side, since: i64) -> Result<Vec<Sent>, SlotsError>;

    /// Requests that were sent on `side` since `since`, to five minutes: what counts against the day.
    fn sent_since(&self, side: Side, since: Millis) -> Result<u64, SlotsError>;

    /// What the side last said about its limits, in whatever form [`Slots::put_heard`] got it.
    fn heard(&self, side: Side) -> Result<Option<String>, SlotsError>;

    /// Keeps what the side said for the other processes, and the next.
    fn put_heard(&self, side: Side, text: &str) -> Result<(), SlotsError>;
}

/// The answer to [`Slots::take`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Go; the number is for [`Slots::release`].
    Go(i64),
    /// No place now; ask again at these ticks.
    Wait(i64),
}

/// A request in the record, in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// When it went out.
    pub at: i64,
    /// When its answer came, if it did.
    pub answered_at: Option<i64>,
    /// When its place is free.
    pub free_at: i64,
}

/// The slots could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the record of sent requests cannot be used")]
pub struct SlotsError(#[source] pub Box<dyn std::error::Error + Send + Sync>);
