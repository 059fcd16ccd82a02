//! Who gave a field the value that it has: the latest write of it in the log.

use std::collections::BTreeMap;

use crate::model::{Cause, FieldName, LogId, Millis, Record, Side, Value, WrittenLine};

use super::FieldMap;
use super::undo::canonical_change;

/// Who gave a field its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blame {
    /// Which field, by its canonical name.
    pub field: FieldName,
    /// When it was written.
    pub at: Millis,
    /// The side on which a user changed it; `None` where a decision, a rule or couplet's user did.
    pub side: Option<Side>,
    /// Why, in words: `edit in GHL`, `policy newest`, `dana decided, conflict 12`.
    pub cause: String,
    /// The operator behind it.
    pub operator: Option<String>,
    /// The line of the log; also the operation that can be undone.
    pub log: LogId,
}

/// For each field of `now` (a record in canonical form) who gave it its value, in field order. `lines` are the writes
/// of its link, newest first. Fields that no line explains are left out: both sides had the value when they were
/// linked, or were given it alike since.
pub fn blame(lines: &[WrittenLine], now: &Record, map: &FieldMap) -> Vec<Blame> {
    let mut latest: BTreeMap<FieldName, (Option<Value>, &WrittenLine)> = BTreeMap::new();
    for line in lines {
        let Some(side) = line.entry.side else {
            continue;
        };
        for own in &line.entry.fields {
            if let Ok(change) = canonical_change(map, line.entry.kind, side, own) {
                latest.entry(change.field).or_insert((change.to, line));
            }
        }
    }
    let explained = latest.into_iter().filter_map(|(field, (to, line))| {
        (now.get(&field) == to.as_ref()).then(|| Blame {
            field,
            at: line.entry.at,
            side: match line.cause {
                Some(Cause::Change { side }) => Some(side),
                _ => None,
            },
            cause: line.entry.cause.clone(),
            operator: line.entry.operator.clone(),
            log: line.entry.id,
        })
    });
    explained.collect()
}
