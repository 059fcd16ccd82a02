//! What an undo comes to: which earlier values go back, which records go or come again, and what stays because it
//! moved since. Pure, so that the preview and the engine say the same.
//!
//! An undo is a decision: the earlier value goes to both sides, for the operation wrote one of them and took from the
//! other. The undo of a create takes the copy away and leaves what it was copied from alone; that of a delete makes
//! the record again.

use std::collections::BTreeMap;

use crate::model::{
    BySide, Cause, Decided, FieldChange, FieldName, Kind, LinkId, Linked, LogId, Op, RecordId,
    Side, Value, Write, WrittenLine,
};

use super::FieldMap;

/// What is known of a link that an undo is about, under canonical names.
#[derive(Clone, Debug)]
pub struct Known {
    /// The link.
    pub linked: Linked,
    /// Its tasks, notes and appointments.
    pub children: Vec<Linked>,
}

impl Known {
    /// Brings the link and what belongs to it under canonical names.
    #[must_use]
    pub fn canonical(mut self, map: &FieldMap) -> Self {
        for linked in std::iter::once(&mut self.linked).chain(&mut self.children) {
            if map.concerns(linked) {
                map.make_canonical(linked);
            }
        }
        self
    }
}

/// What an undo does, what that writes, and what it leaves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UndoPlan {
    /// What is to be done.
    pub steps: Vec<UndoStep>,
    /// The writes that come of it, as far as they are known now; for a record that is made again its link is 0.
    pub writes: Vec<Write>,
    /// What stays as it is.
    pub refused: Vec<NotUndone>,
}

/// One thing that an undo does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UndoStep {
    /// A value goes back to both sides.
    Give {
        /// Of which link.
        link: LinkId,
        /// The value, and what both sides have now.
        decided: Decided,
    },
    /// A record that was made goes.
    Unmake {
        /// Of which link.
        link: LinkId,
        /// Where it goes.
        side: Side,
        /// It is a copy: what the other side has stays, alone. Else the other side's goes with it.
        is_copy: bool,
    },
    /// A record whose copy was taken away gets one again.
    Rejoin {
        /// Of which link.
        link: LinkId,
    },
    /// A record that was deleted is made again; its pair follows from that.
    Remake {
        /// The contact that it belongs to.
        parent: Option<LinkId>,
        /// The create; with an id it is brought back under it where the side can.
        write: Write,
    },
}

/// What an undo leaves as it is, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotUndone {
    /// The line of the log.
    pub log: LogId,
    /// The link.
    pub link: LinkId,
    /// Whose record, by name when it was written.
    pub title: String,
    /// Why, in words for the operator.
    pub why: String,
}

/// What the undo of these writes (oldest first) comes to. `known` has each link that still is there and that the
/// lines name, or that is the contact of a deleted record of theirs.
pub fn undo(
    lines: &[WrittenLine],
    known: &BTreeMap<LinkId, Known>,
    map: &FieldMap,
    cause: &Cause,
) -> UndoPlan {
    let mut undoing = Undoing {
        known,
        map,
        cause,
        plan: UndoPlan::default(),
    };
    let op = |line: &WrittenLine, op: Op| line.entry.op == op.name();
    // What a record's create or delete takes back needs no values given back before.
    let is_whole = |link: LinkId| {
        let mut of_link = lines.iter().filter(|line| line.entry.link == link);
        of_link.any(|line| op(line, Op::Create) || op(line, Op::Delete))
    };
    let mut fields: BTreeMap<(LinkId, FieldName), Was> = BTreeMap::new();
    let mut made: BTreeMap<LinkId, &WrittenLine> = BTreeMap::new();
    for line in lines {
        let link = line.entry.link;
        if op(line, Op::Delete) {
            made.remove(&link);
            undoing.remake(line);
        } else if op(line, Op::Create) {
            // The first one made is what the others are copies of.
            made.entry(link).or_insert(line);
        } else if op(line, Op::Update) && !is_whole(link) {
            undoing.note(&mut fields, line);
        }
    }
    for line in made.into_values() {
        undoing.unmake(line);
    }
    for ((link, field), was) in fields {
        undoing.give_back(link, &field, &was);
    }
    undoing.plan
}

