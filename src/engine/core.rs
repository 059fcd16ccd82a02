//! What every step of a pass works with: the store, both sides, time, and the state that everyone is told.

use std::cell::{Cell, RefCell, RefMut};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use crate::clock::Clock;
use crate::merge::mapping::FieldMap;
use crate::model::{
    BySide, Failure, Fence, FieldName, Holder, Intent, Kind, LinkId, LoopState, LoopStatus, Millis,
    RateBar, Rule, Side,
};
use crate::remote::{Connector, RemoteError};
use crate::store::{Lease, Moment, Reader, StoreError, Writer};

use super::lease::RENEW_MS;
use super::{EngineError, LeaseGate};

/// Milliseconds of one bar of the Rates chart.
const BAR_MS: i64 = 30_000;
/// How often it is told how far a reading is: each time is a transaction, and nothing shorter is shown.
const PROGRESS_MS: i64 = 250;

pub(super) struct Core {
    writer: RefCell<Writer>,
    pub reader: Reader,
    pub sides: BySide<Arc<dyn Connector>>,
    pub clock: Clock,
    pub us: Holder,
    pub gate: LeaseGate,
    /// The field map as configured.
    pub configured: FieldMap,
    /// The automation rules.
    pub rules: Vec<Rule>,
    /// After how many days what has ended is taken away; 0: never.
    pub keep_days: u32,
    /// The same with custom fields by key, and without those that GHL does not have.
    map: RefCell<Arc<FieldMap>>,
    /// Fields that the map has since lately and whose base is not known yet.
    pub news: RefCell<BTreeSet<(Kind, FieldName)>>,
    /// The moments after which nothing more was found to pair, by kind.
    matched: RefCell<BTreeMap<Kind, Moment>>,
    /// The fence of the lease that we hold.
    pub fence: Cell<Fence>,
    /// Tick of the last renewal of the lease.
    renewed_at: Cell<i64>,
    /// Tick at which it was told last how far a reading is.
    progress_at: Cell<i64>,
    /// A copy of the cache, from which no write may leave.
    is_copy: bool,
    /// Somebody wants the loop to end.
    pub stopping: Cell<bool>,
    status: RefCell<LoopStatus>,
    /// Requests and 429s already put into bars.
    counted: RefCell<BySide<(u64, u64)>>,
    /// The most that others were seen to have used of each side's day.
    others: RefCell<BySide<Option<u64>>>,
}

impl Core {
    pub fn new(parts: super::Parts) -> Result<Self, EngineError> {
        let reader = parts.writer.reader()?;
        Ok(Self::with_reader(parts, reader))
    }

    /// One that has not started, on connections that are open.
    pub fn with_reader(parts: super::Parts, reader: Reader) -> Self {
        let mut writer = parts.writer;
        writer.watch_for_rules(parts.rules.iter().any(|rule| rule.on));
        Self {
            writer: RefCell::new(writer),
            reader,
            sides: parts.sides,
            clock: parts.clock,
            us: parts.us,
            gate: parts.gate,
            map: RefCell::new(Arc::new(parts.map.clone())),
            configured: parts.map,
            rules: parts.rules,
            keep_days: parts.keep_days,
            news: RefCell::default(),
            matched: RefCell::default(),
            fence: Cell::new(Fence(0)),
            renewed_at: Cell::new(i64::MIN),
            progress_at: Cell::new(i64::MIN),
            is_copy: false,
            stopping: Cell::new(false),
            status: RefCell::new(LoopStatus::default()),
            counted: RefCell::new(BySide::default()),
            others: RefCell::new(BySide::default()),
        }
    }

    /// The connections to the database; all else that was in memory goes.
    pub fn into_connections(self) -> (Writer, Reader) {
        (self.writer.into_inner(), self.reader)
    }

    /// The same on a copy of the cache, with the gate shut: whatever is tried there, no write leaves.
    pub fn on_copy(&self, path: &Path) -> Result<Self, EngineError> {
        self.store().copy_to(path)?;
        let copy = Self::new(super::Parts {
            writer: Writer::open(path, &self.clock)?,
            sides: self.sides.clone(),
            clock: self.clock.clone(),
            us: self.us.clone(),
            gate: self.gate.clone(),
            poll: std::time::Duration::ZERO,
            map: self.configured.clone(),
            rules: self.rules.clone(),
            keep_days: self.keep_days,
        })?;
        copy.gate.shut();
        Ok(Self {
            is_copy: true,
            ..copy
        })
    }

    /// Asks for the lease, and opens the gate with it.
    pub fn take_lease(&self) -> Result<Lease, StoreError> {
        let before = self.clock.ticks();
        let lease = self.store().acquire(&self.us)?;
        if let Lease::Ours(fence) = lease {
            self.fence.set(fence);
            self.extend_gate(before);
        }
        Ok(lease)
    }

