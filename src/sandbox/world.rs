//! The world: all records of both systems, what happened to them, and the time there. Pure and seeded; nothing
//! here knows of HTTP.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    event::{By, Event, Moved, Op, moved},
    ghl::Office,
    growbots::Kept,
    place::Place,
    record::{Body, LONGEST_LAG_MS, Record, is_live, text},
    switches::Switches,
};
use crate::{
    clock::Clock,
    model::{BySide, Kind, Millis, Side},
};

/// One entry of Growbots' `/changes`.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub seq: u64,
    pub kind: Kind,
    pub at: Millis,
    pub body: Arc<Body>,
}

/// Records of one kind on one side.
#[derive(Clone, Debug, Default, PartialEq)]
struct Table {
    records: BTreeMap<String, Record>,
    by_parent: BTreeMap<String, BTreeSet<String>>,
}

/// Both systems. Every write makes an event; Growbots' also make a change.
#[derive(Debug)]
pub struct World {
    pub(super) rng: fastrand::Rng,
    pub(super) place: Place,
    pub(super) office: Office,
    pub(super) switches: Switches,
    /// How far each side's lists and searches lag, in milliseconds.
    pub(super) lag_ms: BySide<i64>,
    /// Growbots' answers that are kept by idempotency key.
    pub(super) kept: BTreeMap<String, Kept>,
    /// What deleted records held: for a restore at Growbots, and for the webhooks of GHL.
    pub(super) graves: BTreeMap<(Kind, String), Arc<Body>>,
    seed: u64,
    clock: Clock,
    advanced_ms: i64,
    latest: Millis,
    tables: BTreeMap<(Side, Kind), Table>,
    events: Vec<Event>,
    changes: Vec<Change>,
}