/// What the writes that are undone made of a field; `None` on a side that was not written.
#[derive(Default)]
struct Was {
    written: BySide<Option<Written>>,
    log: LogId,
    title: String,
}

/// A field of one side before the first write that is undone, and after the last.
struct Written {
    log: LogId,
    before: Option<Value>,
    after: Option<Value>,
}

struct Undoing<'a> {
    known: &'a BTreeMap<LinkId, Known>,
    map: &'a FieldMap,
    cause: &'a Cause,
    plan: UndoPlan,
}

/// A value as a message shows it.
fn quoted(value: Option<&Value>) -> String {
    value.map_or_else(|| "empty".into(), |value| format!("`{value}`"))
}

/// A change of the log under canonical names; the error says why its values cannot be read.
pub fn canonical_change(
    map: &FieldMap,
    kind: Kind,
    side: Side,
    own: &FieldChange,
) -> Result<FieldChange, String> {
    let field = map.canonical_name(kind, side, &own.field);
    match map.entry(kind, field) {
        Some(entry) if side == Side::Ghl && entry.is_translated() => Ok(FieldChange {
            field: field.clone(),
            from: map.read_ghl(entry, own.from.as_ref())?,
            to: map.read_ghl(entry, own.to.as_ref())?,
        }),
        _ => Ok(FieldChange {
            field: field.clone(),
            ..own.clone()
        }),
    }
}

