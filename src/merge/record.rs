//! The three-way merge of a linked record, field by field.
//!
//! Each field comes to one of three ends. Nothing is to be done; or a value is *given* to both sides; or an operator
//! must decide. Giving a value is the same for an edit, a policy and a decision:
//!
//! - each side that has another value, and that the map lets an update write, gets a write;
//! - the base moves once both sides are seen equal;
//! - a side that the map does not write (the source of a one-way field) keeps its own value. As soon as the receiving
//!   side has the given value, that is the end of it: the base becomes the source's value, so that only its next
//!   edit is news, and the field `differs`.
//!
//! A first link is a merge against an empty base: what one side lacks counts as filled in on the other.

use std::borrow::Cow;

use crate::model::{
    Cause, ConflictField, Decided, FieldChange, FieldName, FieldType, Held, Linked, Record, Side,
    Snapshot, Value, Why,
};

use super::{FieldMap, MapEntry, Merged, Policy, StandingPolicy, merge_field, merge_set};

/// Server times nearer than this do not tell which record changed later.
const NEWER_MS: i64 = 5_000;

/// What a merge of a linked record comes to. All lists are in field order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordMerge<'a> {
    /// The base from now on; borrowed from the link where it did not move.
    pub base: Cow<'a, Record>,
    /// What is to be written; for one field GHL first.
    pub writes: Vec<SideWrite>,
    /// What an operator must decide.
    pub conflicts: Vec<ConflictField>,
    /// Fields that are not in step, and why; fields that only wait for a write are not among them.
    pub held: Vec<Held>,
    /// Decisions that stand on both sides, or that a later edit made void.
    pub drop_decided: Vec<FieldName>,
    /// Parked fields whose values moved, so that they may be tried again.
    pub drop_parked: Vec<FieldName>,
}

/// One field to be written on one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideWrite {
    /// Where.
    pub side: Side,
    /// What.
    pub change: FieldChange,
    /// Why.
    pub cause: Cause,
}

/// Merges a link whose ends are both live. Unmapped fields are left alone. Cost: one walk over the three records, and
/// no allocation where they are equal.
pub fn merge_record<'a>(linked: &'a Linked, map: &FieldMap) -> RecordMerge<'a> {
    merge_record_under(linked, map, 0, &[])
}

/// As [`merge_record`], where GHL's clock is `skew_ms` ahead of Growbots' (what changed later is told by one clock),
/// and where `standing` policies stand over the map's.
pub fn merge_record_under<'a>(
    linked: &'a Linked,
    map: &FieldMap,
    skew_ms: i64,
    standing: &[StandingPolicy],
) -> RecordMerge<'a> {
    let out = RecordMerge {
        base: linked.base.as_ref().map(Cow::Borrowed).unwrap_or_default(),
        ..RecordMerge::default()
    };
    let (Some(ghl), Some(growbots)) = (linked.ends.ghl.live(), linked.ends.growbots.live()) else {
        debug_assert!(false, "both ends of link {} are live", linked.id);
        return out;
    };
    let mut merge = Merge {
        linked,
        map,
        standing,
        ghl,
        growbots,
        newer: newer(ghl, growbots, skew_ms),
        out,
    };
    merge.walk();
    merge.out
}

/// One field of the three records; `None` is empty.
#[derive(Clone, Copy)]
struct Field<'a> {
    name: &'a FieldName,
    base: Option<&'a Value>,
    ghl: Option<&'a Value>,
    growbots: Option<&'a Value>,
}

impl<'a> Field<'a> {
    const fn of(&self, side: Side) -> Option<&'a Value> {
        match side {
            Side::Ghl => self.ghl,
            Side::Growbots => self.growbots,
        }
    }
}

struct Merge<'a, 'm> {
    linked: &'a Linked,
    map: &'m FieldMap,
    standing: &'m [StandingPolicy],
    ghl: &'a Snapshot,
    growbots: &'a Snapshot,
    /// The side whose record changed later, where that can be told.
    newer: Option<Side>,
    out: RecordMerge<'a>,
}

/// A value for both sides, and why.
struct Give<'a> {
    value: Option<Cow<'a, Value>>,
    cause: Cause,
}