    /// Renews the lease if that is due. Work that computes for long calls it between its pieces, since the heartbeat
    /// cannot run meanwhile.
    pub fn keep_lease(&self) -> Result<(), StoreError> {
        let now = self.clock.ticks();
        if now.saturating_sub(self.renewed_at.get()) >= RENEW_MS {
            self.store().renew(self.fence.get())?;
            self.extend_gate(now);
        }
        Ok(())
    }

    fn extend_gate(&self, since: i64) {
        self.renewed_at.set(since);
        if !self.is_copy && !self.stopping.get() {
            self.gate.extend(since);
        }
    }

    /// The field map in force.
    pub fn map(&self) -> Arc<FieldMap> {
        Arc::clone(&self.map.borrow())
    }

    /// Puts another map in force.
    pub fn use_map(&self, map: FieldMap) {
        *self.map.borrow_mut() = Arc::new(map);
    }

    /// The store, for one verb; never held across an await.
    pub fn store(&self) -> RefMut<'_, Writer> {
        self.writer.borrow_mut()
    }

    /// Looks for pairs of a kind, unless nothing that could change what is found has happened since that found nothing.
    /// Else each pass would read all records that have no pair, and where one side holds more than the other is to
    /// have, that is most of them.
    pub fn match_once<E: From<StoreError>>(
        &self,
        kind: Kind,
        look: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        let before = self.store().moment()?;
        if self.matched.borrow().get(&kind) == Some(&before) {
            return Ok(());
        }
        look()?;
        if self.store().moment()? == before {
            self.matched.borrow_mut().insert(kind, before);
        }
        Ok(())
    }

    pub fn side(&self, side: Side) -> &dyn Connector {
        self.sides.get(side).as_ref()
    }

    pub fn now(&self) -> Millis {
        self.clock.now()
    }

    /// Changes the state that everyone is told, and tells it.
    pub fn tell(&self, change: impl FnOnce(&mut LoopStatus)) -> Result<(), StoreError> {
        let mut status = self.status.borrow_mut();
        change(&mut status);
        status.progress_at = self.now();
        for side in Side::BOTH {
            *status.sides.get_mut(side) = self.side(side).status();
        }
        self.store().put_status(self.fence.get(), &status)
    }

    pub fn tell_state(&self, state: LoopState) -> Result<(), StoreError> {
        self.tell(|status| status.state = state)
    }

    /// Tells how far a reading is, unless that was told a moment ago.
    pub fn tell_progress(&self, state: LoopState) -> Result<(), StoreError> {
        let now = self.clock.ticks();
        if now.saturating_sub(self.progress_at.get()) < PROGRESS_MS {
            return Ok(());
        }
        self.progress_at.set(now);
        self.tell_state(state)
    }

    /// Takes up what the holder before told: a pause and the idle time outlive a process.
    pub fn take_over_status(&self) -> Result<(), StoreError> {
        let before = self.reader.status()?;
        let mut status = self.status.borrow_mut();
        status.paused = before.paused;
        status.lanes_paused = before.lanes_paused;
        status.idle_since = before.idle_since;
        Ok(())
    }

    pub fn status(&self) -> LoopStatus {
        self.status.borrow().clone()
    }

    /// Requests and 429 answers of each side so far.
    pub fn sent(&self) -> BySide<(u64, u64)> {
        BySide::from_fn(|side| self.side(side).sent())
    }

    /// Puts the requests sent since the last call into the bars of the Rates chart.
    pub fn count_rates(&self) -> Result<(), StoreError> {
        let sent = self.sent();
        let mut counted = self.counted.borrow_mut();
        let at = Millis(self.now().0.div_euclid(BAR_MS) * BAR_MS);
        for side in Side::BOTH {
            let (now, before) = (*sent.get(side), *counted.get(side));
            let day = self.side(side).status().day;
            let others = grown(self.others.borrow_mut().get_mut(side), day.others);
            if now != before || others > 0 {
                let bar = RateBar {
                    at,
                    ours: (now.0 - before.0) as u32,
                    others,
                    throttled: (now.1 - before.1) as u32,
                };
                self.store().add_rates(self.fence.get(), side, bar)?;
            }
        }
        *counted = sent;
        Ok(())
    }

    /// Raises a failure of a side as an error row.
    pub fn raise(
        &self,
        error: &RemoteError,
        doing: &str,
        link: Option<LinkId>,
    ) -> Result<(), StoreError> {
        self.store()
            .raise(self.fence.get(), &failure(error, doing, link))?;
        Ok(())
    }

    /// A JSON text kept under a name.
    pub fn note<T: serde::de::DeserializeOwned>(
        &self,
        name: &str,
    ) -> Result<Option<T>, StoreError> {
        let text = self.store().note(name)?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Keeps a value under a name.
    pub fn put_note<T: serde::Serialize>(&self, name: &str, value: &T) -> Result<(), StoreError> {
        let text = serde_json::to_string(value).expect("notes are plain data");
        self.store().put_note(self.fence.get(), name, Some(&text))
    }

    pub fn drop_note(&self, name: &str) -> Result<(), StoreError> {
        self.store().put_note(self.fence.get(), name, None)
    }

    /// GHL's clock less Growbots', as their answers say; 0 until both did.
    pub fn skew_ms(&self) -> i64 {
        let [ghl, growbots] = Side::BOTH.map(|side| self.side(side).clock_offset_ms());
        ghl.zip(growbots)
            .map_or(0, |(ghl, growbots)| ghl - growbots)
    }

    /// Milliseconds since an intent was last sent: by ticks, which no setting of the clock moves, in the boot in which
    /// it was sent.
    pub fn age_ms(&self, intent: &Intent) -> i64 {
        match (intent.sent_ticks, intent.sent_at) {
            (Some(ticks), _) => self.clock.ticks().saturating_sub(ticks),
            (None, Some(at)) => self.now().since(at),
            (None, None) => i64::MAX,
        }
    }

    /// Whether something that runs at most every `every_ms` is due; the mark is the time of the last run.
    pub fn is_due(&self, mark: &str, every_ms: i64) -> Result<bool, StoreError> {
        let last: Option<Millis> = self.note(mark)?;
        Ok(last.is_none_or(|last| {
            let span = self.now().since(last);
            span >= every_ms || span < 0
        }))
    }

    pub fn mark_done(&self, mark: &str) -> Result<(), StoreError> {
        self.put_note(mark, &self.now())
    }
}

