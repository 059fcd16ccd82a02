//! Conflicts about whole records whose cause went away by itself.

use crate::model::{BySide, Conflict, ConflictState, End, FieldName, Linked, Reason, Side};
use crate::store::Lookup;

use super::EngineError;
use super::pass::Pass;
use super::verdict::Verdict;

/// More conflicts than anybody has open.
pub(super) const MOST: u32 = 10_000;

impl Pass<'_> {
    /// Closes them, so that their records are matched and merged again.
    pub(super) fn close_outdated_conflicts(&self) -> Result<(), EngineError> {
        for conflict in self.core.reader.conflicts(MOST)? {
            let Some(why) = self.outdated(&conflict)? else {
                continue;
            };
            let state = if conflict.state == ConflictState::Decided {
                ConflictState::Resolved
            } else {
                ConflictState::Superseded
            };
            self.core
                .store()
                .close_conflict(self.fence, self.id, conflict.id, state, why)?;
        }
        Ok(())
    }

    /// Why a conflict is none any more; `None`: it still is one.
    fn outdated(&self, conflict: &Conflict) -> Result<Option<&'static str>, EngineError> {
        if matches!(conflict.reason, Reason::Field | Reason::MassChange) {
            return Ok(None);
        }
        let Some(linked) = self.core.store().linked(conflict.link)? else {
            return Ok(None);
        };
        if !conflict.holds_record() {
            let waits = |field: &FieldName| {
                linked.parked.iter().any(|parked| parked.field == *field)
                    || linked.decided.iter().any(|decided| decided.field == *field)
            };
            let still = conflict.fields.iter().any(|taken| waits(&taken.field));
            return Ok((!still).then_some("the value is not refused any more"));
        }
        if let Some(why) = ends_moved(conflict.reason, &linked.ends) {
            return Ok(Some(why));
        }
        // What an operator has to look for has no candidates.
        if conflict.reason == Reason::DeleteEdit || conflict.candidates.is_empty() {
            return Ok(None);
        }
        let mut still = 0;
        for candidate in &conflict.candidates {
            let by = Lookup::Id(&candidate.id);
            let found = self
                .core
                .store()
                .lookup(candidate.side, conflict.kind, by)?;
            let Some(found) = found.into_iter().next() else {
                continue;
            };
            still += usize::from(match conflict.reason {
                Reason::Duplicate => shares_address(&linked, candidate.side, &found.record),
                _ => !found.linked,
            });
        }
        let least = if conflict.reason == Reason::Duplicate {
            1
        } else {
            conflict.candidates.len().min(2)
        };
        Ok((still < least).then_some("the other records are not what they were"))
    }

    /// A verdict about a record that both sides have is over: it must not decide about a later delete.
    pub(super) fn drop_verdict(&self, linked: &Linked) -> Result<(), EngineError> {
        if self.verdict(linked.id)?.is_some() {
            self.core.drop_note(&Verdict::name(linked.id))?;
        }
        Ok(())
    }
}

/// Why the ends of a link leave nothing to decide.
const fn ends_moved(reason: Reason, ends: &BySide<End>) -> Option<&'static str> {
    match (reason, &ends.ghl, &ends.growbots) {
        (_, End::Live(_), End::Live(_)) => Some("both sides have it"),
        (_, End::Live(_), _) | (_, _, End::Live(_)) => None,
        _ => Some("neither side has it"),
    }
}

/// Whether a record has the e-mail or phone of the live end of a link across.
fn shares_address(linked: &Linked, side: Side, holder: &crate::model::Record) -> bool {
    let Some(subject) = linked.ends.get(side.other()).live() else {
        return false;
    };
    [FieldName::Email, FieldName::Phone].iter().any(|field| {
        let address = subject.record.text(field);
        !address.is_empty() && address == holder.text(field)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Kind, Record, Snapshot};

    fn end(word: &str) -> End {
        let snapshot = Snapshot::new(Side::Ghl, Kind::Contact, "one", Record::default());
        match word {
            "live" => End::Live(snapshot),
            "gone" => End::Gone(snapshot),
            _ => End::Missing,
        }
    }

    #[test]
    fn a_conflict_about_a_record_is_over_when_both_sides_or_neither_have_it() {
        for (reason, ghl, growbots, over) in [
            (Reason::DeleteEdit, "gone", "live", false),
            (Reason::DeleteEdit, "live", "live", true),
            (Reason::DeleteEdit, "gone", "gone", true),
            (Reason::AmbiguousMatch, "live", "missing", false),
            (Reason::AmbiguousMatch, "missing", "live", false),
            (Reason::AmbiguousMatch, "gone", "missing", true),
            (Reason::Duplicate, "live", "live", true),
        ] {
            let ends = BySide {
                ghl: end(ghl),
                growbots: end(growbots),
            };
            let why = ends_moved(reason, &ends);
            assert_eq!(why.is_some(), over, "{reason:?} {ghl} {growbots}");
        }
    }
}
