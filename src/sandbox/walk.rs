//! Records in the order of a time, as an index shows them: what the seed says, and what was written since, each
//! already in order, are read side by side. A page costs what is on it, whatever the size of the world.

use std::{borrow::Cow, cmp::Ordering, iter::Peekable, ops::RangeInclusive, sync::Arc};

use super::{
    origin::{Origin, Stamp},
    record::{Body, Packed, Seen, moment},
    table::Table,
};
use crate::model::{Kind, Millis, Side};

/// An order of a listing.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// The time that comes first.
    pub by: Stamp,
    pub newest_first: bool,
    /// Of those of one moment: whether the last id comes first.
    pub ids_fall: bool,
}

impl Order {
    /// The oldest first.
    pub const fn oldest_first(by: Stamp) -> Self {
        Self {
            by,
            newest_first: false,
            ids_fall: false,
        }
    }

    /// How two keys stand.
    pub fn compare(self, one: (Millis, &str), two: (Millis, &str)) -> Ordering {
        let turned = |order: Ordering, is_turned| if is_turned { order.reverse() } else { order };
        turned(one.0.cmp(&two.0), self.newest_first)
            .then_with(|| turned(one.1.cmp(two.1), self.ids_fall))
    }
}

/// Any time.
pub const ALWAYS: RangeInclusive<Millis> = Millis(i64::MIN)..=Millis(i64::MAX);

/// Where a body comes from.
#[derive(Clone, Copy, Debug)]
pub enum Source<'w> {
    /// The seed.
    Seed(u32),
    /// A write.
    Written(&'w Arc<str>, &'w Packed),
}

/// A record that is not made yet: most that are passed over never are.
#[derive(Clone, Copy, Debug)]
pub struct Row<'w> {
    pub(super) origin: &'w Origin,
    pub(super) side: Side,
    pub(super) kind: Kind,
    pub(super) source: Source<'w>,
}

impl<'w> Row<'w> {
    /// The id.
    pub fn id(&self) -> Cow<'w, str> {
        match self.source {
            Source::Seed(ordinal) => self.origin.id(self.side, self.kind, ordinal).into(),
            Source::Written(id, _) => (**id).into(),
        }
    }

    /// The record.
    pub fn body(&self) -> Body {
        match self.source {
            Source::Seed(ordinal) => self.origin.body(self.side, self.kind, ordinal),
            Source::Written(_, packed) => packed.body(),
        }
    }

    /// Whether it is no tombstone.
    pub const fn is_live(&self) -> bool {
        match self.source {
            Source::Seed(_) => true,
            Source::Written(_, packed) => packed.is_live(),
        }
    }
}

/// What a walk goes over.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'w> {
    pub origin: &'w Origin,
    pub table: &'w Table,
    pub side: Side,
    pub kind: Kind,
    /// Writes after this are not seen yet.
    pub until: Millis,
}

/// A row with its place in the order.
pub type Placed<'w> = (Millis, Row<'w>);

impl<'w> Ground<'w> {
    pub(super) const fn row(&self, source: Source<'w>) -> Row<'w> {
        Row {
            origin: self.origin,
            side: self.side,
            kind: self.kind,
            source,
        }
    }

    /// A record by id, as the index shows it.
    pub fn seen(&self, id: &str) -> Option<Row<'w>> {
        let seeded = || {
            let ordinal = self.origin.ordinal(self.side, self.kind, id)?;
            Some(self.row(Source::Seed(ordinal)))
        };
        let Some((id, record)) = self.table.entry(id) else {
            return seeded();
        };
        match record.seen(self.until) {
            Seen::Unwritten => seeded(),
            Seen::Gone => None,
            Seen::As(packed) => Some(self.row(Source::Written(id, packed))),
        }
    }

