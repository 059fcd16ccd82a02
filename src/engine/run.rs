//! The loop: when passes run, and what comes between them.

use std::cell::{Cell, RefCell};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::{Notify, mpsc, watch};

use crate::clock::Clock;
use crate::merge::FieldMap;
use crate::model::{Action, ActionId, BySide, Failure, Holder, LoopState, PassSummary, Rule};
use crate::remote::Connector;
use crate::store::{Lease, StoreError, Writer};

use super::core::Core;
use super::lease::RENEW_MS;
use super::pass::Pass;
use super::port::{Ask, Event};
use super::settle::IN_FLIGHT_MS;
use super::{EngineError, LeaseGate};

/// How often another process's actions are looked for while nothing else happens.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// The least time between a pass and the next that only a webhook asks for: a burst of them is one pass.
const HINTS_GATHER: Duration = Duration::from_secs(3);
/// How often a lease that another process holds is asked for.
const ASK_LEASE_EVERY: Duration = Duration::from_secs(1);
/// How long a request in flight may take after a stop was asked for.
const STOP_WITHIN: Duration = Duration::from_secs(11);
/// How long `sync --once` waits for a side that stays shut, and for lost answers.
const ONCE_WAITS_MS: i64 = 60_000;
/// The least time between two passes of it.
const ONCE_PAUSE_MS: i64 = 5_000;

/// The pass that somebody asks for who wants records to be read again.
const PASS: Action = Action::Sync {
    full: false,
    children: false,
};

/// All that an engine works with.
pub struct Parts {
    /// The only writing connection of the process.
    pub writer: Writer,
    /// Both sides; their gate is `gate`.
    pub sides: BySide<Arc<dyn Connector>>,
    /// Time.
    pub clock: Clock,
    /// Who we are.
    pub us: Holder,
    /// The deadline of our lease.
    pub gate: LeaseGate,
    /// Time between passes when nothing asks for one.
    pub poll: Duration,
    /// Which fields are kept in step, and how.
    pub map: FieldMap,
    /// The automation rules.
    pub rules: Vec<Rule>,
    /// After how many days what has ended is taken out of the database; 0 keeps it.
    pub keep_days: u32,
}

/// What a pass is asked to read beside what changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Once {
    /// Run the sweeps of contacts, tasks, businesses and deletes now.
    pub full: bool,
    /// Notes and appointments of every contact too.
    pub children: bool,
}

/// The sync loop of one workspace. It stays on one thread.
pub struct Engine {
    pub(super) core: Core,
    poll: Duration,
    /// Whether colleagues are told that a conflict is open here.
    looks: Cell<bool>,
}

impl Engine {
    /// An engine that has not started.
    pub fn new(parts: Parts) -> Result<Self, EngineError> {
        let poll = parts.poll;
        Ok(Self {
            core: Core::new(parts)?,
            poll,
            looks: Cell::new(false),
        })
    }

    /// Ends this engine as a process that dies would, and begins one as a process that starts: `anew` makes its parts
    /// around the open database, of which alone something is left.
    pub fn replaced(self, anew: impl FnOnce(Writer) -> Parts) -> Self {
        let (writer, reader) = self.core.into_connections();
        let parts = anew(writer);
        Self {
            poll: parts.poll,
            core: Core::with_reader(parts, reader),
            looks: Cell::new(false),
        }
    }

    /// One pass under the lease, which is given back afterwards. Where answers were lost or a side is shut, it goes
    /// on until they are settled, for at most 60 s. `EngineError::Held`: another process holds the lease.
    pub async fn once(&mut self, what: Once) -> Result<PassSummary, EngineError> {
        match self.take_lease()? {
            Lease::Ours(_) => {}
            Lease::Held(holder) => return Err(EngineError::Held(holder)),
        }
        let heartbeat = self.heartbeat();
        let result = tokio::select! {
            biased;
            result = self.until_settled(what) => result,
            error = heartbeat => Err(error),
        };
        self.give_back();
        result
    }

