//! Who may write: the deadline of our lease, checked last thing before a write is sent.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use crate::clock::Clock;

/// Milliseconds that a lease lasts.
pub(crate) const TTL_MS: i64 = 20_000;
/// Milliseconds between renewals.
pub(crate) const RENEW_MS: i64 = 5_000;
/// Milliseconds that a request may take; a write that starts later than this before the deadline could end after it.
pub(crate) const REQUEST_MS: i64 = 10_000;

/// The deadline of our lease, in ticks; shared with the connectors, which ask it before each write.
#[derive(Clone, Debug)]
pub struct LeaseGate {
    clock: Clock,
    until: Arc<AtomicI64>,
}

impl LeaseGate {
    /// A gate that is shut until a lease opens it.
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            until: Arc::new(AtomicI64::new(i64::MIN)),
        }
    }

    /// Whether a write may start now: it ends before the lease does.
    pub fn is_open(&self) -> bool {
        self.clock.ticks() + REQUEST_MS <= self.until.load(Ordering::SeqCst)
    }

    /// Opens it for another term, counted from `since`, the tick before the lease was asked for.
    pub(crate) fn extend(&self, since: i64) {
        self.until.store(since + TTL_MS, Ordering::SeqCst);
    }

    /// Shuts it.
    pub(crate) fn shut(&self) {
        self.until.store(i64::MIN, Ordering::SeqCst);
    }
}
