//! Operators of couplet: what they decide, edit and add, and what is known of it to the oracle.

use couplet::model::{
    Action, Answer, Conflict, ContactRow, Direction, FieldChange, FieldName, Kind, Reason,
    RecordId, Side, Take, Value,
};
use couplet::store::ContactQuery;
use serde_json::Value as Json;

use super::schedule::Schedule;
use super::users::Users;

/// What an operator decided: by then so many events had happened.
#[derive(Debug)]
pub struct Decision {
    /// Both ids of the record, as far as it had them.
    pub ids: Vec<String>,
    /// The field; `None` for the record as a whole.
    pub field: Option<FieldName>,
}

impl Schedule {
    /// Operators decide, edit and add, from other processes.
    pub fn operate(&mut self) {
        let actions = self.actions();
        if actions.is_empty() {
            return;
        }
        let mut writer = self.rig.writer.borrow_mut();
        for action in actions {
            writer.submit("dana", &action).unwrap();
        }
    }

    pub fn actions(&mut self) -> Vec<Action> {
        let reader = &self.rig.reader;
        let mut actions = Vec::new();
        for conflict in reader.conflicts(100).unwrap() {
            if self.rng.u8(..5) > 1 {
                continue;
            }
            let detail = reader.detail(conflict.link).unwrap();
            let ids = detail.map_or_else(Vec::new, |detail| {
                let ends = detail.linked.ends;
                let ids =
                    Side::BOTH.map(|side| text_of(ends.get(side).last_seen().map(|end| &end.id)));
                ids.into_iter().flatten().collect()
            });
            let (action, decided) = self.rig.users.lock().unwrap().answer(&conflict, ids);
            self.decisions.extend(decided);
            actions.push(action);
        }
        if self.rng.u8(..4) == 0 {
            let rows = reader
                .contacts(&ContactQuery::default(), None, Direction::Forward, 500)
                .unwrap();
            if !rows.is_empty() {
                let row = &rows[self.rng.usize(..rows.len())];
                let linked = reader.detail(row.id).unwrap().expect("a row").linked;
                let city = linked.ends.ghl.live().or(linked.ends.growbots.live());
                let city = city.and_then(|end| end.record.get(&FieldName::City).cloned());
                let mut users = self.rig.users.lock().unwrap();
                if self.rng.bool() {
                    actions.push(users.edit_in_couplet(row, city));
                    let ids = Side::BOTH.map(|side| text_of(row.ids.get(side).as_ref()));
                    self.decisions.push(Decision {
                        ids: ids.into_iter().flatten().collect(),
                        field: Some(FieldName::City),
                    });
                } else if linked.ends.ghl.live().is_some() {
                    actions.push(users.add_in_couplet(row));
                }
            }
        }
        for error in reader.errors(100).unwrap() {
            if self.rng.u8(..4) == 0 {
                actions.push(Action::Retry { error: error.id });
            }
        }
        self.say(|| format!("actions {actions:?}"));
        actions
    }

    /// What a brake holds waits for an operator, and would wait for ever.
    pub fn let_brakes_go(&mut self) {
        let held = self.rig.reader.conflicts(1_000).unwrap();
        for conflict in held.iter().filter(|one| one.reason == Reason::MassChange) {
            let (action, decided) = let_go(conflict);
            self.decisions.extend(decided);
            let mut writer = self.rig.writer.borrow_mut();
            writer.submit("dana", &action).unwrap();
        }
    }
}

