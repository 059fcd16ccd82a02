//! The breaker against ping-pong: what a side rewrites on save is taken for what was written, and a field that comes
//! back changed again and again is left alone until an operator looks at it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::merge::undo::canonical_change;
use crate::model::{
    End, ErrorId, Failure, FieldChange, FieldName, Held, Kind, LinkId, Linked, LogOp, Millis,
    NewLog, Op, Side, Why, Write, WrittenLine,
};
use crate::store::LinkOutcome;

use super::EngineError;
use super::pass::Pass;

/// A value that was written so often within [`SPAN_MS`] and came back changed is not written once more.
const FLIPS: usize = 2;
const SPAN_MS: i64 = 3_600_000;
/// The note that keeps them.
const NAME: &str = "quarantine";

/// Fields that are left alone, by link and name.
pub(super) type Quarantine = BTreeMap<LinkId, BTreeMap<String, Entry>>;

/// A field that is left alone, or was.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Of its row of errors.
    pattern: String,
    /// An operator wanted it tried again: writes before that count no more.
    lifted: Option<Millis>,
}

/// A field that is left alone from now on, or still.
pub(super) struct Flip {
    side: Side,
    kind: Kind,
    field: FieldName,
}

fn pattern(side: Side, kind: Kind, field: &FieldName) -> String {
    format!("ping-pong {} {kind}.{field}", side.name())
}

/// How often the value that is to be written was written before, newest first, and was changed on that side by itself:
/// what is there when the next write comes is not what the one before it left.
fn came_back(next: &FieldChange, earlier: impl Iterator<Item = FieldChange>) -> usize {
    let mut found = next.from.clone();
    let mut flips = 0;
    for was in earlier {
        flips += usize::from(was.to == next.to && was.to != found);
        found = was.from;
    }
    flips
}

impl Flip {
    pub fn failure(&self, link: LinkId) -> Failure {
        let Self { side, kind, field } = self;
        Failure {
            pattern: pattern(*side, *kind, field),
            side: Some(*side),
            operation: "ping-pong".into(),
            status: None,
            message: format!(
                "`{field}` of a {kind}: {side} changes what couplet writes, each time; it is left alone now. See what \
                 {side} does to it, give it a value there, or retry"
            ),
            link: Some(link),
            next_retry_at: None,
        }
    }
}