    /// All rows with their time in the window, in order.
    pub fn walk(
        self,
        order: Order,
        window: RangeInclusive<Millis>,
    ) -> impl Iterator<Item = Placed<'w>> {
        let written = Merged::new(
            order,
            self.settled(order, window.clone()),
            self.unsettled(order, &window).into_iter(),
        );
        Merged::new(order, self.untouched(order, window), written)
    }

    /// How many rows a walk has.
    pub fn count(&self, by: Stamp, window: &RangeInclusive<Millis>) -> usize {
        let ranks = self.ranks(by, window);
        let bits = &self.table.touched_ranks[by as usize];
        let touched = bits.below(ranks.end) - bits.below(ranks.start);
        let untouched = ranks.end - ranks.start - touched;
        let written = self.table.by_time(by, window.clone());
        let written: usize = written.map(|(_, ids)| ids.len()).sum();
        // those that the index does not know yet count as what they were
        let recent = self.table.written_after(self.until);
        let now = recent
            .iter()
            .filter_map(|id| self.table.get(id)?.present())
            .filter(|packed| window.contains(&self.moment(by, &packed.body())))
            .count();
        let order = Order::oldest_first(by);
        let then = self.unsettled(order, window).len();
        untouched as usize + written + then - now
    }

    fn moment(&self, by: Stamp, body: &Body) -> Millis {
        moment(body, by.field(self.side, self.kind))
    }

    fn ranks(&self, by: Stamp, window: &RangeInclusive<Millis>) -> std::ops::Range<u32> {
        let earlier = |at: Millis| self.origin.earlier(self.side, self.kind, by, at);
        let first = earlier(*window.start());
        first..earlier(window.end().plus(1)).max(first)
    }

    fn untouched(
        self,
        order: Order,
        window: RangeInclusive<Millis>,
    ) -> impl Iterator<Item = Placed<'w>> {
        let touched = &self.table.touched_ranks[order.by as usize];
        directed(self.ranks(order.by, &window), order.newest_first)
            .filter(|rank| !touched.has(*rank))
            .map(move |rank| {
                let ordinal = self.origin.at_rank(self.side, self.kind, order.by, rank);
                let at = self.origin.time(self.side, self.kind, order.by, ordinal);
                (at, self.row(Source::Seed(ordinal)))
            })
    }

    fn settled(
        self,
        order: Order,
        window: RangeInclusive<Millis>,
    ) -> impl Iterator<Item = Placed<'w>> {
        let moments = directed(self.table.by_time(order.by, window), order.newest_first);
        moments.flat_map(move |(at, ids)| {
            directed(ids.iter(), order.ids_fall).filter_map(move |id| {
                let record = self.table.get(id)?;
                let is_settled = record.written_at() <= self.until;
                let packed = record.present().filter(|_| is_settled)?;
                Some((at, self.row(Source::Written(id, packed))))
            })
        })
    }

    /// Rows that were written so lately that the index shows what was before.
    fn unsettled(&self, order: Order, window: &RangeInclusive<Millis>) -> Vec<Placed<'w>> {
        let ids = self.table.written_after(self.until);
        let rows = ids.into_iter().filter_map(|id| self.seen(id));
        let mut rows: Vec<Placed> = rows
            .map(|row| (self.moment(order.by, &row.body()), row))
            .filter(|(at, _)| window.contains(at))
            .collect();
        rows.sort_by(|one, two| order.compare((one.0, &one.1.id()), (two.0, &two.1.id())));
        rows
    }
}

fn directed<'a, T>(
    rows: impl DoubleEndedIterator<Item = T> + 'a,
    is_backward: bool,
) -> Box<dyn Iterator<Item = T> + 'a> {
    if is_backward {
        Box::new(rows.rev())
    } else {
        Box::new(rows)
    }
}

/// Two walks as one.
struct Merged<A: Iterator, B: Iterator> {
    order: Order,
    one: Peekable<A>,
    two: Peekable<B>,
}

impl<'w, A, B> Merged<A, B>
where
    A: Iterator<Item = Placed<'w>>,
    B: Iterator<Item = Placed<'w>>,
{
    fn new(order: Order, one: A, two: B) -> Self {
        Self {
            order,
            one: one.peekable(),
            two: two.peekable(),
        }
    }
}

impl<'w, A, B> Iterator for Merged<A, B>
where
    A: Iterator<Item = Placed<'w>>,
    B: Iterator<Item = Placed<'w>>,
{
    type Item = Placed<'w>;

    fn next(&mut self) -> Option<Placed<'w>> {
        let (Some(one), Some(two)) = (self.one.peek(), self.two.peek()) else {
            return self.one.next().or_else(|| self.two.next());
        };
        // an id is only worked out for a tie
        let is_tie = one.0 == two.0;
        let ids = is_tie.then(|| (one.1.id(), two.1.id()));
        let (left, right) = ids.as_ref().map_or(("", ""), |(one, two)| (one, two));
        if self.order.compare((one.0, left), (two.0, right)).is_le() {
            self.one.next()
        } else {
            self.two.next()
        }
    }
}
