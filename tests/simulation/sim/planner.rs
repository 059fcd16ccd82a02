//! The planner alone: a base is made first and then perturbed twice, once for each side; what comes of it is held
//! against laws, and against a second reading of the rules that is as plain as can be.

use std::collections::BTreeSet;
use std::fmt::Debug;

use couplet::merge::{
    DeleteStep, Direction, FieldMap, Policy, RecordMerge, create_fields, delete_step, group_writes,
    merge_record, plan,
};
use couplet::model::{
    BySide, Cause, End, FieldName, FieldType, Kind, LinkId, Linked, Millis, Op, Record, Side,
    Snapshot, Value, Write,
};
use fastrand::Rng;

/// Links whose writes make one plan.
pub const BATCH: u64 = 16;
const BURST: BySide<(u32, u32)> = BySide {
    ghl: (100, 10),
    growbots: (100, 10),
};

/// A field, and what may stand in it.
type Choice = (FieldName, [Value; 3]);

/// What a planner's case may be wrong in.
type Wrong = Result<(), String>;

/// The planner, with what all cases share.
pub struct Planner {
    map: FieldMap,
    /// For each kind, the fields that flow both ways by symmetric rules, with three values each.
    fields: Vec<(Kind, Vec<Choice>)>,
}

impl Default for Planner {
    fn default() -> Self {
        let map = FieldMap::default();
        let fields = [Kind::Contact, Kind::Task]
            .map(|kind| {
                let fields = map.fields(kind).filter(|entry| {
                    entry.direction == Direction::Both
                        && entry.on_create_only.is_none()
                        && !matches!(
                            entry.policy,
                            Policy::Ghl | Policy::Growbots | Policy::Append
                        )
                });
                let fields = fields.map(|entry| (entry.field.clone(), values(&entry.field)));
                (kind, fields.collect())
            })
            .into();
        Self { map, fields }
    }
}

/// Three values of a field: enough for every shape of a three-way merge.
fn values(field: &FieldName) -> [Value; 3] {
    match field.ty() {
        FieldType::Set => [&["a"][..], &["a", "b"], &["b", "c"]]
            .map(|words| Value::Set(words.iter().map(|word| (*word).into()).collect())),
        FieldType::Bool => [Value::Bool(true), Value::Bool(true), Value::Bool(true)],
        FieldType::Time => [1, 2, 3].map(|day| Value::Time(Millis(day * 86_400_000))),
        _ => ["x", "y", "z"].map(|text| Value::text(text).expect("not empty")),
    }
}

fn one_of(rng: &mut Rng, values: &[Value; 3]) -> Option<Value> {
    values.get(rng.usize(..4)).cloned()
}

fn must(holds: bool, law: &str, told: &dyn Debug) -> Wrong {
    if holds {
        Ok(())
    } else {
        Err(format!("{law}: {told:?}"))
    }
}

impl Planner {
    /// Cases `from..from + BATCH * batches`; gives the first one that breaks a law, with the law.
    pub fn check(&self, from: u64, batches: u64) -> Result<u64, (u64, String)> {
        for batch in 0..batches {
            let first = from + batch * BATCH;
            let mut writes = Vec::new();
            for seed in first..first + BATCH {
                self.case(seed, &mut writes)
                    .map_err(|wrong| (seed, wrong))?;
            }
            ordered(first, writes).map_err(|wrong| (first, wrong))?;
        }
        Ok(batches * BATCH)
    }

    fn case(&self, seed: u64, writes: &mut Vec<Write>) -> Wrong {
        let mut rng = Rng::with_seed(seed);
        let (kind, fields) = &self.fields[rng.usize(..self.fields.len())];
        let base: Vec<Option<Value>> = fields
            .iter()
            .map(|(_, values)| one_of(&mut rng, values))
            .collect();
        let perturbed = |rng: &mut Rng| -> Record {
            let often = rng.u8(1..6);
            let of = fields
                .iter()
                .zip(&base)
                .filter_map(|((name, values), was)| {
                    let now = if rng.u8(..8) < often {
                        one_of(rng, values)
                    } else {
                        was.clone()
                    };
                    Some((name.clone(), now?))
                });
            Record::from_fields(of)
        };
        let (ghl, growbots) = (perturbed(&mut rng), perturbed(&mut rng));
        let base = fields.iter().zip(base);
        let base = base.filter_map(|((name, _), value)| Some((name.clone(), value?)));
        let base = (rng.u8(..8) > 0).then(|| Record::from_fields(base));
        let ends = BySide {
            ghl: End::Live(snapshot(Side::Ghl, *kind, ghl)),
            growbots: End::Live(snapshot(Side::Growbots, *kind, growbots)),
        };
        let linked = Linked::new(LinkId(seed as i64), *kind, base, ends);
        match rng.u8(..8) {
            0 => self.deleted(linked, &mut rng),
            1 => self.alone(linked, &mut rng),
            _ => self.merged(&linked, fields, writes),
        }
    }

