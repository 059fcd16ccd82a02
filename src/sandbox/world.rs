//! The world: all records of both systems, what happened to them, and the time there. Pure and seeded; nothing
//! here knows of HTTP.
//!
//! What nobody wrote is not kept: [`Origin`] says what it is. What somebody wrote stands in a [`Table`].

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
    sync::Arc,
};

use super::{
    event::{By, Event, Moved, Op, moved},
    ghl::Office,
    growbots::Kept,
    ids,
    mark::Mark,
    origin::{Origin, Stamp},
    place::Place,
    record::{Body, LONGEST_LAG_MS, Packed, Record, text},
    switches::Switches,
    table::{Origins, Table, parent_of},
    walk::{Ground, Order, Placed, Row, Source},
};
use crate::{
    clock::Clock,
    model::{BySide, Kind, Millis, Side},
};

/// One entry of Growbots' `/changes`.
#[derive(Clone, Copy, Debug)]
pub struct Change<'w> {
    pub kind: Kind,
    pub at: Millis,
    /// What the record was then.
    pub row: Row<'w>,
}

/// A change since the seed.
#[derive(Clone, Debug, PartialEq)]
struct Logged {
    kind: Kind,
    at: Millis,
    id: Arc<str>,
    body: Packed,
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
    origin: Origin,
    clock: Clock,
    advanced_ms: i64,
    latest: Millis,
    tables: BySide<[Table; Kind::ALL.len()]>,
    events: Vec<Event>,
    changes: Vec<Logged>,
}

impl World {
    /// The world as it begins.
    pub(super) fn new(origin: Origin, place: Place, rng: fastrand::Rng, clock: Clock) -> Self {
        Self {
            rng,
            office: Office::new(origin.seed, &place),
            place,
            switches: Switches::default(),
            lag_ms: BySide::default(),
            kept: BTreeMap::new(),
            graves: BTreeMap::new(),
            latest: clock.now(),
            origin,
            clock,
            advanced_ms: 0,
            tables: BySide::default(),
            events: Vec::new(),
            changes: Vec::new(),
        }
    }

    /// The seed that it was made from.
    pub const fn seed(&self) -> u64 {
        self.origin.seed
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

    const fn table(&self, side: Side, kind: Kind) -> &Table {
        &self.tables.get(side)[kind as usize]
    }

    /// What is there with all writes up to `until`.
    const fn ground(&self, side: Side, kind: Kind, until: Millis) -> Ground<'_> {
        Ground {
            origin: &self.origin,
            table: self.table(side, kind),
            side,
            kind,
            until,
        }
    }