impl<'a> Give<'a> {
    fn new(value: Option<&'a Value>, cause: Cause) -> Self {
        Self {
            value: value.map(Cow::Borrowed),
            cause,
        }
    }
}

/// The next field of a sorted slice, taken if it has that name.
fn take<'a>(slice: &mut &'a [(FieldName, Value)], name: &FieldName) -> Option<&'a Value> {
    let ((first, value), rest) = slice.split_first()?;
    if first != name {
        return None;
    }
    *slice = rest;
    Some(value)
}

impl<'a> Merge<'a, '_> {
    fn walk(&mut self) {
        let mut base: &'a [_] = self.linked.base.as_ref().map_or(&[], Record::as_slice);
        let mut ghl = self.ghl.record.as_slice();
        let mut growbots = self.growbots.record.as_slice();
        let plain = self.linked.decided.is_empty() && self.linked.parked.is_empty();
        loop {
            if plain {
                let alike = base
                    .iter()
                    .zip(ghl)
                    .zip(growbots)
                    .take_while(|((base, ghl), growbots)| base == ghl && base == growbots)
                    .count();
                (base, ghl, growbots) = (&base[alike..], &ghl[alike..], &growbots[alike..]);
            }
            let heads = [base, ghl, growbots].map(<[_]>::first);
            let Some(name) = heads.into_iter().flatten().map(|(name, _)| name).min() else {
                break;
            };
            self.field(Field {
                name,
                base: take(&mut base, name),
                ghl: take(&mut ghl, name),
                growbots: take(&mut growbots, name),
            });
        }
        if !plain {
            self.fields_that_nobody_has();
        }
    }

    /// Decided or parked fields that are empty in all three records.
    fn fields_that_nobody_has(&mut self) {
        let decided = self.linked.decided.iter().map(|decided| &decided.field);
        let parked = self.linked.parked.iter().map(|parked| &parked.field);
        let mut names: Vec<&FieldName> = decided.chain(parked).collect();
        names.sort_unstable();
        names.dedup();
        names.retain(|name| {
            let base = self.linked.base.as_ref();
            base.is_none_or(|base| base.get(name).is_none())
                && self.ghl.record.get(name).is_none()
                && self.growbots.record.get(name).is_none()
        });
        for name in names {
            self.field(Field {
                name,
                base: None,
                ghl: None,
                growbots: None,
            });
        }
        self.out
            .writes
            .sort_by(|one, two| one.change.field.cmp(&two.change.field));
        self.out.held.sort_by(|one, two| one.field.cmp(&two.field));
        self.out.drop_decided.sort_unstable();
        self.out.drop_parked.sort_unstable();
    }

    fn field(&mut self, field: Field<'a>) {
        let linked = self.linked;
        let decided = linked.decided.iter().find(|d| d.field == *field.name);
        let entry = self.map.entry(linked.kind, field.name);
        let Some(entry) =
            entry.filter(|entry| Side::BOTH.into_iter().any(|side| entry.updates(side)))
        else {
            // Not synced, or set when the record was made: what became of it since is nobody's concern.
            self.drop_decided(decided);
            self.drop_parked(field.name);
            return;
        };
        let parked = self.parked(field);
        if let Some(decided) = decided {
            if let Some(give) = decision(decided, field) {
                self.decided(field, entry, decided, &give, parked);
                return;
            }
            self.drop_decided(Some(decided));
        }
        if field.ghl == field.growbots {
            if field.ghl != field.base {
                self.out
                    .base
                    .to_mut()
                    .set(field.name.clone(), field.ghl.cloned());
            }
            return;
        }
        match self.verdict(field, entry) {
            Some(give) => {
                self.give(field, entry, &give, parked);
            }
            None if parked.contains(&true) => self.hold(field.name, Why::Parked),
            None => {
                self.hold(field.name, Why::Conflict);
                self.out.conflicts.push(ConflictField {
                    field: field.name.clone(),
                    base: field.base.cloned(),
                    ghl: field.ghl.cloned(),
                    growbots: field.growbots.cloned(),
                    newer: self.newer,
                });
            }
        }
    }

    /// Gives the decided value to both sides, also to one that refused another value before.
    fn decided(
        &mut self,
        field: Field<'a>,
        entry: &MapEntry,
        decided: &Decided,
        give: &Give<'_>,
        parked: [bool; 2],
    ) {
        let parked = Side::BOTH.map(|side| {
            parked[side as usize] && !self.overrides(decided, side, field, entry, parked)
        });
        if self.give(field, entry, give, parked) {
            self.drop_decided(Some(decided));
        } else if !parked.contains(&true) {
            self.drop_parked(field.name);
        }
    }

    /// The value that the edits and the policy give; `None` where an operator must decide.
    fn verdict(&self, field: Field<'a>, entry: &MapEntry) -> Option<Give<'a>> {
        let first_link = self.linked.base.is_none();
        let or_first_link = |cause| if first_link { Cause::FirstLink } else { cause };
        let standing = self.standing.iter().find(|one| one.field == *field.name);
        let policy = standing.map_or(entry.policy, |one| one.policy);
        let name = || standing.map_or_else(|| policy.name().into(), |one| one.name.clone());
        let by_policy = |value| Some(Give::new(value, Cause::Policy { name: name() }));
        match merge_field(&field.base, &field.ghl, &field.growbots) {
            // Yes was taken back on one side only, and would now go over.
            Merged::Take(side, None)
                if entry.policy == Policy::Restrictive && entry.updates(side.other()) =>
            {
                match policy {
                    Policy::Ghl => by_policy(field.ghl),
                    Policy::Growbots => by_policy(field.growbots),
                    _ => None,
                }
            }
            Merged::Take(side, value) => {
                let cause = or_first_link(Cause::Change { side });
                Some(Give::new(*value, cause))
            }
            Merged::Unchanged | Merged::Agreed(_) => Some(Give::new(field.ghl, Cause::Merge)),
            Merged::Conflict => match policy {
                Policy::Ghl => by_policy(field.ghl),
                Policy::Growbots => by_policy(field.growbots),
                Policy::Newest => by_policy(field.of(self.newer?)),
                Policy::Union if field.name.ty() == FieldType::Set => {
                    let words = |value: Option<&'a Value>| value.map_or(&[][..], Value::words);
                    let merged =
                        merge_set(words(field.base), words(field.ghl), words(field.growbots));
                    Some(Give {
                        value: (!merged.is_empty()).then_some(Cow::Owned(Value::Set(merged))),
                        cause: match standing {
                            Some(_) => Cause::Policy { name: name() },
                            None => or_first_link(Cause::Merge),
                        },
                    })
                }
                // One way, the result could never stand on both sides, and would grow with each merge.
                Policy::Append if entry.updates(Side::Ghl) && entry.updates(Side::Growbots) => {
                    Some(Give {
                        value: Some(append(field)?),
                        cause: Cause::Policy { name: name() },
                    })
                }
                Policy::Manual | Policy::Union | Policy::Append | Policy::Restrictive => None,
            },
        }
    }

    /// Gives both sides a value (see the head of this file). True when nothing is left to be done for it.
    fn give(
        &mut self,
        field: Field<'a>,
        entry: &MapEntry,
        give: &Give<'_>,
        parked: [bool; 2],
    ) -> bool {
        let value = give.value.as_deref();
        let mut settled = true;
        for side in Side::BOTH {
            if field.of(side) == value || !entry.updates(side) {
                continue;
            }
            settled = false;
            if parked[side as usize] {
                self.hold(field.name, Why::Parked);
                continue;
            }
            self.out.writes.push(SideWrite {
                side,
                change: FieldChange {
                    field: field.name.clone(),
                    from: field.of(side).cloned(),
                    to: value.cloned(),
                },
                cause: give.cause.clone(),
            });
        }
        if settled {
            let source = Side::BOTH.into_iter().find(|side| !entry.updates(*side));
            let agreed = source.map_or(value, |source| field.of(source));
            if field.ghl != field.growbots && source.is_some() {
                self.hold(field.name, Why::Differs);
            }
            if agreed != field.base {
                self.out
                    .base
                    .to_mut()
                    .set(field.name.clone(), agreed.cloned());
            }
        }
        settled
    }

    /// For each side whether it refused this field with the values that both sides still have.
    fn parked(&mut self, field: Field<'_>) -> [bool; 2] {
        let mut parked = [false; 2];
        let mut any = false;
        for park in &self.linked.parked {
            if park.field != *field.name {
                continue;
            }
            any = true;
            let still = field.ghl != field.growbots || self.is_decided(field.name);
            if still
                && park.seen.ghl.as_ref() == field.ghl
                && park.seen.growbots.as_ref() == field.growbots
            {
                parked[park.side as usize] = true;
            }
        }
        if any && parked == [false; 2] {
            self.drop_parked(field.name);
        }
        parked
    }

    fn is_decided(&self, name: &FieldName) -> bool {
        self.linked.decided.iter().any(|d| d.field == *name)
    }

    /// Whether a decided value may be tried on a side that refused the field: it is not what was refused, and a
    /// side that refused nothing is to get it too. Were all of them parked, then the decided value itself was
    /// refused, and trying again would never end.
    fn overrides(
        &self,
        decided: &Decided,
        side: Side,
        field: Field<'_>,
        entry: &MapEntry,
        parked: [bool; 2],
    ) -> bool {
        let value = decided.value.as_ref();
        let goes_to = |side| field.of(side) != value && entry.updates(side);
        let refused = self
            .linked
            .parked
            .iter()
            .filter(|park| park.field == *field.name && park.side == side)
            .any(|park| park.seen.get(side.other()).as_ref() == value);
        !refused
            && Side::BOTH
                .into_iter()
                .any(|side| goes_to(side) && !parked[side as usize])
    }

    fn hold(&mut self, field: &FieldName, why: Why) {
        let held = Held {
            field: field.clone(),
            why,
        };
        if self.out.held.last() != Some(&held) {
            self.out.held.push(held);
        }
    }

    fn drop_decided(&mut self, decided: Option<&Decided>) {
        self.out
            .drop_decided
            .extend(decided.map(|decided| decided.field.clone()));
    }

    fn drop_parked(&mut self, field: &FieldName) {
        let is_parked = self.linked.parked.iter().any(|park| park.field == *field);
        if is_parked && !self.out.drop_parked.contains(field) {
            self.out.drop_parked.push(field.clone());
        }
    }
}