    fn merged(&self, linked: &Linked, fields: &[Choice], writes: &mut Vec<Write>) -> Wrong {
        let merge = merge_record(linked, &self.map);
        for (field, _) in fields {
            self.as_read_plainly(linked, field, &merge)?;
        }
        for write in &merge.writes {
            let there = live(linked, write.side).record.get(&write.change.field);
            must(
                write.change.from.as_ref() == there && write.change.to.as_ref() != there,
                "a write changes what is there",
                write,
            )?;
        }
        must(
            mirrored(&merge_record(&swapped(linked), &self.map), &merge),
            "swapping the sides swaps the plan",
            &merge,
        )?;
        // A crash after any part of it, and a second pass: the same end.
        let after = applied(linked, &merge, u64::MAX);
        let again = merge_record(&after, &self.map);
        must(
            again.writes.is_empty() && again.conflicts == merge.conflicts,
            "after its writes nothing is left to be done",
            &again.writes,
        )?;
        let settled = applied(&after, &again, 0);
        for (field, _) in fields {
            let held = again.held.iter().any(|held| held.field == *field);
            let [ghl, growbots] = Side::BOTH.map(|side| live(&settled, side).record.get(field));
            let base = settled.base.as_ref().and_then(|base| base.get(field));
            must(
                held || (ghl == growbots && ghl == base),
                "both sides and the base are equal",
                field,
            )?;
        }
        let half = applied(linked, &merge, linked.id.0 as u64);
        let rest = applied(&half, &merge_record(&half, &self.map), u64::MAX);
        must(
            rest.ends == after.ends,
            "whichever writes land first, the end is the same",
            &rest.ends,
        )?;
        writes.extend(group_writes(linked, merge.writes));
        Ok(())
    }

    /// What a person would say of one field.
    fn as_read_plainly(
        &self,
        linked: &Linked,
        field: &FieldName,
        merge: &RecordMerge<'_>,
    ) -> Wrong {
        let [ghl, growbots] = Side::BOTH.map(|side| live(linked, side).record.get(field));
        let base = linked.base.as_ref().and_then(|base| base.get(field));
        let policy = self.map.entry(linked.kind, field).map(|entry| entry.policy);
        let to = |side| {
            let of = |write: &&couplet::merge::SideWrite| {
                write.side == side && write.change.field == *field
            };
            merge
                .writes
                .iter()
                .find(of)
                .map(|write| write.change.to.as_ref())
        };
        let did = (to(Side::Ghl), to(Side::Growbots));
        let apart = merge.conflicts.iter().any(|one| one.field == *field);
        let told = (field, base, ghl, growbots, did, apart);
        let wanted = match (ghl == growbots, ghl == base, growbots == base) {
            (true, ..) => did == (None, None) && !apart,
            (_, true, _) if policy == Some(Policy::Restrictive) && growbots.is_none() => apart,
            (_, _, true) if policy == Some(Policy::Restrictive) && ghl.is_none() => apart,
            (_, true, _) => did == (Some(growbots), None) && !apart,
            (_, _, true) => did == (None, Some(ghl)) && !apart,
            _ if policy == Some(Policy::Manual) => did == (None, None) && apart,
            _ if field.ty() == FieldType::Set => {
                let wanted = united(base, ghl, growbots);
                !apart
                    && words(did.0.unwrap_or(ghl)) == wanted
                    && words(did.1.unwrap_or(growbots)) == wanted
            }
            // `newest` without times, and what only an operator may say.
            _ => did == (None, None) && apart,
        };
        must(wanted, "a field comes to what a person would say", &told)
    }

