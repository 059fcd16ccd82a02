//! What the engine asks of a side, the same for both.

use std::{pin::Pin, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::model::{
    FieldChange, Kind, Lane, Millis, Record, RecordId, Side, SideStatus, Snapshot, Tombstone,
};

use super::RemoteError;

/// An answer on its way.
pub type Reply<'a, T> = Pin<Box<dyn Future<Output = Result<T, RemoteError>> + Send + 'a>>;

/// Brings a record as the side wrote it to canonical form; `country` is the location's, alpha-2, for phone
/// numbers without one. Given by whoever builds a connector, so that this layer need not know the rules.
pub type Normalise = Arc<dyn Fn(Kind, &str, Record) -> Record + Send + Sync>;

/// One side, as the engine sees it. Snapshots that it gives are in canonical form.
///
/// Requests run in the lane of what caused them. A 429 or a lost read is waited out and tried again inside; a
/// write is never repeated after a lost answer: that is [`Class::Unknown`](super::Class), and the engine's to settle.
pub trait Connector: Send + Sync {
    /// Which side.
    fn side(&self) -> Side;

    /// Reads what rarely changes: users, the location's country and zone, capabilities. Cost: 2 or 3 requests.
    fn setup(&self, lane: Lane) -> Reply<'_, Setup>;

    /// Uses a setup read earlier, also by another process. Without one, users are unknown.
    fn use_setup(&self, setup: &Setup);

    /// Whether [`Connector::changes`] can be used.
    fn has_changes(&self) -> bool;

    /// Whether records keep ids of the other side, so that [`Connector::stamp`] has an effect.
    fn keeps_external_ids(&self) -> bool;

    /// Whether a create may be sent again with its key after a lost answer, without a second record.
    fn keeps_keys(&self) -> bool;

    /// What changed behind `after`, of all kinds and in order, deletes included; without `after` only a cursor for
    /// now. `RemoteError::CursorExpired` asks for a full pull. Cost: 1 request.
    fn changes<'a>(&'a self, lane: Lane, after: Option<&'a str>) -> Reply<'a, ChangePage>;

    /// One page of a listing. Cost: 1 request.
    fn page<'a>(&'a self, lane: Lane, request: &'a PageRequest) -> Reply<'a, Page>;

    /// All tasks, notes or appointments of one contact; for `Kind::Contact`, all contacts of one business. `None`: the
    /// parent is not there. Cost: 1 request (more where the side pages).
    fn children<'a>(
        &'a self,
        lane: Lane,
        kind: Kind,
        parent: &'a RecordId,
    ) -> Reply<'a, Option<Vec<Snapshot>>>;

    /// A record by its id; `parent` for children. Cost: 1 request.
    fn get<'a>(
        &'a self,
        lane: Lane,
        kind: Kind,
        parent: Option<&'a RecordId>,
        id: &'a RecordId,
    ) -> Reply<'a, Found>;

    /// Makes a record and reads it back. `RemoteError::Duplicate` names the holder of its e-mail or phone.
    /// Cost: GHL 2 requests, Growbots 1.
    fn create<'a>(&'a self, lane: Lane, record: &'a NewRecord) -> Reply<'a, Snapshot>;

    /// Changes fields of a record that was last seen as `seen`, unless one of them has moved meanwhile, and reads it
    /// back. Tags are sent as the difference, `completed` by its own call. Cost: GHL read, write (tags apart), read;
    /// Growbots 1, conditional.
    fn update<'a>(
        &'a self,
        lane: Lane,
        seen: &'a Snapshot,
        changes: &'a [FieldChange],
        key: &'a str,
    ) -> Reply<'a, Updated>;

    /// Writes the GHL id into a Growbots record's `external_ids.ghl`, or takes it out. GHL: does nothing.
    fn stamp<'a>(
        &'a self,
        lane: Lane,
        seen: &'a Snapshot,
        ghl_id: Option<&'a RecordId>,
    ) -> Reply<'a, Updated>;

    /// How many writes [`Connector::write_batch`] takes at most now; 1: it takes none.
    fn most_in_batch(&self) -> usize {
        1
    }

    /// Whether a write can stand in a batch.
    fn takes_in_batch(&self, _write: &BatchWrite<'_>) -> bool {
        false
    }

    /// Several writes in one request; not atomic. One end for each, in their order: a create that was refused is an
    /// error of its own, as from [`Connector::create`]. An error of the whole is one of each. Cost: 1 request, and 1
    /// for each started ten writes.
    fn write_batch<'a>(
        &'a self,
        _lane: Lane,
        writes: &'a [BatchWrite<'a>],
        _key: &'a str,
    ) -> Reply<'a, Vec<Result<Updated, RemoteError>>> {
        let side = self.side();
        Box::pin(async move {
            Err(RemoteError::Refused {
                side,
                operation: "batch".to_owned(),
                kind: writes.first().map_or(Kind::Contact, BatchWrite::kind),
                status: 422,
                fields: vec![],
                said: "it takes no batches".to_owned(),
            })
        })
    }

    /// Deletes a record, unless it differs from `seen`.
    fn delete<'a>(&'a self, lane: Lane, seen: &'a Snapshot) -> Reply<'a, Deleted>;

    /// Brings a deleted record back under its id, without its children. `None`: the side cannot, or knows no such
    /// record; it is then to be made again. Cost: 1 request.
    fn restore<'a>(
        &'a self,
        lane: Lane,
        kind: Kind,
        id: &'a RecordId,
        key: &'a str,
    ) -> Reply<'a, Option<Snapshot>>;

    /// Contacts that have this e-mail address or phone number, by consistent reads where the side has them.
    fn holders<'a>(
        &'a self,
        lane: Lane,
        email: Option<&'a str>,
        phone: Option<&'a str>,
    ) -> Reply<'a, Vec<Snapshot>>;

    /// Live records that keep this under a name in their external ids (`ghl`, `rule`); none where the side keeps no
    /// such ids. The list may be behind by some seconds. Cost: 1 request.
    fn known_as<'a>(
        &'a self,
        _lane: Lane,
        _kind: Kind,
        _name: &'static str,
        _id: &'a str,
    ) -> Reply<'a, Vec<Snapshot>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// Health, budget, lanes and counts of this side now.
    fn status(&self) -> SideStatus;

    /// The side's clock less ours, right to a second; `None` before its first answer.
    fn clock_offset_ms(&self) -> Option<i64>;

    /// What the side's clock is ahead of ours at the least: a moment of ours and this is never later than the same
    /// moment was there. `None` before its first answer.
    fn clock_ahead_ms(&self) -> Option<i64>;

    /// Requests sent and 429 answers since the connector was made.
    fn sent(&self) -> (u64, u64);
}

