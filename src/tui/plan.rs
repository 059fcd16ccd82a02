//! The plan of the next pass: what waits to be written, what that costs, and what waits for the operator. Read only.

use std::collections::BTreeMap;

use crate::model::{BySide, Kind, LinkId, Op, Side, Write};
use crate::text::thousands;

use super::confirm::Confirm;
use super::first_pull;
use super::model::{Model, Overlay};
use super::tabs::conflicts::is_put_off;
use super::tabs::detail::show;
use super::times::{counted, span};

/// So many writes are listed; all are counted.
pub const LISTED: usize = 500;

/// What waits to be written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Planned {
    /// The first of the writes, in sending order.
    pub writes: Vec<Write>,
    /// The names of their records.
    pub titles: BTreeMap<LinkId, String>,
    /// How many writes of which sort each side gets.
    pub counts: BySide<BTreeMap<(Op, Kind), u64>>,
}

impl Planned {
    /// Counts writes, and lists none.
    pub fn counted<'a>(writes: impl Iterator<Item = &'a Write>) -> Self {
        let mut plan = Self::default();
        for write in writes {
            let counts = plan.counts.get_mut(write.side);
            *counts.entry((write.op, write.kind)).or_insert(0) += 1;
        }
        plan
    }

    fn of(&self, side: Side) -> u64 {
        self.counts.get(side).values().sum()
    }
}

/// A write in a line, or a line a field.
fn lines(model: &Model, plan: &Planned, write: &Write) -> Vec<String> {
    let side = write.side.label();
    let title = plan.titles.get(&write.link).map_or("", String::as_str);
    match write.op {
        Op::Delete => vec![format!("{side:<9} DELETE {} {title}", write.kind)],
        Op::Create => vec![format!("{side:<9} + {} {title}", write.kind)],
        Op::Stamp => vec![format!("{side:<9} ~ {title}  gets the id of its pair")],
        Op::Update => write
            .fields
            .iter()
            .map(|change| {
                let from = show(change.from.as_ref(), &model.times);
                let to = show(change.to.as_ref(), &model.times);
                format!(
                    "{side:<9} ~ {title}  {}  {from} → {to}",
                    change.field.label()
                )
            })
            .collect(),
    }
}

/// What a side gets, in a line: `+ 3 contacts, ~ 12 contacts`.
fn sums(counts: &BTreeMap<(Op, Kind), u64>) -> String {
    let parts = counts.iter().map(|((op, kind), n)| {
        let what = counted(*n, kind.name(), kind.many());
        match op {
            Op::Create => format!("+ {what}"),
            Op::Update => format!("~ {what}"),
            Op::Stamp => format!("ids of {what}"),
            Op::Delete => format!("DELETE {what}"),
        }
    });
    let parts: Vec<_> = parts.collect();
    if parts.is_empty() {
        "nothing".into()
    } else {
        parts.join(", ")
    }
}

/// What a side's writes cost: a look and a write each, at the pace of its burst limit.
fn cost(model: &Model, side: Side, writes: u64) -> String {
    let status = model.status.sides.get(side);
    let requests = 2 * writes;
    let pace = u64::from(status.burst.limit).max(1);
    let mut words = counted(requests, "request", "requests");
    if requests > 0 {
        words = format!("{words}, {}", span((requests * 10_000 / pace).max(1_000)));
    }
    if requests > 0 && status.day.limit > 0 {
        let share = requests * 100 / status.day.limit;
        let share = match share {
            0 => "less than 1 %".to_owned(),
            n => format!("{n} %"),
        };
        words = format!("{words}, {share} of the day");
    }
    words
}

/// Conflicts that wait for somebody, by what they are.
fn for_you(model: &Model) -> String {
    let now = model.times.now;
    let open = model.conflicts.all.iter();
    let open = open.filter(|c| c.staged.is_empty() && !is_put_off(c, now));
    let (records, fields): (Vec<_>, Vec<_>) = open.partition(|c| c.holds_record());
    match (fields.len() as u64, records.len() as u64) {
        (0, 0) => "nothing".into(),
        (fields, records) => format!(
            "{}, {}: these wait",
            counted(fields, "conflict in fields", "conflicts in fields"),
            counted(records, "about a whole record", "about whole records")
        ),
    }
}

/// Shows it.
pub fn accept(model: &mut Model, plan: &Planned) {
    let mut rows: Vec<String> = plan
        .writes
        .iter()
        .flat_map(|write| lines(model, plan, write))
        .collect();
    let all = plan.of(Side::Ghl) + plan.of(Side::Growbots);
    let more = all.saturating_sub(plan.writes.len() as u64);
    if more > 0 {
        rows.push(format!("and {} more", thousands(more)));
    }
    if rows.is_empty() {
        rows.push("Nothing waits to be written.".into());
    }
    let mut foot: Vec<String> = Side::BOTH
        .into_iter()
        .map(|side| format!("{:<10} {}", side.label(), sums(plan.counts.get(side))))
        .collect();
    foot.push(format!("For you    {}", for_you(model)));
    for side in Side::BOTH {
        let head = if side == Side::Ghl { "Cost" } else { "" };
        let words = cost(model, side, plan.of(side));
        foot.push(format!("{head:<10} {:<9} {words}", side.label()));
    }
    let title = if model.backfilled {
        "Plan of the next pass: read, nothing written yet"
    } else {
        "Plan of the first pass: both sides are still being read"
    };
    if let Some(words) = first_pull::in_hand(model).filter(|_| !model.backfilled) {
        foot.push(format!("Now        the first pull {words}"));
    }
    let confirm = Confirm {
        lines: rows,
        foot,
        ..Confirm::new(title)
    };
    model.overlay = Some(Overlay::Confirm(Box::new(confirm)));
    model.dirty = true;
}