/// The decided value, if each side still has what was seen, or has that value already.
fn decision<'a>(decided: &'a Decided, field: Field<'_>) -> Option<Give<'a>> {
    let value = decided.value.as_ref();
    let holds = Side::BOTH
        .into_iter()
        .all(|side| field.of(side) == decided.seen.get(side).as_ref() || field.of(side) == value);
    holds.then(|| Give::new(value, decided.cause.clone()))
}

/// GHL's text, a blank line, Growbots'; just the longer one where it is that already, for one side may have taken
/// the result before the other. `None` for what is no long text.
fn append(field: Field<'_>) -> Option<Cow<'_, Value>> {
    if field.name.ty() != FieldType::Lines {
        return None;
    }
    let (Some(ghl), Some(growbots)) = (field.ghl, field.growbots) else {
        return field.ghl.or(field.growbots).map(Cow::Borrowed);
    };
    let (first, last) = (ghl.as_text()?, growbots.as_text()?);
    let has_last = first
        .strip_suffix(last)
        .is_some_and(|head| head.ends_with("\n\n"));
    let has_first = last
        .strip_prefix(first)
        .is_some_and(|tail| tail.starts_with("\n\n"));
    Some(match (has_last, has_first) {
        (true, _) => Cow::Borrowed(ghl),
        (_, true) => Cow::Borrowed(growbots),
        _ => Cow::Owned(Value::Text(format!("{first}\n\n{last}").into())),
    })
}

/// The side whose record changed later, where both server times are known and far enough apart.
fn newer(ghl: &Snapshot, growbots: &Snapshot, skew_ms: i64) -> Option<Side> {
    let later = ghl.updated_at?.since(growbots.updated_at?) - skew_ms;
    (later.saturating_abs() >= NEWER_MS).then_some(if later > 0 {
        Side::Ghl
    } else {
        Side::Growbots
    })
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