/// What rarely changes about a side; kept in the store between passes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    /// The location's or account's name.
    pub name: String,
    /// Country, alpha-2; empty where unknown.
    pub country: String,
    /// IANA time zone; empty where unknown.
    pub time_zone: String,
    /// Everyone who can own a record.
    pub users: Vec<User>,
    /// What the server can do (Growbots).
    pub capabilities: Vec<String>,
    /// The custom fields of contacts (GHL).
    #[serde(default)]
    pub custom_fields: Vec<CustomField>,
    /// The calendars that appointments are in (GHL).
    #[serde(default)]
    pub calendars: Vec<Calendar>,
    /// Requests in a burst window, as the headers said; 0 where they did not. What a fresh process starts with.
    #[serde(default)]
    pub burst_limit: u32,
}

/// A custom field of contacts, as the side defines it. Records carry its value as `custom.<key>`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomField {
    /// The side's id, which values go by on the wire.
    pub id: String,
    /// The key without `contact.`.
    pub key: String,
    /// Name for the screen.
    pub name: String,
    /// GHL's name of its type: `TEXT`, `NUMERICAL`, `CHECKBOX` (`facts/highlevel.md` c6).
    pub data_type: String,
    /// What can be chosen, as the side spells it; empty where anything can be typed.
    #[serde(default)]
    pub options: Vec<String>,
}