    async fn until_settled(&self, what: Once) -> Result<PassSummary, EngineError> {
        let began = self.core.now();
        let mut summary = self.pass(what, "asked for", false).await?;
        while summary.waiting > 0 && self.core.now().since(began) < ONCE_WAITS_MS {
            let lost = self.core.store().unknown_intents()?;
            let due = lost
                .iter()
                .map(|intent| IN_FLIGHT_MS - self.core.age_ms(intent));
            let Some(due) = due.min() else { break };
            let wait = due.clamp(ONCE_PAUSE_MS, ONCE_WAITS_MS) as u64;
            tokio::time::sleep(Duration::from_millis(wait)).await;
            let next = self.pass(Once::default(), "lost answers", false).await?;
            summary = joined(summary, next);
        }
        Ok(summary)
    }

    /// What a pass would do now: it pulls into a copy of the cache, which goes afterwards, and writes nothing to
    /// either side. Needs no lease.
    pub async fn dry_run(&mut self, what: Once) -> Result<PassSummary, EngineError> {
        let folder = tempfile::Builder::new()
            .prefix("couplet-dry-run-")
            .tempdir()?;
        let copy = self.core.on_copy(&folder.path().join("copy.db"))?;
        copy.take_lease()?;
        let pass = Pass::begin(&copy, what, "dry run", false, true)?;
        let (summary, result) = pass.run().await?;
        result.map(|()| summary)
    }

    /// Passes, one after the other, until told to stop; waits for the lease where another process holds it, and
    /// takes over. `tell` gets events, `done` the summary of each pass that ends.
    pub async fn run(
        &mut self,
        asks: mpsc::UnboundedReceiver<Ask>,
        mut stop: watch::Receiver<bool>,
        tell: &(dyn Fn(Event) + Send + Sync),
        done: &(dyn Fn(&PassSummary) + Send + Sync),
    ) -> Result<(), EngineError> {
        let wake = Notify::new();
        let ours = RefCell::new(Vec::new());
        let passes = self.passes(&wake, &ours, tell, done);
        let taking = self.take_asks(asks, &wake, &ours, tell);
        tokio::pin!(passes);
        let result = tokio::select! {
            biased;
            () = stopped(&mut stop) => {
                self.core.stopping.set(true);
                self.core.gate.shut();
                wake.notify_one();
                // The request in flight ends; nothing new starts.
                tokio::time::timeout(STOP_WITHIN, &mut passes).await.unwrap_or(Ok(()))
            }
            result = &mut passes => result,
            () = taking => Ok(()),
        };
        if self.looks.get() {
            // Else it is over by itself after a while.
            let _told = self.core.store().look(&self.core.us.operator, None);
        }
        self.give_back();
        match result {
            Err(EngineError::Remote(crate::remote::RemoteError::Stopped { .. }))
                if *stop.borrow() =>
            {
                Ok(())
            }
            result => result,
        }
    }

    /// Passes under the lease; asks for it while another process has it.
    async fn passes(
        &self,
        wake: &Notify,
        ours: &RefCell<Vec<ActionId>>,
        tell: &(dyn Fn(Event) + Send + Sync),
        done: &(dyn Fn(&PassSummary) + Send + Sync),
    ) -> Result<(), EngineError> {
        let mut told: Option<bool> = None;
        let barred = Mutex::new(None);
        let bar = |why| {
            std::mem::replace(
                &mut *barred.lock().unwrap_or_else(PoisonError::into_inner),
                why,
            )
        };
        let writes_again = || {
            if bar(None).is_some() {
                tell(Event::Barred { why: None });
            }
        };
        let done = |summary: &PassSummary| {
            writes_again(); // a pass that ends has stored something
            done(summary);
        };
        while !self.core.stopping.get() {
            let result = match self.take_lease() {
                Ok(lease) => {
                    let held = matches!(lease, Lease::Ours(_));
                    if told != Some(held) {
                        told = Some(held);
                        tell(Event::Lease { ours: held });
                    }
                    if !held {
                        writes_again(); // the holder sees to it
                        tokio::time::sleep(ASK_LEASE_EVERY).await;
                        self.tell_ended(ours, tell)?;
                        continue;
                    }
                    tokio::select! {
                        biased;
                        error = self.heartbeat() => Err(error),
                        result = self.passes_under_lease(wake, ours, tell, &done) => result,
                    }
                }
                Err(error) => Err(error),
            };
            match result {
                // Another process took over while we slept: it goes on, we wait.
                Err(EngineError::Store(StoreError::LeaseLost { .. })) => self.core.gate.shut(),
                // A full disk, a file that is locked: nothing was sent that is not stored. It may work again.
                Err(EngineError::Store(failed @ StoreError::Query { .. })) => {
                    self.core.gate.shut();
                    let why = failed.barred();
                    if why.is_some() && bar(why) != why {
                        tell(Event::Barred { why });
                    }
                    let error = EngineError::Store(failed);
                    tell(Event::Trouble {
                        words: format!("the sync loop waits: {}", error.in_one_line()),
                    });
                    tokio::select! {
                        biased;
                        () = wake.notified() => {}
                        () = tokio::time::sleep(self.poll) => {}
                    }
                }
                result => return result,
            }
        }
        Ok(())
    }

