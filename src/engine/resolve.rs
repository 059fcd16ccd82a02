//! Operators' answers to conflicts: values become decided fields, answers about a whole record become verdicts.

use crate::model::{
    Answer, Cause, Conflict, ConflictId, ConflictState, Decided, Kind, LinkId, Reason, Side, Value,
};
use crate::store::Lookup;

use super::EngineError;
use super::actions::{Asked, Carried};
use super::pass::Pass;
use super::verdict::{Verdict, What};

impl Pass<'_> {
    pub(super) fn resolve(
        &self,
        asked: &Asked<'_>,
        id: ConflictId,
        revision: i64,
        answers: &[Answer],
        note: Option<&str>,
    ) -> Result<Carried, EngineError> {
        let Some(conflict) = self.core.reader.conflict(id)? else {
            return Ok(Err(format!("there is no conflict {id}")));
        };
        match conflict.state {
            ConflictState::Open | ConflictState::Decided => {}
            state => {
                let by = conflict
                    .decided_by
                    .map_or_else(String::new, |by| format!(" by {by}"));
                return Ok(Err(format!(
                    "conflict {id} is {} already{by}",
                    state.name()
                )));
            }
        }
        if conflict.revision != revision {
            return Ok(Err(format!(
                "conflict {id} moved while you decided: you saw revision {revision}, now it is {}",
                conflict.revision
            )));
        }
        if let Some(answer) = answers.iter().find(|answer| !answer.fits(conflict.reason)) {
            return Ok(Err(format!(
                "{answer:?} is no answer to a {} conflict",
                conflict.reason.name()
            )));
        }
        match conflict.reason {
            Reason::Field => self.resolve_fields(asked, &conflict, answers, note),
            Reason::Duplicate if matches!(answers.first(), Some(Answer::Field { .. })) => {
                self.resolve_fields(asked, &conflict, answers, note)
            }
            Reason::DeleteEdit => self.resolve_delete(asked, &conflict, answers),
            Reason::AmbiguousMatch | Reason::Duplicate => {
                self.resolve_match(asked, &conflict, answers)
            }
            Reason::MassChange => self.resolve_mass_change(asked, &conflict, answers),
        }
    }

    fn resolve_fields(
        &self,
        asked: &Asked<'_>,
        conflict: &Conflict,
        answers: &[Answer],
        note: Option<&str>,
    ) -> Result<Carried, EngineError> {
        let mut decided = Vec::new();
        let linked = self.core.store().linked(conflict.link)?;
        for answer in answers {
            let Answer::Field { field, value, take } = answer else {
                continue;
            };
            let Some(apart) = conflict.fields.iter().find(|apart| apart.field == *field) else {
                return Ok(Err(format!("`{field}` is not in conflict {}", conflict.id)));
            };
            let value = match Value::from_json(field.ty(), value) {
                Ok(value) => value,
                Err(bad) => return Ok(Err(bad.to_string())),
            };
            decided.push(Decided {
                field: field.clone(),
                value: self.canonical(conflict.kind, field, value),
                seen: crate::model::BySide {
                    ghl: apart.ghl.clone(),
                    growbots: apart.growbots.clone(),
                },
                // What a side refused is not apart: the operator gives another value.
                cause: match conflict.reason {
                    Reason::Field => Cause::Decision {
                        conflict: conflict.id,
                        operator: asked.operator.to_owned(),
                        policy: match &linked {
                            Some(linked) => self.policy_of(asked.operator, linked, apart, take)?,
                            None => None,
                        },
                    },
                    _ => Cause::Edit {
                        action: asked.id,
                        operator: asked.operator.to_owned(),
                    },
                },
            });
        }
        self.core.store().decide(
            self.fence,
            conflict.link,
            Some(conflict.id),
            asked.operator,
            note,
            &decided,
        )?;
        Ok(Ok(()))
    }

    /// A value that an operator gave, by the rules that every value follows.
    pub(super) fn canonical(
        &self,
        kind: Kind,
        field: &crate::model::FieldName,
        value: Option<Value>,
    ) -> Option<Value> {
        let country = self
            .core
            .note::<crate::remote::Setup>("setup.ghl")
            .ok()
            .flatten();
        let country = country.map_or_else(String::new, |setup| setup.country);
        value.and_then(|value| crate::merge::normalise::value(kind, field, &country, value))
    }

    fn resolve_delete(
        &self,
        asked: &Asked<'_>,
        conflict: &Conflict,
        answers: &[Answer],
    ) -> Result<Carried, EngineError> {
        let (Some(Answer::Side { side }), Some(gone)) = (answers.first(), conflict.gone) else {
            return Ok(Err("say which side's version stands".into()));
        };
        let what = if *side == gone {
            What::Delete
        } else {
            What::Recreate
        };
        self.put_verdict(conflict, asked, conflict.link, what)?;
        if what == What::Recreate {
            self.core
                .store()
                .drop_end(self.fence, conflict.link, gone)?;
        }
        let said = if what == What::Delete {
            "delete it"
        } else {
            "keep it"
        };
        self.close(conflict, asked, said)
    }

    fn resolve_match(
        &self,
        asked: &Asked<'_>,
        conflict: &Conflict,
        answers: &[Answer],
    ) -> Result<Carried, EngineError> {
        match answers.first() {
            Some(Answer::Match { ghl, growbots }) => {
                let find = |side, id| -> Result<Option<crate::store::Match>, EngineError> {
                    let found = self
                        .core
                        .store()
                        .lookup(side, conflict.kind, Lookup::Id(id))?;
                    Ok(found.into_iter().next())
                };
                let (Some(ghl), Some(growbots)) =
                    (find(Side::Ghl, ghl)?, find(Side::Growbots, growbots)?)
                else {
                    return Ok(Err("one of the two records is not in the cache".into()));
                };
                if ghl.linked || growbots.linked {
                    let which = if ghl.linked { &ghl } else { &growbots };
                    return Ok(Err(format!(
                        "{} is linked with another record already",
                        which.id
                    )));
                }
                if self
                    .core
                    .store()
                    .parted(conflict.kind, &ghl.id, &growbots.id)?
                    .is_some()
                {
                    return Ok(Err(format!(
                        "these two were split; `couplet links match {} {}` lifts that",
                        ghl.id, growbots.id
                    )));
                }
                let why = format!("{} decided, conflict {}", asked.operator, conflict.id);
                let closed = self.close(conflict, asked, "these two are the same")?;
                self.core
                    .store()
                    .join(self.fence, self.id, ghl.link, growbots.link, &why)?;
                Ok(closed)
            }
            // The value stays refused, and the operator knows.
            Some(Answer::Separate) if !conflict.holds_record() => {
                self.close(conflict, asked, "leave it as it is")
            }
            Some(Answer::Separate) => {
                let what = if conflict.reason == Reason::Duplicate {
                    What::Alone
                } else {
                    What::Separate
                };
                self.put_verdict(conflict, asked, conflict.link, what)?;
                self.close(conflict, asked, "different records")
            }
            _ => Ok(Err("say which two are the same, or that none is".into())),
        }
    }

    pub(super) fn put_verdict(
        &self,
        conflict: &Conflict,
        asked: &Asked<'_>,
        link: LinkId,
        what: What,
    ) -> Result<(), EngineError> {
        let verdict = Verdict {
            what,
            conflict: conflict.id,
            operator: asked.operator.to_owned(),
        };
        Ok(self.core.put_note(&Verdict::name(link), &verdict)?)
    }

    pub(super) fn close(
        &self,
        conflict: &Conflict,
        asked: &Asked<'_>,
        said: &str,
    ) -> Result<Carried, EngineError> {
        let why = format!("{} decided: {said}", asked.operator);
        self.core.store().close_conflict(
            self.fence,
            self.id,
            conflict.id,
            ConflictState::Resolved,
            &why,
        )?;
        Ok(Ok(()))
    }
}