impl World {
    /// A world without records.
    pub(super) fn empty(seed: u64, clock: Clock) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let place = Place::new(&mut rng);
        Self {
            rng,
            office: Office::new(seed, &place),
            place,
            switches: Switches::default(),
            lag_ms: BySide::default(),
            kept: BTreeMap::new(),
            graves: BTreeMap::new(),
            seed,
            latest: clock.now(),
            clock,
            advanced_ms: 0,
            tables: BTreeMap::new(),
            events: Vec::new(),
            changes: Vec::new(),
        }
    }

    /// The seed that it was made from.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// The time in the world; it never goes back.
    pub fn now(&mut self) -> Millis {
        self.latest = self.latest.max(self.clock.now().plus(self.advanced_ms));
        self.latest
    }

    /// Ticks for rate limits.
    pub fn ticks(&self) -> i64 {
        self.clock.ticks() + self.advanced_ms
    }

    /// Moves the time on.
    pub const fn advance(&mut self, ms: i64) {
        self.advanced_ms += ms;
    }

    /// Everything that happened since the seed, oldest first.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// A record as it is now, also a Growbots tombstone.
    pub fn find(&self, side: Side, kind: Kind, id: &str) -> Option<&Arc<Body>> {
        self.tables.get(&(side, kind))?.records.get(id)?.present()
    }

    /// A live record as it is now.
    pub fn live(&self, side: Side, kind: Kind, id: &str) -> Option<&Arc<Body>> {
        self.find(side, kind, id).filter(|body| is_live(body))
    }

    /// All live records as they are now, by id.
    pub fn all(&self, side: Side, kind: Kind) -> impl Iterator<Item = &Arc<Body>> {
        let table = self.tables.get(&(side, kind));
        let records = table.into_iter().flat_map(|t| t.records.values());
        records
            .filter_map(Record::present)
            .filter(|body| is_live(body))
    }

    /// All records as the side's index shows them: behind by the lag, tombstones with them.
    pub fn listed(&mut self, side: Side, kind: Kind) -> Vec<Arc<Body>> {
        let until = self.indexed_until(side);
        let table = self.tables.get(&(side, kind));
        let records = table.into_iter().flat_map(|t| t.records.values());
        records.filter_map(|r| r.seen(until)).cloned().collect()
    }

    /// The live children of a contact as they are now, by id.
    pub fn children(&self, side: Side, kind: Kind, parent: &str) -> Vec<Arc<Body>> {
        let Some(table) = self.tables.get(&(side, kind)) else {
            return Vec::new();
        };
        let ids = table.by_parent.get(parent).into_iter().flatten();
        ids.filter_map(|id| table.records.get(id)?.present())
            .filter(|body| is_live(body) && parent_of(side, body).as_deref() == Some(parent))
            .cloned()
            .collect()
    }

    /// The changes of Growbots that its index has taken in. Always a prefix of what will be there later, so that
    /// none ever comes behind a cursor.
    pub fn changes(&mut self) -> &[Change] {
        let until = self.indexed_until(Side::Growbots);
        let shown = self.changes.partition_point(|change| change.at <= until);
        &self.changes[..shown]
    }

    fn indexed_until(&mut self, side: Side) -> Millis {
        let lag = (*self.lag_ms.get(side)).clamp(0, LONGEST_LAG_MS);
        self.now().plus(-lag)
    }

    /// Puts a record of the seed in its place: no event.
    pub(super) fn seed_record(&mut self, side: Side, kind: Kind, at: Millis, body: Body) {
        let body = Arc::new(body);
        let id = text(&body, "id").unwrap_or_default().to_owned();
        let table = self.tables.entry((side, kind)).or_default();
        if let Some(parent) = parent_of(side, &body) {
            table
                .by_parent
                .entry(parent)
                .or_default()
                .insert(id.clone());
        }
        table.records.insert(id, Record::new(at, body));
    }

    /// Makes the changes that the seeded records stand in, in order of time. Once, after seeding.
    pub(super) fn seed_changes(&mut self) {
        let mut all: Vec<(Millis, Kind, Arc<Body>)> = Kind::ALL
            .into_iter()
            .flat_map(|kind| self.all(Side::Growbots, kind).map(move |body| (kind, body)))
            .map(|(kind, body)| {
                (
                    super::record::moment(body, "updated_at"),
                    kind,
                    body.clone(),
                )
            })
            .collect();
        all.sort_by_key(|(at, kind, _)| (*at, *kind));
        for (at, kind, body) in all {
            self.log_change(kind, at, body);
        }
    }

    /// Writes a record, new or not, and says so in the events.
    pub(super) fn write(
        &mut self,
        by: &By,
        op: Op,
        side: Side,
        kind: Kind,
        body: Body,
    ) -> Arc<Body> {
        let now = self.now();
        let body = Arc::new(body);
        let id = text(&body, "id").unwrap_or_default().to_owned();
        let table = self.tables.entry((side, kind)).or_default();
        if let Some(parent) = parent_of(side, &body) {
            table
                .by_parent
                .entry(parent)
                .or_default()
                .insert(id.clone());
        }
        let before = table.records.get(&id).and_then(Record::present).cloned();
        match table.records.get_mut(&id) {
            Some(record) => record.push(now, Some(body.clone())),
            None => {
                table
                    .records
                    .insert(id.clone(), Record::new(now, body.clone()));
            }
        }
        let fields = match op {
            Op::Delete => Vec::new(),
            _ => moved(before.as_deref(), Some(&body)),
        };
        self.log_event(by, op, (side, kind, id), fields);
        if side == Side::Growbots {
            self.log_change(kind, now, body.clone());
        }
        body
    }

    /// Takes a GHL record away without a trace, but for the event.
    pub(super) fn erase(&mut self, by: &By, kind: Kind, id: &str) {
        let now = self.now();
        let table = self.tables.entry((Side::Ghl, kind)).or_default();
        if let Some(record) = table.records.get_mut(id) {
            record.push(now, None);
            self.log_event(by, Op::Delete, (Side::Ghl, kind, id.to_owned()), Vec::new());
        }
    }

    fn log_event(
        &mut self,
        by: &By,
        op: Op,
        (side, kind, id): (Side, Kind, String),
        fields: Vec<Moved>,
    ) {
        if op == Op::Update && fields.is_empty() {
            return;
        }
        let at = self.now().to_string();
        self.events.push(Event {
            seq: self.events.len() as u64 + 1,
            at,
            actor: by.actor,
            request_id: by.request_id.clone(),
            side,
            kind,
            id,
            op,
            fields,
        });
    }

    fn log_change(&mut self, kind: Kind, at: Millis, body: Arc<Body>) {
        let seq = self.changes.len() as u64 + 1;
        self.changes.push(Change {
            seq,
            kind,
            at,
            body,
        });
    }
}

/// Two worlds are equal if the same records, events and changes are in them.
impl PartialEq for World {
    fn eq(&self, other: &Self) -> bool {
        self.tables == other.tables && self.events == other.events && self.changes == other.changes
    }
}

fn parent_of(side: Side, body: &Body) -> Option<String> {
    let name = match side {
        Side::Ghl => "contactId",
        Side::Growbots => "lead_id",
    };
    text(body, name).map(str::to_owned)
}