    async fn passes_under_lease(
        &self,
        wake: &Notify,
        ours: &RefCell<Vec<ActionId>>,
        tell: &(dyn Fn(Event) + Send + Sync),
        done: &(dyn Fn(&PassSummary) + Send + Sync),
    ) -> Result<(), EngineError> {
        let mut because = "start";
        while !self.core.stopping.get() {
            let pending = self.core.store().pending_actions()?;
            let urgent = !pending.is_empty();
            let asked = pending.iter().filter_map(|(_, _, action)| match action {
                Action::Sync { full, children } => Some(Once {
                    full: *full,
                    children: *children,
                }),
                _ => None,
            });
            let what = asked.fold(Once::default(), |all, one| Once {
                full: all.full || one.full,
                children: all.children || one.children,
            });
            let rests = self.core.rests()?;
            if rests.ghl && rests.growbots && !urgent {
                self.core.tell_state(LoopState::Paused)?;
            } else {
                let because = if urgent { "an operator asked" } else { because };
                match self.pass_and_tell(what, because, urgent, ours, tell).await {
                    Ok(summary) => done(&summary),
                    Err(error @ EngineError::Remote(_)) => tell(Event::PassFailed {
                        words: error.in_one_line(),
                        unauthorised: error.is_unauthorised(),
                    }),
                    Err(EngineError::Panicked) => self.note_panic()?,
                    Err(error) => return Err(error),
                }
            }
            because = "poll";
            self.rest(wake).await?;
        }
        Ok(())
    }