impl Pass<'_> {
    /// Puts what couplet wrote in the place of what a side made of it.
    pub(super) fn hear_echoes(
        &self,
        linked: &mut std::borrow::Cow<'_, Linked>,
    ) -> Result<(), EngineError> {
        let echoes = self.core.store().echoes(linked.id)?;
        for echo in echoes {
            let end = linked.ends.get(echo.side).last_seen();
            if end.is_some_and(|end| end.record.get(&echo.field) == Some(&echo.stored))
                && let End::Live(end) | End::Gone(end) = linked.to_mut().ends.get_mut(echo.side)
            {
                end.record.set(echo.field, Some(echo.sent));
            }
        }
        Ok(())
    }

    /// Takes out of an outcome (under canonical names) what has flipped too often.
    pub(super) fn break_flips(
        &self,
        linked: &Linked,
        outcome: &mut LinkOutcome,
    ) -> Result<Vec<Flip>, EngineError> {
        let link = linked.id;
        let mut known = self.quarantine()?.get(&link).cloned().unwrap_or_default();
        let writes = |write: &Write| write.op == Op::Update && write.cause.operator().is_none();
        if known.is_empty() && !outcome.writes.iter().any(writes) {
            return Ok(Vec::new());
        }
        let before = known.len();
        let mut lines: Option<Vec<WrittenLine>> = None;
        let mut flips = Vec::new();
        let mut still = Vec::new();
        for write in outcome.writes.iter_mut().filter(|write| writes(write)) {
            let (side, kind) = (write.side, write.kind);
            let mut left = Vec::new();
            for change in write.fields.drain(..) {
                let name = change.field.to_string();
                let since = match known.get(&name) {
                    Some(Entry { lifted: None, .. }) => None,
                    Some(Entry { lifted, .. }) => *lifted,
                    None => Some(Millis::default()),
                };
                still.push(name.clone());
                let is_broken = match since {
                    None => true,
                    Some(_) if matches!(change.to, Some(crate::model::Value::Bool(_)) | None) => {
                        false
                    }
                    Some(since) => {
                        if lines.is_none() {
                            lines = Some(self.core.store().written(link)?);
                        }
                        let since = since.max(self.core.now().plus(-SPAN_MS));
                        let map = self.core.map();
                        let of_field = lines.iter().flatten().filter(|line| {
                            line.entry.side == Some(side)
                                && line.entry.at >= since
                                && line.entry.operator.is_none()
                        });
                        let earlier = of_field
                            .flat_map(|line| &line.entry.fields)
                            .filter_map(|own| canonical_change(&map, kind, side, own).ok())
                            .filter(|was| was.field == change.field);
                        came_back(&change, earlier) >= FLIPS
                    }
                };
                if !is_broken {
                    left.push(change);
                    continue;
                }
                if since.is_some() {
                    self.tell_broken(link, side, &change.field)?;
                    let entry = Entry {
                        pattern: pattern(side, kind, &change.field),
                        lifted: None,
                    };
                    known.insert(name, entry);
                }
                outcome.held.push(Held {
                    field: change.field.clone(),
                    why: Why::Parked,
                });
                flips.push(Flip {
                    side,
                    kind,
                    field: change.field,
                });
            }
            write.fields = left;
        }
        outcome
            .writes
            .retain(|write| write.op != Op::Update || !write.fields.is_empty());
        // Where nothing is to be written any more, it came to rest.
        known.retain(|name, _| still.contains(name));
        if known.len() != before || !flips.is_empty() {
            self.change_quarantine(|all| {
                if known.is_empty() {
                    all.remove(&link);
                } else {
                    all.insert(link, known);
                }
            })?;
        }
        Ok(flips)
    }

    fn tell_broken(&self, link: LinkId, side: Side, field: &FieldName) -> Result<(), EngineError> {
        let line = NewLog {
            side: Some(side),
            op: LogOp::Refused,
            fields: Vec::new(),
            cause: None,
            words: format!("ping-pong: {side} changes `{field}` each time; it is left alone"),
            requests: 0,
        };
        Ok(self.core.store().log(self.fence, self.id, link, &line)?)
    }

    /// An operator wants what an error is about tried again.
    pub(super) fn lift_quarantine(&self, error: ErrorId) -> Result<(), EngineError> {
        let rows = self.core.reader.errors(u32::MAX)?;
        let Some(row) = rows.into_iter().find(|row| row.id == error) else {
            return Ok(());
        };
        if !row.last.pattern.starts_with("ping-pong ") {
            return Ok(());
        }
        let now = self.core.now();
        self.change_quarantine(|all| {
            let entries = all.values_mut().flat_map(BTreeMap::values_mut);
            for entry in entries.filter(|entry| entry.pattern == row.last.pattern) {
                entry.lifted = Some(now);
            }
        })
    }

    fn quarantine(&self) -> Result<std::cell::RefMut<'_, Quarantine>, EngineError> {
        let mut kept = self.quarantine.borrow_mut();
        if kept.is_none() {
            *kept = Some(self.core.note(NAME)?.unwrap_or_default());
        }
        Ok(std::cell::RefMut::map(kept, |kept| {
            kept.get_or_insert_default()
        }))
    }

    fn change_quarantine(&self, change: impl FnOnce(&mut Quarantine)) -> Result<(), EngineError> {
        let mut all = self.quarantine()?;
        change(&mut all);
        if all.is_empty() {
            return Ok(self.core.drop_note(NAME)?);
        }
        Ok(self.core.put_note(NAME, &*all)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Value;

    fn change(from: &str, to: &str) -> FieldChange {
        FieldChange {
            field: FieldName::Website,
            from: Value::text(from),
            to: Value::text(to),
        }
    }

    #[test]
    fn only_what_a_side_changed_by_itself_after_our_write_came_back() {
        for (next, earlier, want) in [
            (("x", "w"), &[][..], 0),
            // written, and rewritten each time
            (("y", "w"), &[("x", "w"), ("", "w")], 2),
            (("x", "w"), &[("", "w")], 1),
            // somebody on the other side changes it to and fro
            (
                ("b", "a"),
                &[("a", "b"), ("b", "a"), ("a", "b"), ("", "a")],
                0,
            ),
            // another value was rewritten
            (("x", "w"), &[("y", "v"), ("", "v")], 0),
        ] {
            let earlier = earlier.iter().map(|(from, to)| change(from, to));
            assert_eq!(
                came_back(&change(next.0, next.1), earlier),
                want,
                "{next:?}"
            );
        }
    }
}