/// A calendar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    /// The side's id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// Somebody who can own a record or be assigned a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The side's id.
    pub id: String,
    /// Lower case; what makes two users the same person.
    pub email: String,
    /// Name for the screen.
    pub name: String,
}

/// What to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// Which kind.
    pub kind: Kind,
    /// Which of them.
    pub read: Read,
    /// Where the page before ended, verbatim.
    pub after: Option<String>,
}

/// Which records a listing gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// All, in an order that edits do not change.
    All,
    /// Those that changed at or after this moment of the server's clock, by time of change.
    Since(Millis),
    /// Open tasks.
    Open,
}

/// One page of a listing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// In the side's order; may be empty before the end.
    pub rows: Vec<Row>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<String>,
    /// How many in all, where the side says.
    pub total: Option<u64>,
}

/// A row of a listing.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The record as the row shows it.
    pub snapshot: Snapshot,
    /// Whether the row has the key of every mapped field, so that it may stand for the record.
    pub complete: bool,
}

/// One page of the change feed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChangePage {
    /// Kind, id and state of each change, oldest first.
    pub changes: Vec<(Kind, RecordId, Found)>,
    /// Records that changed and have something else than a value in a field: a read by id tells more.
    pub odd: Vec<(Kind, RecordId)>,
    /// Where the next page starts; always there.
    pub next: String,
    /// Whether more waits behind it.
    pub more: bool,
}

/// A record looked for by id.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// It is there.
    Live(Snapshot),
    /// It was there: the side keeps a tombstone.
    Gone(Tombstone),
    /// The side does not know it (any more); what a delete looks like on GHL.
    Missing,
}

/// A record to make.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRecord {
    /// What.
    pub kind: Kind,
    /// The contact on this side that it belongs to.
    pub parent: Option<RecordId>,
    /// Its fields.
    pub record: Record,
    /// For Growbots: the GHL id that goes into `external_ids.ghl`.
    pub external_id: Option<RecordId>,
    /// For Growbots: what a rule says of a task that it makes.
    pub mark: Option<crate::model::RuleMark>,
    /// The intent's idempotency key.
    pub key: String,
}

/// A write of a batch.
#[derive(Clone, Copy, Debug)]
pub enum BatchWrite<'a> {
    /// As [`Connector::create`].
    Create(&'a NewRecord),
    /// As [`Connector::update`].
    Update {
        /// The record as last seen.
        seen: &'a Snapshot,
        /// The fields to change.
        changes: &'a [FieldChange],
    },
    /// As [`Connector::stamp`].
    Stamp {
        /// The record as last seen.
        seen: &'a Snapshot,
        /// The GHL id to write; `None` takes it out.
        ghl_id: Option<&'a RecordId>,
    },
}

impl BatchWrite<'_> {
    /// What it writes.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Create(new) => new.kind,
            Self::Update { seen, .. } | Self::Stamp { seen, .. } => seen.kind,
        }
    }
}

/// How an update ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Updated {
    /// The fields have the wanted values; the record as read back.
    Done(Snapshot),
    /// They had them, as the answer said; somebody has taken that back since.
    Undone {
        /// The record with what was written.
        written: Snapshot,
        /// As read back.
        now: Snapshot,
    },
    /// One of the fields had moved; nothing was written; the record as it is now.
    Moved(Snapshot),
    /// The record is not there any more.
    Gone,
}

/// How a delete ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Deleted {
    /// It is gone, by us or before.
    Done,
    /// It differs from what was seen; nothing was written; the record as it is now.
    Moved(Snapshot),
}