    const fn ground_now(&self, side: Side, kind: Kind) -> Ground<'_> {
        self.ground(side, kind, Millis(i64::MAX))
    }

    /// A record as it is now, also a Growbots tombstone.
    pub fn find(&self, side: Side, kind: Kind, id: &str) -> Option<Arc<Body>> {
        let row = self.ground_now(side, kind).seen(id)?;
        Some(Arc::new(row.body()))
    }

    /// A live record as it is now.
    pub fn live(&self, side: Side, kind: Kind, id: &str) -> Option<Arc<Body>> {
        let row = self.ground_now(side, kind).seen(id)?;
        row.is_live().then(|| Arc::new(row.body()))
    }

    /// Whether there is a live record with this id.
    pub fn is_live(&self, side: Side, kind: Kind, id: &str) -> bool {
        let row = self.ground_now(side, kind).seen(id);
        row.is_some_and(|row| row.is_live())
    }

    /// How many places the records of a kind have had, from 0: first those of the seed, then the others as they came.
    pub fn places(&self, side: Side, kind: Kind) -> usize {
        self.origin.count(side, kind) as usize + self.table(side, kind).made.len()
    }

    /// What lives at a place.
    pub(super) fn row_at(&self, side: Side, kind: Kind, place: usize) -> Option<Row<'_>> {
        let ground = self.ground_now(side, kind);
        let seeded = self.origin.count(side, kind) as usize;
        let row = if place >= seeded {
            ground.seen(ground.table.made.get(place - seeded)?)
        } else if ground.table.touched.has(place as u32) {
            ground.seen(&self.origin.id(side, kind, place as u32))
        } else {
            Some(ground.row(Source::Seed(place as u32)))
        };
        row.filter(Row::is_live)
    }

    /// All live records as they are now, in the order of their places.
    pub(super) fn rows(&self, side: Side, kind: Kind) -> impl Iterator<Item = Row<'_>> {
        (0..self.places(side, kind)).filter_map(move |place| self.row_at(side, kind, place))
    }

    /// All live records as they are now, those of the seed first.
    pub fn all(&self, side: Side, kind: Kind) -> impl Iterator<Item = Arc<Body>> {
        self.rows(side, kind).map(|row| Arc::new(row.body()))
    }

    /// How many live records there are.
    pub fn count(&self, side: Side, kind: Kind) -> usize {
        let table = self.table(side, kind);
        let untouched = self.origin.count(side, kind) - table.touched_count();
        (untouched + table.live_count()) as usize
    }

    /// The contact of a child.
    pub(super) fn parent(&self, row: &Row) -> Option<String> {
        match row.source {
            Source::Seed(ordinal) => Some(self.origin.parent(row.side, row.kind, ordinal)),
            Source::Written(_, packed) => parent_of(row.side, &packed.body()).map(str::to_owned),
        }
    }

    /// Up to when writes are in the index of a side, which lags.
    pub fn indexed_until(&mut self, side: Side) -> Millis {
        let lag = (*self.lag_ms.get(side)).clamp(0, LONGEST_LAG_MS);
        self.now().plus(-lag)
    }

    /// Records as an index shows them, tombstones too, by one of their times.
    pub(super) fn walk(
        &self,
        (side, kind): (Side, Kind),
        until: Millis,
        order: Order,
        window: RangeInclusive<Millis>,
    ) -> impl Iterator<Item = Placed<'_>> {
        self.ground(side, kind, until).walk(order, window)
    }

    /// How many records [`World::walk`] has.
    pub(super) fn count_in(
        &self,
        (side, kind): (Side, Kind),
        until: Millis,
        by: Stamp,
        window: &RangeInclusive<Millis>,
    ) -> usize {
        self.ground(side, kind, until).count(by, window)
    }

    /// All records as the side's index shows them: behind by the lag, tombstones with them. For kinds that are few.
    pub fn listed(&mut self, side: Side, kind: Kind) -> Vec<Arc<Body>> {
        let until = self.indexed_until(side);
        let order = Order::oldest_first(Stamp::Added);
        self.walk((side, kind), until, order, super::walk::ALWAYS)
            .map(|(_, row)| Arc::new(row.body()))
            .collect()
    }

    /// The children of a contact as an index shows them, tombstones too, by id.
    pub fn listed_children(
        &self,
        (side, kind): (Side, Kind),
        until: Millis,
        parent: &str,
    ) -> Vec<Arc<Body>> {
        let seeded = self.origin.children(side, kind, parent);
        let mut ids: BTreeSet<String> = seeded
            .map(|ordinal| self.origin.id(side, kind, ordinal))
            .collect();
        ids.extend(
            self.table(side, kind)
                .children(parent)
                .map(ToString::to_string),
        );
        let ground = self.ground(side, kind, until);
        let bodies = ids.iter().filter_map(|id| Some(ground.seen(id)?.body()));
        bodies
            .filter(|body| parent_of(side, body) == Some(parent))
            .map(Arc::new)
            .collect()
    }

    /// The live children of a contact as they are now, by id.
    pub fn children(&self, side: Side, kind: Kind, parent: &str) -> Vec<Arc<Body>> {
        let mut rows = self.listed_children((side, kind), Millis(i64::MAX), parent);
        rows.retain(|body| super::record::is_live(body));
        rows
    }

    /// The records with a mark as an index shows them, those of the seed first.
    pub(super) fn listed_marked(
        &self,
        (side, kind): (Side, Kind),
        until: Millis,
        mark: &Mark,
    ) -> impl Iterator<Item = Arc<Body>> {
        let ground = self.ground(side, kind, until);
        let seeded = self.origin.candidates(side, kind, mark);
        let seen: BTreeSet<u32> = seeded.iter().copied().collect();
        let others = ground.table.marked(mark).filter(move |id| {
            let ordinal = self.origin.ordinal(side, kind, id);
            ordinal.is_none_or(|ordinal| !seen.contains(&ordinal))
        });
        let seeded = seeded.into_iter().map(move |ordinal| {
            if ground.table.touched.has(ordinal) {
                ground.seen(&self.origin.id(side, kind, ordinal))
            } else {
                Some(ground.row(Source::Seed(ordinal)))
            }
        });
        let rows = seeded
            .chain(others.map(move |id| ground.seen(id)))
            .flatten();
        rows.map(|row| row.body())
            .filter(move |body| mark.is_on(side, kind, body))
            .map(Arc::new)
    }

    /// The live records that have a mark now.
    pub(super) fn holders(
        &self,
        side: Side,
        kind: Kind,
        mark: &Mark,
    ) -> impl Iterator<Item = Arc<Body>> {
        self.listed_marked((side, kind), Millis(i64::MAX), mark)
            .filter(|body| super::record::is_live(body))
    }

    /// The tags that some contact of a side has, in order.
    pub(super) fn tags(&self, side: Side) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        let mut idle = 0;
        for row in self.rows(side, Kind::Contact) {
            // the seed has few tags: where many people in a row bring no new one, the rest of it brings none either
            let is_seed = matches!(row.source, Source::Seed(_));
            if is_seed && idle > 10_000 {
                continue;
            }
            let before = names.len();
            let body = row.body();
            let tags = body.get("tags").and_then(serde_json::Value::as_array);
            let tags = tags.into_iter().flatten();
            names.extend(tags.filter_map(|tag| tag.as_str().map(str::to_owned)));
            idle = if names.len() == before { idle + 1 } else { 0 };
        }
        names
    }

    /// How many changes Growbots' index has taken in. Always a prefix of what will be there later, so that none ever
    /// comes behind a cursor.
    pub fn changes(&mut self) -> u64 {
        let until = self.indexed_until(Side::Growbots);
        let since = self.changes.partition_point(|change| change.at <= until);
        self.origin.changes() + since as u64
    }

    /// A change of Growbots, counted from 0.
    pub fn change(&self, at: u64) -> Option<Change<'_>> {
        let side = Side::Growbots;
        let row = |kind, source| self.ground_now(side, kind).row(source);
        if at < self.origin.changes() {
            let (kind, ordinal, at) = self.origin.change(at);
            let row = row(kind, Source::Seed(ordinal));
            return Some(Change { kind, at, row });
        }
        let change = self.changes.get((at - self.origin.changes()) as usize)?;
        Some(Change {
            kind: change.kind,
            at: change.at,
            row: row(change.kind, Source::Written(&change.id, &change.body)),
        })
    }

    /// An id that nothing has.
    pub(super) fn new_id(&mut self, side: Side, kind: Kind, at: Millis) -> String {
        loop {
            let id = match (side, kind) {
                (Side::Ghl, Kind::Business) => ids::hex(&mut self.rng, 24),
                (Side::Ghl, _) => ids::alphanumeric(&mut self.rng, 20),
                (Side::Growbots, _) => {
                    ids::ulid(&mut self.rng, super::growbots::rules::prefix(kind), at)
                }
            };
            let is_new = self.origin.ordinal(side, kind, &id).is_none();
            if is_new && self.table(side, kind).get(&id).is_none() {
                return id;
            }
        }
    }

    /// Puts a record of the seed in its place that does not follow from it: no event.
    pub(super) fn seed_record(&mut self, side: Side, kind: Kind, at: Millis, body: &Body) {
        let id = text(body, "id").unwrap_or_default();
        let packed = Packed::new(body);
        let table = &mut self.tables.get_mut(side)[kind as usize];
        table.put((side, kind), at, id, None, None, Some((body, packed)));
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
        let id = text(&body, "id").unwrap_or_default().to_owned();
        let before = self.find(side, kind, &id);
        let packed = Packed::new(&body);
        let after = Some((&body, packed.clone()));
        self.put(now, (side, kind, &id), before.as_deref(), after);
        let fields = match op {
            Op::Delete => Vec::new(),
            _ => moved(before.as_deref(), Some(&body)),
        };
        if side == Side::Growbots {
            self.changes.push(Logged {
                kind,
                at: now,
                id: id.as_str().into(),
                body: packed,
            });
        }
        self.log_event(by, op, (side, kind, id), fields);
        Arc::new(body)
    }

    /// Takes a GHL record away without a trace, but for the event.
    pub(super) fn erase(&mut self, by: &By, kind: Kind, id: &str) {
        let now = self.now();
        if let Some(before) = self.find(Side::Ghl, kind, id) {
            self.put(now, (Side::Ghl, kind, id), Some(&before), None);
            self.log_event(by, Op::Delete, (Side::Ghl, kind, id.to_owned()), Vec::new());
        }
    }

    fn put(
        &mut self,
        now: Millis,
        (side, kind, id): (Side, Kind, &str),
        before: Option<&Body>,
        after: Option<(&Body, Packed)>,
    ) {
        let origins = self.origin.ordinal(side, kind, id).map(|ordinal| Origins {
            ordinal,
            ranks: Stamp::BOTH.map(|stamp| self.origin.rank(side, kind, stamp, ordinal)),
        });
        let table = &mut self.tables.get_mut(side)[kind as usize];
        table.put((side, kind), now, id, origins, before, after);
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

    /// GHL contacts that are gone, by id.
    pub(super) fn erased(&self, kind: Kind) -> impl Iterator<Item = &Arc<str>> {
        let records = self.table(Side::Ghl, kind).records();
        let gone = |record: &Record| record.present().is_none();
        records
            .filter(move |(_, record)| gone(record))
            .map(|(id, _)| id)
    }
}

/// Two worlds are equal if they began alike, and the same records, events and changes are in them.
impl PartialEq for World {
    fn eq(&self, other: &Self) -> bool {
        self.origin == other.origin
            && self.tables == other.tables
            && self.events == other.events
            && self.changes == other.changes
    }
}