    /// One side has deleted it, or both have.
    fn deleted(&self, mut linked: Linked, rng: &mut Rng) -> Wrong {
        let gone = if rng.bool() {
            Side::Ghl
        } else {
            Side::Growbots
        };
        let children_changed = rng.u8(..4) == 0;
        let both = rng.u8(..8) == 0;
        let sides = if both {
            vec![gone, gone.other()]
        } else {
            vec![gone]
        };
        let same = linked.base.as_ref() == Some(&live(&linked, gone.other()).record);
        for side in sides {
            let end = live(&linked, side).clone();
            *linked.ends.get_mut(side) = End::Gone(end);
        }
        let step = delete_step(&linked, children_changed, &self.map);
        let wanted = match (both, same && !children_changed) {
            (true, _) => DeleteStep::Forget,
            (_, true) => DeleteStep::Delete(gone.other()),
            (_, false) => DeleteStep::Conflict { gone },
        };
        must(
            step == wanted,
            "a delete never goes over an edit",
            &(step, wanted),
        )
    }

    /// Only one side has it.
    fn alone(&self, mut linked: Linked, rng: &mut Rng) -> Wrong {
        let to = if rng.bool() {
            Side::Ghl
        } else {
            Side::Growbots
        };
        linked.base = None;
        *linked.ends.get_mut(to) = End::Missing;
        let made = create_fields(&linked, to, &self.map);
        let made = made
            .into_iter()
            .filter_map(|change| Some((change.field, change.to?)));
        let made = Record::from_fields(made);
        must(
            made == live(&linked, to.other()).record,
            "a record is made as it is",
            &made,
        )?;
        *linked.ends.get_mut(to) = End::Live(snapshot(to, linked.kind, made));
        let merge = merge_record(&linked, &self.map);
        must(
            merge.writes.is_empty() && merge.conflicts.is_empty(),
            "what was just made needs no write",
            &merge,
        )
    }
}

/// Whatever the order in which writes came, they are sent in one: parents first, deletes last.
fn ordered(seed: u64, mut writes: Vec<Write>) -> Wrong {
    let planned = plan(writes.clone(), BURST);
    Rng::with_seed(seed).shuffle(&mut writes);
    must(
        plan(writes, BURST) == planned,
        "the plan has one order",
        &seed,
    )?;
    let rank = |write: &Write| (write.op == Op::Delete, write.kind.is_child());
    must(
        planned.writes.is_sorted_by_key(rank),
        "parents come before their children",
        &planned.writes,
    )
}

fn words(value: Option<&Value>) -> BTreeSet<&str> {
    let words = value.map_or(&[][..], Value::words);
    words.iter().map(|word| &**word).collect()
}

/// What either side added, without what either took out.
fn united<'v>(
    base: Option<&'v Value>,
    ghl: Option<&'v Value>,
    growbots: Option<&'v Value>,
) -> BTreeSet<&'v str> {
    let (base, ghl, growbots) = (words(base), words(ghl), words(growbots));
    let all = base.iter().chain(&ghl).chain(&growbots);
    let stays = |word: &&&str| {
        !base.contains(**word) || (ghl.contains(**word) && growbots.contains(**word))
    };
    all.filter(stays).copied().collect()
}

fn snapshot(side: Side, kind: Kind, record: Record) -> Snapshot {
    Snapshot::new(side, kind, side.name(), record)
}

fn live(linked: &Linked, side: Side) -> &Snapshot {
    linked.ends.get(side).live().expect("a live end")
}

fn swapped(linked: &Linked) -> Linked {
    let turned = |side: Side| {
        End::Live(snapshot(
            side,
            linked.kind,
            live(linked, side.other()).record.clone(),
        ))
    };
    Linked {
        ends: BySide::from_fn(turned),
        ..linked.clone()
    }
}

fn mirrored(mirror: &RecordMerge<'_>, merge: &RecordMerge<'_>) -> bool {
    let cause = |cause: &Cause| match cause {
        Cause::Change { side } => Cause::Change { side: side.other() },
        same => same.clone(),
    };
    let find = |write: &couplet::merge::SideWrite| {
        mirror.writes.iter().any(|other| {
            other.side == write.side.other()
                && other.change == write.change
                && other.cause == cause(&write.cause)
        })
    };
    mirror.base == merge.base
        && mirror.held == merge.held
        && mirror.writes.len() == merge.writes.len()
        && merge.writes.iter().all(find)
}

/// The link after a pass that carried out those writes whose bit is set.
fn applied(linked: &Linked, merge: &RecordMerge<'_>, which: u64) -> Linked {
    let mut next = linked.clone();
    for (at, write) in merge.writes.iter().enumerate() {
        if which & (1 << (at % 64)) == 0 {
            continue;
        }
        if let End::Live(end) = next.ends.get_mut(write.side) {
            end.record
                .set(write.change.field.clone(), write.change.to.clone());
        }
    }
    next.base = Some(merge.base.clone().into_owned());
    next
}
