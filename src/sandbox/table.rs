//! The records of one kind on one side that somebody wrote since the seed, and what finds them.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    ops::RangeInclusive,
    sync::Arc,
};

use super::{
    mark::Mark,
    origin::Stamp,
    record::{Body, LONGEST_LAG_MS, Packed, Record, moment, text},
};
use crate::model::{Kind, Millis, Side};

/// Numbers below some bound, a bit each.
#[derive(Debug, Default)]
pub struct Bits(Vec<u64>);

impl Bits {
    fn insert(&mut self, number: u32) {
        let word = number as usize / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (number % 64);
    }

    /// Whether a number is in it.
    pub fn has(&self, number: u32) -> bool {
        let word = self.0.get(number as usize / 64);
        word.is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// How many numbers below this one are in it.
    pub fn below(&self, number: u32) -> u32 {
        let whole = number as usize / 64;
        let words = self.0.iter().take(whole);
        let part = self.0.get(whole).map_or(0, |word| {
            (word & ((1_u64 << (number % 64)) - 1)).count_ones()
        });
        words.map(|word| word.count_ones()).sum::<u32>() + part
    }
}

/// A record's place in the seed: its ordinal, and its rank by each time.
#[derive(Clone, Copy, Debug)]
pub struct Origins {
    pub ordinal: u32,
    pub ranks: [u32; 2],
}

/// One kind on one side. What leads to a record (a contact, a mark) is never taken back, so whoever follows it looks
/// whether the record is still so.
#[derive(Debug, Default)]
pub struct Table {
    records: BTreeMap<Arc<str>, Record>,
    /// Those that are not of the seed, oldest first.
    pub made: Vec<Arc<str>>,
    by_parent: BTreeMap<String, BTreeSet<Arc<str>>>,
    by_mark: BTreeMap<Mark, BTreeSet<Arc<str>>>,
    by_time: [BTreeMap<Millis, BTreeSet<Arc<str>>>; 2],
    /// The seeded records that were written, by their ordinal and by their ranks.
    pub touched: Bits,
    pub touched_ranks: [Bits; 2],
    touched_count: u32,
    live: u32,
    /// What was written in the last minute, oldest first.
    recent: VecDeque<(Millis, Arc<str>)>,
}

impl Table {
    /// The record, if it was written.
    pub fn get(&self, id: &str) -> Option<&Record> {
        self.records.get(id)
    }

    /// The same, with the id as it is kept.
    pub fn entry(&self, id: &str) -> Option<(&Arc<str>, &Record)> {
        self.records.get_key_value(id)
    }

    /// All that were written, by id.
    pub fn records(&self) -> impl Iterator<Item = (&Arc<str>, &Record)> {
        self.records.iter()
    }

    /// How many records of the seed were written.
    pub const fn touched_count(&self) -> u32 {
        self.touched_count
    }

    /// How many of the written ones are live.
    pub const fn live_count(&self) -> u32 {
        self.live
    }

    /// Those that are or were children of a contact, by id.
    pub fn children(&self, parent: &str) -> impl Iterator<Item = &Arc<str>> {
        self.by_parent.get(parent).into_iter().flatten()
    }

    /// Those that have or had a mark, by id.
    pub fn marked(&self, mark: &Mark) -> impl Iterator<Item = &Arc<str>> {
        self.by_mark.get(mark).into_iter().flatten()
    }

    /// Those that are there, by a time: the ids of each moment.
    pub fn by_time(
        &self,
        stamp: Stamp,
        window: RangeInclusive<Millis>,
    ) -> impl DoubleEndedIterator<Item = (Millis, &BTreeSet<Arc<str>>)> {
        let order = &self.by_time[stamp as usize];
        // an empty window would be a panic of the map
        let order = (!window.is_empty()).then(|| order.range(window));
        order.into_iter().flatten().map(|(at, ids)| (*at, ids))
    }

    /// Those written after a moment of the last minute.
    pub fn written_after(&self, at: Millis) -> BTreeSet<&Arc<str>> {
        let recent = self.recent.iter().rev();
        recent
            .take_while(|(written, _)| *written > at)
            .map(|(_, id)| id)
            .collect()
    }

    /// Keeps a record as it is from now on; `before` is its body until now, `None` in `after` is gone.
    pub fn put(
        &mut self,
        (side, kind): (Side, Kind),
        now: Millis,
        id: &str,
        origins: Option<Origins>,
        before: Option<&Body>,
        after: Option<(&Body, Packed)>,
    ) {
        let known = self.records.get_key_value(id).map(|(id, _)| id.clone());
        let id = known.clone().unwrap_or_else(|| id.into());
        if known.is_some() {
            for stamp in Stamp::BOTH {
                self.unsort(stamp, before, stamp.field(side, kind), &id);
            }
        } else if let Some(origins) = origins {
            self.touched_count += 1;
            self.touched.insert(origins.ordinal);
            for stamp in Stamp::BOTH {
                self.touched_ranks[stamp as usize].insert(origins.ranks[stamp as usize]);
            }
        } else {
            self.made.push(id.clone());
        }
        let record = self.records.entry(id.clone()).or_default();
        self.live -= u32::from(record.present().is_some_and(Packed::is_live));
        self.live += u32::from(after.as_ref().is_some_and(|(_, packed)| packed.is_live()));
        if let Some((body, _)) = &after {
            for stamp in Stamp::BOTH {
                let at = moment(body, stamp.field(side, kind));
                let ids = self.by_time[stamp as usize].entry(at).or_default();
                ids.insert(id.clone());
            }
            if let Some(parent) = parent_of(side, body) {
                let children = self.by_parent.entry(parent.to_owned()).or_default();
                children.insert(id.clone());
            }
            for mark in Mark::all(side, kind, body) {
                self.by_mark.entry(mark).or_default().insert(id.clone());
            }
        }
        record.push(now, after.map(|(_, packed)| packed));
        let horizon = now.plus(-LONGEST_LAG_MS);
        while self.recent.front().is_some_and(|(at, _)| *at <= horizon) {
            self.recent.pop_front();
        }
        self.recent.push_back((now, id));
    }

    fn unsort(&mut self, stamp: Stamp, before: Option<&Body>, field: &str, id: &Arc<str>) {
        let order = &mut self.by_time[stamp as usize];
        let Some(at) = before.map(|body| moment(body, field)) else {
            return;
        };
        if let Some(ids) = order.get_mut(&at) {
            ids.remove(id);
            if ids.is_empty() {
                order.remove(&at);
            }
        }
    }
}

/// Two tables are equal if the same was written to them.
impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        self.records == other.records
    }
}

/// The contact that a child names.
pub fn parent_of(side: Side, body: &Body) -> Option<&str> {
    let name = match side {
        Side::Ghl => "contactId",
        Side::Growbots => "lead_id",
    };
    text(body, name)
}
