//! Deliberate bugs, to see that the simulation finds them. Each is what the engine would do with a wrong idea of a
//! side, of time or of its own store, put in at the seams (connector, transport, gate, normalisation, holder, the
//! database between two processes): no line of the shipped program knows of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

use couplet::clock::Clock;
use couplet::model::{
    FieldChange, FieldName, Kind, Lane, Millis, Record, RecordId, Side, SideStatus, Snapshot,
    Tombstone, Value,
};
use couplet::remote::{
    ChangePage, Connector, Deleted, Found, NewRecord, Page, PageRequest, Read, RemoteError, Reply,
    Setup, Updated,
};

macro_rules! bugs {
    ($($name:ident: $words:literal,)+) => {
        /// One deliberate bug.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Bug { $($name,)+ }

        impl Bug {
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// What is wrong, in words.
            pub const fn words(self) -> &'static str {
                match self { $(Self::$name => $words,)+ }
            }
        }
    };
}

bugs! {
    ResendLostCreate: "a create whose answer was lost is sent again at once",
    ForgetLostCreate: "a create whose answer was lost counts as done",
    ReplayIsNow: "the repeated answer to a create counts as what is there now",
    NewKeyEachTime: "each attempt has an idempotency key of its own",
    NotDurable: "what was being sent is forgotten when the process dies",
    RetryWrites: "the transport repeats a write that got no answer",
    LostTaskUnseen: "what a lost create made under a contact is not looked for",
    BaseFromRequest: "the base moves to what was sent, not to what was read back",
    WholeRecord: "an update writes back every field that was seen",
    UnconditionalUpdate: "an update does not look whether the field moved",
    NoIfMatch: "the version is not sent along",
    UnconditionalDelete: "a delete does not look whether the record moved",
    ErrorIsGone: "a read that fails counts as `not there`",
    TrustListForDelete: "what a list lags behind in counts as `not there`",
    GoneStaysGone: "the second proof of a delete is the first one again",
    ChildrenUnseen: "the children of a contact are not looked at before it is deleted",
    TrustRows: "a row of a list stands for the record, also where it is behind",
    SparseIsEmpty: "a field that a row leaves out counts as empty",
    StaleReads: "a read by id answers with what was read before",
    CursorFirst: "the place in the feed is kept before what stands there is",
    OwnClock: "a search goes on from the time of the last one by our own clock",
    SkipChanges: "a page of the feed is skipped now and then",
    DropFeedDeletes: "deletes in the feed are not heeded",
    OldTombstones: "a delete that the feed tells of late counts, whatever was seen since",
    NoSweeps: "sweeps find nothing",
    ShortList: "the first page of a list of children counts as all",
    LooseMatch: "two contacts with the same last name are the same",
    NoNormalise: "e-mail addresses are compared letter by letter",
    OneLease: "two processes hold the lease under one fence",
    NoGate: "a lease that is over, or a stop, does not keep a request from being sent",
    OwnLimiter: "each process has a limiter of its own",
    TagsAsText: "a set of tags is written as a whole, without those that others added",
}

/// A connector with a bug in how it is used.
pub struct Buggy {
    pub inner: Arc<dyn Connector>,
    pub bug: Bug,
    pub memory: Arc<Memory>,
    pub clock: Clock,
}

/// What buggy connectors remember, over all processes of a seed.
#[derive(Default)]
pub struct Memory {
    gone: Mutex<BTreeSet<RecordId>>,
    read: Mutex<BTreeMap<RecordId, Snapshot>>,
    listed: Mutex<BTreeSet<RecordId>>,
    calls: Mutex<u64>,
    /// Where the feed goes on after a page that is on its way.
    next: Mutex<Option<String>>,
    /// Creates that were answered, by key.
    made: Mutex<BTreeSet<String>>,
    /// What a repeated answer said.
    replayed: Mutex<BTreeMap<RecordId, Snapshot>>,
    /// When each kind was searched last.
    searched: Mutex<BTreeMap<(Side, Kind), Millis>>,
}

impl Memory {
    /// A page of the feed has left Growbots.
    pub fn feed_answered(&self, body: &[u8]) {
        let page: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        let next = page["page"]["next_cursor"].as_str();
        *self.next.lock().unwrap() = next.map(str::to_owned);
    }