impl Undoing<'_> {
    fn refuse(&mut self, line: &WrittenLine, why: impl Into<String>) {
        self.plan.refused.push(NotUndone {
            log: line.entry.id,
            link: line.entry.link,
            title: line.entry.title.clone(),
            why: why.into(),
        });
    }

    /// The link of a line, where it can be written.
    fn known(&self, link: LinkId) -> Result<&Known, &'static str> {
        match self.known.get(&link) {
            None => Err("the record is not there any more"),
            Some(known) if known.linked.ignored => {
                Err("the record is ignored; take it up again first")
            }
            Some(known) => Ok(known),
        }
    }

    fn note(&mut self, fields: &mut BTreeMap<(LinkId, FieldName), Was>, line: &WrittenLine) {
        let entry = &line.entry;
        let Some(side) = entry.side else { return };
        for own in &entry.fields {
            match canonical_change(self.map, entry.kind, side, own) {
                Ok(change) => {
                    let was = fields.entry((entry.link, change.field)).or_default();
                    match was.written.get_mut(side) {
                        Some(written) => written.after = change.to,
                        none => {
                            *none = Some(Written {
                                log: entry.id,
                                before: change.from,
                                after: change.to,
                            });
                        }
                    }
                    was.log = entry.id;
                    was.title.clone_from(&entry.title);
                }
                Err(why) => self.refuse(line, format!("`{}` cannot be read: {why}", own.field)),
            }
        }
    }

    fn give_back(&mut self, link: LinkId, field: &FieldName, was: &Was) {
        match self.given_back(link, field, was) {
            Ok((decided, writes)) => {
                self.plan.steps.push(UndoStep::Give { link, decided });
                self.plan.writes.extend(writes);
            }
            Err(why) => self.plan.refused.push(NotUndone {
                log: was.log,
                link,
                title: was.title.clone(),
                why,
            }),
        }
    }

    fn given_back(
        &self,
        link: LinkId,
        field: &FieldName,
        was: &Was,
    ) -> Result<(Decided, Vec<Write>), String> {
        let linked = &self.known(link)?.linked;
        let entry = self.map.entry(linked.kind, field);
        let Some(entry) = entry.filter(|_| self.map.carries(linked.kind, field)) else {
            return Err(format!("`{field}` is not kept in step any more"));
        };
        if *field == FieldName::Business {
            return Err("`business` is changed in GHL or Growbots".into());
        }
        let value = match (&was.written.ghl, &was.written.growbots) {
            (Some(ghl), Some(growbots)) if ghl.before != growbots.before => {
                return Err(format!(
                    "before it `{field}` was {} in GHL and {} in Growbots: undo {} or {} alone",
                    quoted(ghl.before.as_ref()),
                    quoted(growbots.before.as_ref()),
                    ghl.log,
                    growbots.log
                ));
            }
            (Some(written), _) | (_, Some(written)) => written.before.clone(),
            (None, None) => return Err(format!("`{field}` was not written")),
        };
        let mut seen = BySide::default();
        let mut writes = Vec::new();
        for side in Side::BOTH {
            let Some(end) = linked.ends.get(side).live() else {
                continue;
            };
            let now = end.record.get(field);
            let written = was.written.get(side).as_ref();
            let written = written.or(was.written.get(side.other()).as_ref());
            if written.is_some_and(|written| written.after.as_ref() != now) {
                return Err(format!(
                    "`{field}` moved since: it is {} in {side} now",
                    quoted(now)
                ));
            }
            *seen.get_mut(side) = now.cloned();
            if now != value.as_ref() && entry.updates(side) {
                writes.push(Write {
                    link,
                    side,
                    kind: linked.kind,
                    id: Some(end.id.clone()),
                    op: Op::Update,
                    fields: vec![FieldChange {
                        field: field.clone(),
                        from: now.cloned(),
                        to: value.clone(),
                    }],
                    cause: self.cause.clone(),
                });
            }
        }
        if writes.is_empty() {
            return Err(format!("`{field}` has its earlier value already"));
        }
        let decided = Decided {
            field: field.clone(),
            value,
            seen,
            cause: self.cause.clone(),
        };
        Ok((decided, writes))
    }

    fn unmake(&mut self, line: &WrittenLine) {
        match self.unmade(line) {
            Ok((step, writes)) => {
                self.plan.steps.push(step);
                self.plan.writes.extend(writes);
            }
            Err(why) => self.refuse(line, why),
        }
    }

    fn unmade(&self, line: &WrittenLine) -> Result<(UndoStep, Vec<Write>), String> {
        let entry = &line.entry;
        let known = self.known(entry.link)?;
        let (Some(side), Some(cause)) = (entry.side, &line.cause) else {
            return Err(
                "an earlier couplet made it and kept no cause; delete it where it is".into(),
            );
        };
        if known.linked.ends.get(side).live().is_none() {
            return Err(format!("{side} does not have it any more"));
        }
        // What an operator or a rule made in couplet has no original on the other side.
        let is_copy = !matches!(cause, Cause::Edit { .. } | Cause::Automation { .. });
        if let Some(why) = self.only_there(known, side) {
            return Err(why);
        }
        let delete = |side: Side| {
            let end = known.linked.ends.get(side).live()?;
            Some(Write {
                link: entry.link,
                side,
                kind: entry.kind,
                id: Some(end.id.clone()),
                op: Op::Delete,
                fields: Vec::new(),
                cause: self.cause.clone(),
            })
        };
        let sides = [Some(side), (!is_copy).then_some(side.other())];
        let writes = sides.into_iter().flatten().filter_map(delete).collect();
        let step = UndoStep::Unmake {
            link: entry.link,
            side,
            is_copy,
        };
        Ok((step, writes))
    }

    /// What would go with the record of `side` and exists only there.
    fn only_there(&self, known: &Known, side: Side) -> Option<String> {
        if let Some(field) = self.moved(&known.linked, side) {
            return Some(format!(
                "`{field}` in {side} is not what was agreed: it would go with it"
            ));
        }
        for child in &known.children {
            if let Some(end) = child.ends.get(side).live()
                && (child.base.is_none() || self.moved(child, side).is_some())
            {
                return Some(format!(
                    "its {} `{}` exists only in {side} as it is: it would go with it",
                    child.kind,
                    end.record.title(child.kind)
                ));
            }
        }
        None
    }

    /// A field of a side that differs from the base.
    fn moved(&self, linked: &Linked, side: Side) -> Option<FieldName> {
        let (end, base) = (linked.ends.get(side).live()?, linked.base.as_ref()?);
        let mut synced = self
            .map
            .fields(linked.kind)
            .filter(|entry| Side::BOTH.into_iter().any(|side| entry.updates(side)));
        let moved = synced.find(|entry| base.get(&entry.field) != end.record.get(&entry.field))?;
        Some(moved.field.clone())
    }

    fn remake(&mut self, line: &WrittenLine) {
        match self.remade(line) {
            Ok((step, writes)) => {
                self.plan.steps.push(step);
                self.plan.writes.extend(writes);
            }
            Err(why) => self.refuse(line, why),
        }
    }

    fn remade(&self, line: &WrittenLine) -> Result<(UndoStep, Vec<Write>), String> {
        let entry = &line.entry;
        let (Some(side), Some(lost)) = (entry.side, &line.lost) else {
            return Err("an earlier couplet deleted it and kept nothing of it".into());
        };
        if let Some(known) = self.known.get(&entry.link) {
            let ends = &known.linked.ends;
            let is_alone =
                ends.get(side).live().is_none() && ends.get(side.other()).live().is_some();
            if !is_alone {
                return Err("its delete is not over, or it is there again".into());
            }
            let create = self.create(line, side, None)?;
            return Ok((UndoStep::Rejoin { link: entry.link }, vec![create]));
        }
        if matches!(entry.kind, Kind::Appointment | Kind::Business) {
            return Err(format!("a {} is made in GHL", entry.kind));
        }
        if entry.kind.is_child() {
            let parent = lost.parent.and_then(|parent| self.known.get(&parent));
            if parent.is_none_or(|parent| parent.linked.ends.ghl.live().is_none()) {
                return Err("its contact is gone too: undo that first".into());
            }
        }
        // Growbots brings records back under their ids; what does not flow from there is made in GHL.
        let back = lost.ids.growbots.clone();
        let (first, id) = match back {
            Some(id) if self.map.creates(entry.kind, Side::Ghl) => (Side::Growbots, Some(id)),
            _ => (Side::Ghl, None),
        };
        let write = self.create(line, first, id)?;
        let pair = self.create(line, first.other(), None)?;
        let step = UndoStep::Remake {
            parent: lost.parent,
            write: write.clone(),
        };
        Ok((step, vec![write, pair]))
    }

    /// The create of a deleted record on `to`, from the fields that the line kept.
    fn create(&self, line: &WrittenLine, to: Side, id: Option<RecordId>) -> Result<Write, String> {
        let entry = &line.entry;
        let from = entry.side.unwrap_or(to);
        let mut fields = Vec::new();
        for own in &entry.fields {
            let gone = canonical_change(self.map, entry.kind, from, own)?;
            if gone.field == FieldName::Business
                || self.map.entry(entry.kind, &gone.field).is_none()
            {
                continue;
            }
            let again = FieldChange {
                field: gone.field,
                from: None,
                to: gone.from,
            };
            let own = self.map.own_change(entry.kind, to, None, &again);
            fields.push(own.map_err(|stuck| format!("`{}`: {}", stuck.field, stuck.why))?);
        }
        Ok(Write {
            link: LinkId(0),
            side: to,
            kind: entry.kind,
            id,
            op: Op::Create,
            fields,
            cause: self.cause.clone(),
        })
    }
}

#[cfg(test)]
mod tests;
