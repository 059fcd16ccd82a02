//! Conflicts put off until a time, with a note.

use crate::engine::port::Ask;
use crate::model::{Action, ConflictId, FieldName, Millis, Reason, Value};

use super::super::confirm::{Choice, Offer, Then};
use super::super::form::{Form, Input, Purpose};
use super::super::model::{Model, Overlay};
use super::super::times::{Times, counted};

/// Opens the choice of until when to put a conflict off, or all marked ones.
pub fn open(model: &mut Model) {
    let Some(conflict) = model.conflicts.current() else {
        return;
    };
    let marked = &model.marks.conflicts;
    let (ids, title) = if model.conflicts.bench.is_some() || marked.is_empty() {
        let title = format!("{} {}", conflict.id, conflict.title);
        (vec![conflict.id], title)
    } else {
        let known = marked
            .iter()
            .filter(|id| model.conflicts.get(**id).is_some());
        let ids: Vec<ConflictId> = known.copied().collect();
        let title = format!("{} conflicts", ids.len());
        (ids, title)
    };
    let who = match ids.as_slice() {
        [one] => format!("{one} is"),
        _ => format!("{title} are"),
    };
    let times = &model.times;
    let put_off = conflict.deferred_until.is_some_and(|at| at > times.now);
    let monday = times.days_to_monday();
    let mut answers: Vec<(String, Option<Millis>)> = [
        ("in 1 h", Some(times.now.plus(3_600_000))),
        ("tomorrow", times.at_hour(1, 9)),
        ("Monday", times.at_hour(monday, 9)),
    ]
    .into_iter()
    .filter_map(|(words, at)| Some((format!("{words}, {}", times.due(at?)), at)))
    .collect();
    if put_off {
        answers.push(("bring it back now".into(), None));
    }
    let answers = answers
        .into_iter()
        .map(|(words, until)| {
            let defer = |id: &ConflictId| {
                Ask::Act(Action::Defer {
                    conflict: *id,
                    until,
                    note: None,
                })
            };
            let said = match until {
                Some(at) => format!("{who} put off till {}.", times.due(at)),
                None => format!("{who} back."),
            };
            Offer {
                words,
                then: Then::Ask(ids.iter().map(defer).collect()),
                said,
            }
        })
        .chain([Offer {
            words: "another time, or with a note".into(),
            then: Then::Form(Box::new(note_form(times, &title, &ids))),
            said: String::new(),
        }])
        .collect();
    let foot = match conflict.reason {
        Reason::Field => "Its fields stay apart till then; all else of the record syncs.",
        _ => "The record is held till then.",
    };
    let choice = Choice {
        title: format!("Put off {title} until"),
        lines: Vec::new(),
        answers,
        foot: foot.into(),
    };
    model.overlay = Some(Overlay::Choice(Box::new(choice)));
}

fn note_form(times: &Times, title: &str, ids: &[ConflictId]) -> Form {
    let until = times.at_hour(1, 9).map(Value::Time);
    let note = FieldName::Custom("note".into());
    let fields = vec![(FieldName::DueAt, until), (note, None)];
    let purpose = Purpose::PutOff(ids.to_vec());
    let form = Form::new(format!("Put off {title}"), purpose, fields, 0, times);
    form.labelled(&["until", "note"])
}

/// Puts the conflicts off until the time of a form, with its note.
pub fn finish(model: &mut Model, mut form: Form, ids: &[ConflictId]) {
    let until = match form.inputs.first().map(Input::value) {
        Some(Ok(Some(Value::Time(at)))) => at,
        _ => model.times.now,
    };
    if until <= model.times.now {
        form.refuse(0, "a time in the future is needed");
        model.overlay = Some(Overlay::Form(Box::new(form)));
        return;
    }
    let note = form.inputs.get(1).map(Input::text).unwrap_or_default();
    let note = Some(note.trim().to_owned()).filter(|note| !note.is_empty());
    for id in ids {
        model.ask(Ask::Act(Action::Defer {
            conflict: *id,
            until: Some(until),
            note: note.clone(),
        }));
    }
    let many = counted(ids.len() as u64, "conflict", "conflicts");
    let till = model.times.due(until);
    let next = model.keymap.fill("{bench.next} next undecided");
    model.say_done(format!("{many} put off till {till}. {next}"));
}
