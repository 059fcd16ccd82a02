//! A page of contacts in the order of a time: it costs what is on it, not what is in the world.

use std::ops::RangeInclusive;

use crate::model::{Kind, Millis, Side};
use crate::sandbox::{record::Body, walk::Order, world::World};

/// A page of contacts by one of their times.
pub struct Page {
    pub order: Order,
    /// Which times count.
    pub window: RangeInclusive<Millis>,
    /// The last row that is known already.
    pub after: Option<(Millis, String)>,
    pub skip: usize,
    pub limit: usize,
}

/// What [`Page::read`] found.
pub struct Found {
    pub rows: Vec<(Millis, Body)>,
    /// How many rows there are in all.
    pub total: usize,
    /// How many of them come before the page.
    pub before: usize,
}

impl Page {
    /// Reads the page. Without a filter only its own rows are made, else all in the window, for the total.
    pub fn read(&self, world: &mut World, is_wanted: Option<&dyn Fn(&Body) -> bool>) -> Found {
        let until = world.indexed_until(Side::Ghl);
        let world = &*world;
        let contacts = (Side::Ghl, Kind::Contact);
        let (start, end) = self.window.clone().into_inner();
        let after = self.after.as_ref().map(|(at, id)| (*at, id.as_str()));
        let is_passed = |at: Millis, id: &str| {
            after.is_some_and(|after| self.order.compare((at, id), after).is_le())
        };
        if let Some(is_wanted) = is_wanted {
            let (mut rows, mut total, mut before) = (Vec::new(), 0, 0);
            for (at, row) in world.walk(contacts, until, self.order, self.window.clone()) {
                let body = row.body();
                if !is_wanted(&body) {
                    continue;
                }
                total += 1;
                if is_passed(at, &row.id()) || before < self.skip {
                    before += 1;
                } else if rows.len() < self.limit {
                    rows.push((at, body));
                }
            }
            return Found {
                rows,
                total,
                before,
            };
        }
        let rest = match after {
            None => start..=end,
            Some((at, _)) if self.order.newest_first => start..=end.min(at),
            Some((at, _)) => start.max(at)..=end,
        };
        let left = world.count_in(contacts, until, self.order.by, &rest);
        let total = world.count_in(contacts, until, self.order.by, &self.window);
        let mut walk = world.walk(contacts, until, self.order, rest).peekable();
        let mut before = total - left;
        while walk
            .next_if(|(at, row)| after.is_some_and(|a| a.0 == *at) && is_passed(*at, &row.id()))
            .is_some()
        {
            before += 1;
        }
        let page = walk.skip(self.skip).take(self.limit);
        Found {
            rows: page.map(|(at, row)| (at, row.body())).collect(),
            total,
            before: before + self.skip,
        }
    }
}
