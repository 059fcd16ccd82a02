//! What operators asked for, carried out by the lease holder: each action ends as done or refused, with the reason.

use crate::model::{
    Action, ActionId, ActionOutcome, Cause, Decided, ErrorState, FieldChange, Kind, LinkId, Op,
    Paused, Side, Write,
};

use super::EngineError;
use super::pass::Pass;
use super::reconcile::values;

/// Who asked, in which action.
pub(super) struct Asked<'a> {
    pub id: ActionId,
    pub operator: &'a str,
}

/// Done, or refused with words for the operator.
pub(super) type Carried = Result<(), String>;

impl Pass<'_> {
    /// Carries out what waits, oldest first.
    pub(super) fn carry_out_actions(&self) -> Result<(), EngineError> {
        if self.dry {
            return Ok(());
        }
        self.carry_out_pending()
    }

    /// The same in a preview too.
    pub(super) fn carry_out_pending(&self) -> Result<(), EngineError> {
        let pending = self.core.store().pending_actions()?;
        for (id, operator, action) in pending {
            let asked = Asked {
                id,
                operator: &operator,
            };
            let outcome = match self.carry_out(&asked, &action)? {
                Ok(()) => ActionOutcome::Done,
                Err(why) => ActionOutcome::Refused { why },
            };
            self.core.store().finish_action(self.fence, id, &outcome)?;
        }
        Ok(())
    }

    fn carry_out(&self, asked: &Asked<'_>, action: &Action) -> Result<Carried, EngineError> {
        match action {
            Action::Resolve {
                conflict,
                revision,
                answers,
                note,
            } => self.resolve(asked, *conflict, *revision, answers, note.as_deref()),
            Action::Defer {
                conflict,
                until,
                note,
            } => {
                self.core
                    .store()
                    .defer(self.fence, *conflict, *until, note.as_deref())?;
                Ok(Ok(()))
            }
            Action::Edit { link, changes } => self.edit(asked, *link, changes),
            Action::Add {
                kind,
                parent,
                fields,
            } => self.add(asked, *kind, *parent, fields),
            Action::Ignore { link, ignored } => {
                self.core.store().set_ignored(self.fence, *link, *ignored)?;
                Ok(Ok(()))
            }
            Action::Forget { link } => self.forget(asked, *link),
            Action::Split { link } => self.split(asked, *link),
            Action::Match { ghl, growbots } => self.match_two(asked, ghl, growbots),
            Action::Remember { conflict, policy } => self.remember(asked, *conflict, policy),
            Action::ForgetPolicy { policy } => self.forget_policy(*policy),
            Action::Undo { of } => self.undo(asked, *of),
            // The pass that carries this out is what was asked for; see `run`.
            Action::Sync { .. } => Ok(match self.core.status().paused {
                Some(paused) if paused.side.is_none() => Err(format!(
                    "{} has paused the sync; resume it first",
                    paused.by
                )),
                _ => {
                    self.asked_for.set(true);
                    Ok(())
                }
            }),
            Action::Pause {
                side,
                lane,
                until,
                note,
            } => self.core.pause(Paused {
                by: asked.operator.to_owned(),
                at: self.core.now(),
                until: *until,
                note: note.clone(),
                side: *side,
                lane: *lane,
            }),
            Action::Resume { side, lane } => {
                self.core.resume(*side, *lane)?;
                Ok(Ok(()))
            }
            // Open again: what was parked is tried, and its success closes the error.
            Action::Retry { error } => {
                self.lift_quarantine(*error)?;
                self.set_error(asked, *error, ErrorState::Open, None)
            }
            Action::Skip { error, note } => {
                self.set_error(asked, *error, ErrorState::Skipped, note.as_deref())
            }
            Action::Mute { error, note } => {
                self.set_error(asked, *error, ErrorState::Muted, note.as_deref())
            }
        }
    }

    fn set_error(
        &self,
        asked: &Asked<'_>,
        error: crate::model::ErrorId,
        state: ErrorState,
        note: Option<&str>,
    ) -> Result<Carried, EngineError> {
        self.core
            .store()
            .set_error_state(self.fence, error, state, asked.operator, note)?;
        Ok(Ok(()))
    }

    fn edit(
        &self,
        asked: &Asked<'_>,
        link: LinkId,
        changes: &[FieldChange],
    ) -> Result<Carried, EngineError> {
        let Some(linked) = self.core.store().linked(link)? else {
            return Ok(Err(format!("there is no record {link}")));
        };
        let linked = self.seen(&linked)?.linked;
        let mut decided = Vec::new();
        for change in changes {
            if !self.core.map().carries(linked.kind, &change.field) {
                return Ok(Err(format!(
                    "`{}` is not a field that is kept in step",
                    change.field
                )));
            }
            let now = values(&linked, &change.field);
            if now.ghl != change.from && now.growbots != change.from {
                let have = now
                    .ghl
                    .or(now.growbots)
                    .map_or_else(|| "(empty)".into(), |it| it.to_string());
                return Ok(Err(format!(
                    "`{}` moved while you edited: it is `{have}` now",
                    change.field
                )));
            }
            decided.push(Decided {
                field: change.field.clone(),
                value: self.canonical(linked.kind, &change.field, change.to.clone()),
                seen: now,
                cause: Cause::Edit {
                    action: asked.id,
                    operator: asked.operator.to_owned(),
                },
            });
        }
        self.core
            .store()
            .decide(self.fence, link, None, asked.operator, None, &decided)?;
        Ok(Ok(()))
    }

    /// A new record goes to GHL first; from there it takes the way of every record of GHL.
    fn add(
        &self,
        asked: &Asked<'_>,
        kind: Kind,
        parent: Option<LinkId>,
        fields: &[FieldChange],
    ) -> Result<Carried, EngineError> {
        if kind.is_child() != parent.is_some() {
            return Ok(Err(format!(
                "a {kind} {} a contact",
                if kind.is_child() { "needs" } else { "has no" }
            )));
        }
        if let Some(parent) = parent
            && self.core.store().linked(parent)?.is_none()
        {
            return Ok(Err(format!("there is no contact {parent} any more")));
        }
        let map = self.core.map();
        let mut own = Vec::new();
        for change in fields {
            let canonical = FieldChange {
                field: change.field.clone(),
                from: None,
                to: self.canonical(kind, &change.field, change.to.clone()),
            };
            match map.own_change(kind, Side::Ghl, None, &canonical) {
                Ok(change) => own.push(change),
                Err(stuck) => return Ok(Err(format!("`{}`: {}", stuck.field, stuck.why))),
            }
        }
        let write = Write {
            link: LinkId(0),
            side: Side::Ghl,
            kind,
            id: None,
            op: Op::Create,
            fields: own,
            cause: Cause::Edit {
                action: asked.id,
                operator: asked.operator.to_owned(),
            },
        };
        self.core
            .store()
            .make(self.fence, self.id, asked.id, &[(parent, write)])?;
        Ok(Ok(()))
    }
}