impl Users {
    /// An operator's answer to a conflict, with what it decides.
    pub fn answer(&mut self, conflict: &Conflict, ids: Vec<String>) -> (Action, Vec<Decision>) {
        let whole = |ids| vec![Decision { ids, field: None }];
        let (answers, decisions) = match conflict.reason {
            Reason::Field => conflict
                .fields
                .iter()
                .skip(usize::from(
                    conflict.fields.len() > 1 && self.rng.u8(..4) == 0,
                ))
                .map(|apart| {
                    let (take, words) = match self.rng.u8(..5) {
                        0..2 => (Take::Side(Side::Ghl), "ghl"),
                        2..4 => (Take::Side(Side::Growbots), "growbots"),
                        _ => (Take::Base, "base"),
                    };
                    let value = apart.value_of(&take).unwrap();
                    let answer = Answer::Field {
                        field: apart.field.clone(),
                        take: words.into(),
                        value: value.map_or(Json::Null, |value| value.to_json()),
                    };
                    let field = Some(apart.field.clone());
                    let ids = ids.clone();
                    (answer, Decision { ids, field })
                })
                .unzip(),
            Reason::DeleteEdit => {
                let side = if self.rng.bool() {
                    Side::Ghl
                } else {
                    Side::Growbots
                };
                (vec![Answer::Side { side }], whole(ids))
            }
            Reason::Duplicate if !conflict.holds_record() => {
                let answers = conflict.fields.iter().map(|taken| {
                    let value = Value::text(self.word("other") + "@sim.example.com");
                    let field = taken.field.clone();
                    let answer = Answer::Field {
                        field: field.clone(),
                        take: "value".into(),
                        value: value.map_or(Json::Null, |value| value.to_json()),
                    };
                    let ids = ids.clone();
                    (
                        answer,
                        Decision {
                            ids,
                            field: Some(field),
                        },
                    )
                });
                let answers: Vec<_> = answers.collect();
                answers.into_iter().unzip()
            }
            Reason::AmbiguousMatch | Reason::Duplicate => {
                let pick = |side: Side| {
                    let of_side = conflict.candidates.iter().find(|one| one.side == side);
                    of_side.map(|one| one.id.clone())
                };
                let answer = match (pick(Side::Ghl), pick(Side::Growbots), ids.first()) {
                    (None, Some(growbots), Some(ours)) if self.rng.bool() => Answer::Match {
                        ghl: ours.as_str().into(),
                        growbots,
                    },
                    (Some(ghl), None, Some(ours)) if self.rng.bool() => Answer::Match {
                        ghl,
                        growbots: ours.as_str().into(),
                    },
                    _ => Answer::Separate,
                };
                let mut ids = ids;
                ids.extend(conflict.candidates.iter().map(|one| one.id.to_string()));
                (vec![answer], whole(ids))
            }
            Reason::MassChange => {
                let (answer, ids) = of_mass_change(conflict, self.rng.bool());
                (vec![answer], whole(ids))
            }
        };
        let action = Action::Resolve {
            conflict: conflict.id,
            // Now and then the operator has looked at an older one.
            revision: conflict.revision - i64::from(self.rng.u8(..10) == 0),
            answers,
            note: None,
        };
        (action, decisions)
    }

    /// An operator edits a field of a record in couplet.
    pub fn edit_in_couplet(&mut self, row: &ContactRow, now: Option<Value>) -> Action {
        Action::Edit {
            link: row.id,
            changes: vec![FieldChange {
                field: FieldName::City,
                from: now,
                to: Value::text(self.word("Typed")),
            }],
        }
    }

    /// An operator adds a note.
    pub fn add_in_couplet(&mut self, row: &ContactRow) -> Action {
        Action::Add {
            kind: Kind::Note,
            parent: Some(row.id),
            fields: vec![FieldChange {
                field: FieldName::Body,
                from: None,
                to: Value::text(self.word("added")),
            }],
        }
    }
}

/// An operator's answer to a mass change, and the records that it is about: every other one is answered for half of
/// them, and the rest is asked about again.
fn of_mass_change(conflict: &Conflict, approve: bool) -> (Answer, Vec<String>) {
    let all = conflict.candidates.len();
    let part = conflict.id.0 % 2 == 0 && all > 1;
    let answered = &conflict.candidates[..if part { all / 2 } else { all }];
    let links: Vec<_> = answered.iter().filter_map(|one| one.link).collect();
    let answer = match (approve, part) {
        (true, false) => Answer::Approve,
        (false, false) => Answer::Reject,
        (true, true) => Answer::Parts {
            approve: links,
            reject: Vec::new(),
        },
        (false, true) => Answer::Parts {
            approve: Vec::new(),
            reject: links,
        },
    };
    let ids = answered.iter().map(|one| one.id.to_string());
    (answer, ids.collect())
}

/// An operator lets a mass change go on.
pub fn let_go(conflict: &Conflict) -> (Action, Vec<Decision>) {
    let ids = conflict.candidates.iter().map(|one| one.id.to_string());
    let decision = Decision {
        ids: ids.collect(),
        field: None,
    };
    let action = Action::Resolve {
        conflict: conflict.id,
        revision: conflict.revision,
        answers: vec![Answer::Approve],
        note: None,
    };
    (action, vec![decision])
}

/// The id of a record in text form.
fn text_of(id: Option<&RecordId>) -> Option<String> {
    id.map(ToString::to_string)
}