    fn count(&self) -> u64 {
        let mut calls = self.calls.lock().unwrap();
        *calls += 1;
        *calls
    }
}

fn is_unknown(error: &RemoteError) -> bool {
    matches!(error.class(), couplet::remote::Class::Unknown { .. })
}

/// What was seen, with the changes in it.
fn as_sent(seen: &Snapshot, changes: &[FieldChange]) -> Snapshot {
    let mut sent = seen.clone();
    for change in changes {
        sent.record.set(change.field.clone(), change.to.clone());
    }
    sent
}

impl Connector for Buggy {
    fn side(&self) -> Side {
        self.inner.side()
    }

    fn setup(&self, lane: Lane) -> Reply<'_, Setup> {
        self.inner.setup(lane)
    }

    fn use_setup(&self, setup: &Setup) {
        self.inner.use_setup(setup);
    }

    fn has_changes(&self) -> bool {
        self.inner.has_changes()
    }

    fn changes<'a>(&'a self, lane: Lane, after: Option<&'a str>) -> Reply<'a, ChangePage> {
        Box::pin(async move {
            let mut page = self.inner.changes(lane, after).await?;
            match self.bug {
                Bug::SkipChanges if after.is_some() && self.memory.count().is_multiple_of(5) => {
                    page.changes.clear();
                }
                Bug::DropFeedDeletes => {
                    page.changes
                        .retain(|(.., found)| matches!(found, Found::Live(_)));
                }
                Bug::OldTombstones => {
                    for (.., found) in &mut page.changes {
                        if let Found::Gone(stone) = found {
                            *stone = Tombstone::default();
                        }
                    }
                }
                Bug::CursorFirst => drop(self.memory.next.lock().unwrap().take()),
                _ => {}
            }
            Ok(page)
        })
    }

    fn page<'a>(&'a self, lane: Lane, request: &'a PageRequest) -> Reply<'a, Page> {
        Box::pin(async move {
            let mut request = request.clone();
            if let (Bug::OwnClock, Read::Since(since)) = (self.bug, request.read)
                && request.after.is_none()
            {
                let mut searched = self.memory.searched.lock().unwrap();
                let before = searched.insert((self.side(), request.kind), self.clock.now());
                let before = before.filter(|_| since.0 > 0);
                request.read = Read::Since(before.unwrap_or(since));
            }
            let mut page = self.inner.page(lane, &request).await?;
            match self.bug {
                Bug::TrustRows => {
                    let mut read = self.memory.read.lock().unwrap();
                    for row in &mut page.rows {
                        row.complete = true;
                        read.insert(row.snapshot.id.clone(), row.snapshot.clone());
                    }
                }
                Bug::SparseIsEmpty => {
                    let mut read = self.memory.read.lock().unwrap();
                    for row in &mut page.rows {
                        row.complete = true;
                        if request.kind == Kind::Contact {
                            row.snapshot.record.set(FieldName::City, None);
                            read.insert(row.snapshot.id.clone(), row.snapshot.clone());
                        }
                    }
                }
                Bug::TrustListForDelete => {
                    let mut listed = self.memory.listed.lock().unwrap();
                    if request.read == Read::All {
                        listed.extend(page.rows.iter().map(|row| row.snapshot.id.clone()));
                    }
                }
                Bug::NoSweeps if request.read != Read::Since(Millis::default()) => {
                    page.rows.clear();
                    page.next = None;
                    page.total = Some(1);
                }
                _ => {}
            }
            Ok(page)
        })
    }

    fn children<'a>(
        &'a self,
        lane: Lane,
        kind: Kind,
        parent: &'a RecordId,
    ) -> Reply<'a, Option<Vec<Snapshot>>> {
        Box::pin(async move {
            let found = self.inner.children(lane, kind, parent).await?;
            Ok(match self.bug {
                Bug::LostTaskUnseen if kind == Kind::Task => found.map(|_| Vec::new()),
                Bug::ChildrenUnseen => found.map(|_| Vec::new()),
                Bug::ShortList => found.map(|found| found.into_iter().take(1).collect()),
                _ => found,
            })
        })
    }

    fn get<'a>(
        &'a self,
        lane: Lane,
        kind: Kind,
        parent: Option<&'a RecordId>,
        id: &'a RecordId,
    ) -> Reply<'a, Found> {
        Box::pin(async move {
            let memory = &self.memory;
            match self.bug {
                Bug::ReplayIsNow => {
                    if let Some(made) = memory.replayed.lock().unwrap().remove(id) {
                        return Ok(Found::Live(made));
                    }
                }
                Bug::GoneStaysGone if memory.gone.lock().unwrap().contains(id) => {
                    return Ok(Found::Missing);
                }
                Bug::StaleReads | Bug::TrustRows | Bug::SparseIsEmpty => {
                    let known = memory.read.lock().unwrap().get(id).cloned();
                    let often = self.bug != Bug::StaleReads || memory.count().is_multiple_of(3);
                    if let Some(known) = known.filter(|_| often) {
                        return Ok(Found::Live(known));
                    }
                }
                Bug::TrustListForDelete if lane == Lane::Sweep => {
                    let listed = memory.listed.lock().unwrap();
                    if !listed.is_empty() && !listed.contains(id) {
                        return Ok(Found::Missing);
                    }
                }
                _ => {}
            }
            let found = match self.inner.get(lane, kind, parent, id).await {
                Err(error) if self.bug == Bug::ErrorIsGone => {
                    drop(error);
                    Found::Missing
                }
                found => found?,
            };
            match &found {
                Found::Live(snapshot) if self.bug == Bug::StaleReads => {
                    let mut read = memory.read.lock().unwrap();
                    read.insert(id.clone(), snapshot.clone());
                }
                Found::Live(_) => {}
                _ => {
                    memory.gone.lock().unwrap().insert(id.clone());
                }
            }
            Ok(found)
        })
    }

    fn create<'a>(&'a self, lane: Lane, record: &'a NewRecord) -> Reply<'a, Snapshot> {
        Box::pin(async move {
            let mut record = record.clone();
            if self.bug == Bug::NewKeyEachTime {
                record.key = format!("{}-{}", record.key, self.memory.count());
            }
            match (self.bug, self.inner.create(lane, &record).await) {
                (Bug::ResendLostCreate, Err(error)) if is_unknown(&error) => {
                    record.key.push_str("-again");
                    self.inner.create(lane, &record).await
                }
                (Bug::ForgetLostCreate, Err(error)) if is_unknown(&error) => Ok(Snapshot {
                    side: self.side(),
                    kind: record.kind,
                    id: format!("made-up-{}", self.memory.count()).as_str().into(),
                    parent: record.parent,
                    record: record.record,
                    raw: "{}".into(),
                    version: None,
                    created_at: None,
                    updated_at: None,
                    external_id: record.external_id,
                }),
                (Bug::ReplayIsNow, Ok(made)) => {
                    if !self.memory.made.lock().unwrap().insert(record.key) {
                        let mut replayed = self.memory.replayed.lock().unwrap();
                        replayed.insert(made.id.clone(), made.clone());
                    }
                    Ok(made)
                }
                (_, made) => made,
            }
        })
    }

    fn update<'a>(
        &'a self,
        lane: Lane,
        seen: &'a Snapshot,
        changes: &'a [FieldChange],
        key: &'a str,
    ) -> Reply<'a, Updated> {
        Box::pin(async move {
            let mut seen = seen.clone();
            let mut changes = changes.to_vec();
            match self.bug {
                Bug::NoIfMatch => seen.version = Some("*".into()),
                Bug::WholeRecord => {
                    let more: Vec<FieldChange> = seen
                        .record
                        .iter()
                        .filter(|(field, _)| {
                            **field != FieldName::Tags
                                && !changes.iter().any(|change| change.field == **field)
                        })
                        .map(|(field, value)| FieldChange {
                            field: field.clone(),
                            from: Some(value.clone()),
                            to: Some(value.clone()),
                        })
                        .collect();
                    changes.extend(more);
                }
                _ => {}
            }
            if matches!(self.bug, Bug::UnconditionalUpdate | Bug::WholeRecord)
                && let Found::Live(now) = self
                    .inner
                    .get(lane, seen.kind, seen.parent.as_ref(), &seen.id)
                    .await?
            {
                for change in &mut changes {
                    change.from = now.record.get(&change.field).cloned();
                }
                seen = now;
            }
            if self.bug == Bug::TagsAsText
                && let Found::Live(now) = self
                    .inner
                    .get(lane, seen.kind, seen.parent.as_ref(), &seen.id)
                    .await?
            {
                for change in &mut changes {
                    if change.field == FieldName::Tags {
                        change.from = now.record.get(&change.field).cloned();
                    }
                }
                seen = now;
            }
            let done = self.inner.update(lane, &seen, &changes, key).await?;
            Ok(match done {
                Updated::Done(_) if self.bug == Bug::BaseFromRequest => {
                    Updated::Done(as_sent(&seen, &changes))
                }
                done => done,
            })
        })
    }

    fn stamp<'a>(
        &'a self,
        lane: Lane,
        seen: &'a Snapshot,
        ghl_id: Option<&'a RecordId>,
    ) -> Reply<'a, Updated> {
        self.inner.stamp(lane, seen, ghl_id)
    }

    fn delete<'a>(&'a self, lane: Lane, seen: &'a Snapshot) -> Reply<'a, Deleted> {
        Box::pin(async move {
            let mut seen = seen.clone();
            if self.bug == Bug::UnconditionalDelete
                && let Found::Live(now) = self
                    .inner
                    .get(lane, seen.kind, seen.parent.as_ref(), &seen.id)
                    .await?
            {
                seen = now;
            }
            self.inner.delete(lane, &seen).await
        })
    }

    fn holders<'a>(
        &'a self,
        lane: Lane,
        email: Option<&'a str>,
        phone: Option<&'a str>,
    ) -> Reply<'a, Vec<Snapshot>> {
        self.inner.holders(lane, email, phone)
    }

    fn keeps_external_ids(&self) -> bool {
        self.inner.keeps_external_ids()
    }

    fn keeps_keys(&self) -> bool {
        self.inner.keeps_keys()
    }

    fn restore<'a>(
        &'a self,
        lane: Lane,
        kind: Kind,
        id: &'a RecordId,
        key: &'a str,
    ) -> Reply<'a, Option<Snapshot>> {
        self.inner.restore(lane, kind, id, key)
    }

    fn clock_offset_ms(&self) -> Option<i64> {
        self.inner.clock_offset_ms()
    }

    fn clock_ahead_ms(&self) -> Option<i64> {
        self.inner.clock_ahead_ms()
    }

    fn known_as<'a>(
        &'a self,
        lane: Lane,
        kind: Kind,
        name: &'static str,
        id: &'a str,
    ) -> Reply<'a, Vec<Snapshot>> {
        self.inner.known_as(lane, kind, name, id)
    }

    fn status(&self) -> SideStatus {
        self.inner.status()
    }

    fn sent(&self) -> (u64, u64) {
        self.inner.sent()
    }
}