    /// Waits for the next reason to run a pass.
    async fn rest(&self, wake: &Notify) -> Result<(), EngineError> {
        let mut version = self.core.reader.data_version()?;
        let began = tokio::time::Instant::now();
        let until = began + self.poll;
        let mut told = false;
        loop {
            if self.core.stopping.get() {
                return Ok(());
            }
            tokio::select! {
                biased;
                () = wake.notified() => return Ok(()),
                () = tokio::time::sleep_until(until) => return Ok(()),
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            let now = self.core.reader.data_version()?;
            if now != version {
                version = now;
                if !self.core.store().pending_actions()?.is_empty() {
                    return Ok(());
                }
                told |= !self.core.store().pending_hints(1)?.is_empty() && !self.core.hints_rest();
            }
            if told && began.elapsed() >= HINTS_GATHER {
                return Ok(());
            }
        }
    }

    /// Makes asks durable, and wakes the loop.
    async fn take_asks(
        &self,
        mut asks: mpsc::UnboundedReceiver<Ask>,
        wake: &Notify,
        ours: &RefCell<Vec<ActionId>>,
        tell: &(dyn Fn(Event) + Send + Sync),
    ) {
        while let Some(ask) = asks.recv().await {
            let operator = &self.core.us.operator;
            let mut store = self.core.store();
            let stored = match &ask {
                Ask::Act(action) => store
                    .submit(operator, action)
                    .map(|id| ours.borrow_mut().push(id)),
                Ask::Stage {
                    conflict,
                    answer,
                    revision,
                } => store.stage(operator, *conflict, answer, *revision),
                Ask::Acknowledge(alert) => store.acknowledge(*alert).map(drop),
                Ask::ReadAgain(links) => store
                    .read_again(links)
                    .and_then(|()| store.submit(operator, &PASS))
                    .map(|id| ours.borrow_mut().push(id)),
                Ask::Look(conflict) => store
                    .look(operator, *conflict)
                    .map(|()| self.looks.set(conflict.is_some())),
                Ask::Unstage { conflict, field } => {
                    store.unstage(operator, *conflict, field.as_ref())
                }
            };
            match stored {
                Ok(()) if matches!(ask, Ask::Act(_) | Ask::ReadAgain(_)) => wake.notify_one(),
                Ok(()) => {}
                Err(error) => tell(Event::Trouble {
                    words: format!("not stored: {error}"),
                }),
            }
        }
        // Every interface is gone: only a stop ends the loop now.
        std::future::pending::<()>().await;
    }

    async fn pass_and_tell(
        &self,
        what: Once,
        because: &str,
        urgent: bool,
        ours: &RefCell<Vec<ActionId>>,
        tell: &(dyn Fn(Event) + Send + Sync),
    ) -> Result<PassSummary, EngineError> {
        let result = self.pass(what, because, urgent).await;
        self.tell_ended(ours, tell)?;
        result
    }

    /// Tells how those of our actions ended that have, whoever carried them out.
    fn tell_ended(
        &self,
        ours: &RefCell<Vec<ActionId>>,
        tell: &(dyn Fn(Event) + Send + Sync),
    ) -> Result<(), EngineError> {
        let mut waiting = Vec::new();
        for id in ours.take() {
            match self.core.store().ended_action(id)? {
                Some((action, outcome)) => tell(Event::Ended { action, outcome }),
                None => waiting.push(id),
            }
        }
        ours.borrow_mut().extend(waiting);
        Ok(())
    }

    async fn pass(
        &self,
        what: Once,
        because: &str,
        urgent: bool,
    ) -> Result<PassSummary, EngineError> {
        let pass = Pass::begin(&self.core, what, because, urgent, false)?;
        let (summary, result) = caught(pass).await?;
        result.map(|()| summary)
    }

    /// A fault of ours ends one pass, and stands among the errors; the loop goes on.
    fn note_panic(&self) -> Result<(), EngineError> {
        let failure = Failure {
            pattern: "couplet pass panicked".into(),
            side: None,
            operation: "pass".into(),
            status: None,
            message: "a pass ended in a fault of couplet itself; what it had done stands".into(),
            link: None,
            next_retry_at: Some(self.core.now().plus(self.poll.as_millis() as i64)),
        };
        self.core.store().raise(self.core.fence.get(), &failure)?;
        Ok(())
    }

    fn take_lease(&self) -> Result<Lease, EngineError> {
        let lease = self.core.take_lease()?;
        if matches!(lease, Lease::Ours(_)) {
            self.core.take_over_status()?;
        }
        Ok(lease)
    }

    /// Renews the lease for ever; ends only with the failure to.
    async fn heartbeat(&self) -> EngineError {
        loop {
            // Looks twice as often as it renews, so that a renewal between two looks delays the next by half.
            tokio::time::sleep(Duration::from_millis(RENEW_MS as u64 / 2)).await;
            if let Err(error) = self.core.keep_lease() {
                return error.into();
            }
        }
    }

    /// Gives the lease back and says so; a lease that was lost is not ours to give.
    fn give_back(&self) {
        self.core.gate.shut();
        let fence = self.core.fence.get();
        let told = self.core.tell_state(LoopState::Stopped);
        let released = self.core.store().release(fence);
        if let Err(error) = told.and(released) {
            tracing::debug!(%error, "the lease was not ours any more");
        }
    }
}

/// Runs a pass; a panic in it is an error. Its text is left out: it could hold a customer's values.
async fn caught(pass: Pass<'_>) -> Result<(PassSummary, Result<(), EngineError>), EngineError> {
    std::panic::AssertUnwindSafe(pass.run())
        .catch_unwind()
        .await
        .unwrap_or(Err(EngineError::Panicked))
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    while !*stop.borrow_and_update() {
        if stop.changed().await.is_err() {
            return;
        }
    }
}

/// Two passes told as one.
fn joined(first: PassSummary, next: PassSummary) -> PassSummary {
    let add = |a: BySide<u64>, b: BySide<u64>| BySide {
        ghl: a.ghl + b.ghl,
        growbots: a.growbots + b.growbots,
    };
    PassSummary {
        started_at: first.started_at,
        duration_ms: next.started_at.since(first.started_at).max(0) as u64 + next.duration_ms,
        because: first.because,
        requests: add(first.requests, next.requests),
        throttled: first.throttled + next.throttled,
        pulled: add(first.pulled, next.pulled),
        created: add(first.created, next.created),
        updated: add(first.updated, next.updated),
        deleted: add(first.deleted, next.deleted),
        errors: first.errors + next.errors,
        ..next
    }
}