/// A failure of a side as an error row: the pattern is side, operation, status and message without ids and values.
pub(super) fn failure(error: &RemoteError, doing: &str, link: Option<LinkId>) -> Failure {
    let (side, operation) = match error {
        RemoteError::Unauthorised { side, .. }
        | RemoteError::SignIn { side, .. }
        | RemoteError::Secret { side, .. }
        | RemoteError::CursorExpired { side }
        | RemoteError::KeyReused { side }
        | RemoteError::Shut { side, .. }
        | RemoteError::Spent { side, .. }
        | RemoteError::Duplicate { side, .. }
        | RemoteError::Unreachable { side, .. } => (Some(*side), doing.to_owned()),
        RemoteError::Forbidden {
            side, operation, ..
        }
        | RemoteError::Refused {
            side, operation, ..
        }
        | RemoteError::Server {
            side, operation, ..
        }
        | RemoteError::Lost {
            side, operation, ..
        }
        | RemoteError::Malformed {
            side, operation, ..
        }
        | RemoteError::Stopped { side, operation } => (Some(*side), operation.clone()),
        RemoteError::Slots(_) => (None, doing.to_owned()),
    };
    let message = error.to_string();
    let status = error.status();
    let pattern = format!(
        "{} {operation} {} {}",
        side.map_or("couplet", Side::name),
        status.map_or_else(String::new, |status| status.to_string()),
        without_values(&message)
    );
    let next_retry_at = match error.class() {
        crate::remote::Class::Throttled { until } => Some(until),
        _ => None,
    };
    Failure {
        pattern,
        side,
        operation,
        status,
        message,
        link,
        next_retry_at,
    }
}

/// A message without what differs from record to record: words with a digit or an `@` become `…`.
fn without_values(message: &str) -> String {
    let words = message.split_whitespace().map(|word| {
        let varies = word.contains(|c: char| c.is_ascii_digit() || c == '@');
        if varies { "…" } else { word }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// By how much others have used more of a day than was seen before; `seen` is the most so far. What is on its way makes
/// the count waver, so that only a new most counts; where it falls by half, a day has begun.
fn grown(seen: &mut Option<u64>, now: Option<u64>) -> u32 {
    let Some(now) = now else {
        return 0;
    };
    let Some(most) = *seen else {
        *seen = Some(now); // what was used before we came is of no half minute
        return 0;
    };
    if now > most || now < most / 2 {
        *seen = Some(now);
    }
    u32::try_from(now.saturating_sub(most)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FieldName, RecordId};

    #[test]
    fn failures_of_two_records_have_one_pattern() {
        let of = |id: &str| {
            let error = RemoteError::Duplicate {
                side: Side::Ghl,
                holder: RecordId::from(id),
                field: FieldName::Email,
            };
            failure(&error, "create", None).pattern
        };
        assert_eq!(of("pK4tQv9ZsL2mXw7RbN1c"), of("zB2nWc6YdF9kTp3RmH8x"));
    }

    #[test]
    fn others_count_where_they_used_more_than_ever_that_day() {
        let mut seen = None;
        for (now, want) in [
            (None, 0),
            (Some(100), 0),
            (Some(97), 0),
            (Some(103), 3),
            (Some(103), 0),
            (None, 0),
            (Some(110), 7),
            (Some(4), 0),
            (Some(6), 2),
        ] {
            assert_eq!(grown(&mut seen, now), want, "{now:?}");
        }
    }
}