/// What becomes of a record's values before they are compared.
pub fn normalised(bug: Bug, kind: Kind, mut record: Record) -> Record {
    match bug {
        Bug::LooseMatch if kind == Kind::Contact => {
            let last = record.text(&FieldName::LastName).to_lowercase();
            if !last.is_empty() {
                let email = Value::text(format!("{last}@same.example.com"));
                record.set(FieldName::Email, email);
            }
            record
        }
        Bug::NoNormalise if kind == Kind::Contact => {
            let email = record.text(&FieldName::Email).to_owned();
            record.set(FieldName::Email, Value::text(email));
            record
        }
        _ => record,
    }
}

/// What a process that dies leaves behind.
pub fn after_death(bug: Bug, database: &Path, memory: &Memory) {
    let Ok(conn) = rusqlite::Connection::open(database) else {
        return;
    };
    match bug {
        Bug::NotDurable => {
            let sql = "DELETE FROM intent WHERE state IN ('sending', 'unknown')";
            conn.execute(sql, []).ok();
        }
        Bug::CursorFirst => {
            if let Some(next) = memory.next.lock().unwrap().take() {
                let sql = "UPDATE note SET text = ?1 WHERE name = 'cursor.growbots.changes'";
                conn.execute(sql, [serde_json::Value::from(next).to_string()])
                    .ok();
            }
        }
        _ => {}
    }
}
