//! Writes that did not go through: what becomes of their intents, and which fields wait.

use crate::model::{Cause, FieldName, Intent, Kind, Lane, Linked, Op, Parked};
use crate::remote::{Class, Found, RemoteError};

use super::EngineError;
use super::pass::Pass;
use super::reconcile::values;

impl Pass<'_> {
    /// What becomes of an intent that failed.
    pub(super) async fn failed(
        &self,
        intent: &Intent,
        linked: &Linked,
        error: RemoteError,
    ) -> Result<(), EngineError> {
        let side = intent.write.side;
        let operation = operation_of(intent);
        match &error {
            RemoteError::Duplicate { .. } | RemoteError::Refused { .. } => {
                return self.turned_down(intent, linked, &error).await;
            }
            RemoteError::Forbidden { .. } => return self.bar_writes(intent, &error),
            RemoteError::Unauthorised { .. }
            | RemoteError::SignIn { .. }
            | RemoteError::Stopped { .. } => {
                self.core.store().mark_planned(self.fence, intent.id)?;
                return Err(error.into());
            }
            _ => {}
        }
        match error.class() {
            Class::Unknown { settled } => {
                self.core.store().mark_unknown(self.fence, intent.id)?;
                self.core.raise(&error, &operation, Some(linked.id))?;
                self.summary.borrow_mut().errors += 1;
                if settled && let Err(EngineError::Store(error)) = self.settle(intent, true).await {
                    return Err(error.into());
                }
                Ok(())
            }
            Class::Throttled { .. } => {
                *self.shut.borrow_mut().get_mut(side) = true;
                Ok(self.core.store().mark_planned(self.fence, intent.id)?)
            }
            Class::Transient | Class::Permanent => {
                self.core.store().mark_planned(self.fence, intent.id)?;
                self.core.raise(&error, &operation, Some(linked.id))?;
                self.summary.borrow_mut().errors += 1;
                if matches!(error, RemoteError::Unreachable { .. }) {
                    *self.shut.borrow_mut().get_mut(side) = true;
                }
                Ok(())
            }
        }
    }

    /// A side does not take what an intent writes.
    pub(super) async fn turned_down(
        &self,
        intent: &Intent,
        linked: &Linked,
        error: &RemoteError,
    ) -> Result<(), EngineError> {
        let (side, write) = (intent.write.side, &intent.write);
        match error {
            RemoteError::Duplicate { holder, .. }
                if write.op == Op::Create && write.kind == Kind::Contact =>
            {
                self.core.store().supersede(self.fence, intent.id)?;
                self.read_one(side, Kind::Contact, None, holder, Lane::Incremental)
                    .await?;
                self.refused_as_duplicate(write.link, side, holder)
            }
            // What a rule made of the same event before is what this would make.
            RemoteError::Duplicate { holder, .. }
                if write.op == Op::Create && matches!(write.cause, Cause::Automation { .. }) =>
            {
                let lane = self.lane_of(intent);
                let found = self.core.side(side).get(lane, write.kind, None, holder);
                match found.await? {
                    Found::Live(snapshot) => self.confirmed(intent, Some(&snapshot), 2),
                    Found::Gone(_) | Found::Missing => {
                        Ok(self.core.store().supersede(self.fence, intent.id)?)
                    }
                }
            }
            // Another one bears this id: the pair holds without it, and the error says so until it is tried again.
            RemoteError::Duplicate { field, .. } if write.op == Op::Stamp => {
                self.park(intent, linked, error, std::slice::from_ref(field))
            }
            RemoteError::Duplicate { field, holder, .. } => {
                self.park(intent, linked, error, std::slice::from_ref(field))?;
                self.read_one(side, Kind::Contact, None, holder, Lane::Incremental)
                    .await?;
                self.open_taken(linked, side, field, holder)
            }
            RemoteError::Refused { fields, .. } => self.park(intent, linked, error, fields),
            _ => Ok(()),
        }
    }

    /// A side refused values: the fields that it names (all of the write where it names none) wait until either
    /// side changes them.
    fn park(
        &self,
        intent: &Intent,
        linked: &Linked,
        error: &RemoteError,
        fields: &[FieldName],
    ) -> Result<(), EngineError> {
        let operation = operation_of(intent);
        let named = intent
            .write
            .fields
            .iter()
            .filter(|change| fields.contains(&change.field));
        let mut concerned: Vec<&FieldName> = named.map(|change| &change.field).collect();
        if concerned.is_empty() {
            concerned = intent
                .write
                .fields
                .iter()
                .map(|change| &change.field)
                .collect();
        }
        // A stamp writes no field.
        if concerned.is_empty() {
            concerned = fields.iter().collect();
        }
        let why = error.to_string();
        let map = self.core.map();
        let seen = self.seen(linked)?;
        let (linked, side) = (&*seen.linked, intent.write.side);
        let parked: Vec<Parked> = concerned
            .into_iter()
            .map(|own| map.canonical_name(linked.kind, side, own))
            .map(|field| Parked {
                field: field.clone(),
                side: intent.write.side,
                seen: values(linked, field),
                why: why.clone(),
            })
            .collect();
        let failure = super::core::failure(error, &operation, Some(linked.id));
        self.summary.borrow_mut().errors += 1;
        Ok(self.core.store().refuse(
            self.fence,
            self.id,
            intent.id,
            &failure,
            &parked,
            &crate::remote::heard(),
        )?)
    }
}

/// What an intent does, in words.
fn operation_of(intent: &Intent) -> String {
    format!("{} {}", intent.write.op.name(), intent.write.kind)
}
