//! `couplet conflicts`: what waits for a decision, and the decisions.

use crate::model::{
    Action, Answer, Conflict, ConflictField, ConflictId, ConflictState, FieldType, Filter,
    NewPolicy, Reason, RecordId, Scope, Side, Take, Value,
};
use crate::store::Reader;
use crate::text::clean;

use super::actions::submit;
use super::args::{Conflicts, Form, Listing, Resolve, TakeArg};
use super::context::Context;
use super::edit::parse;
use super::exit::{Exit, Problem};
use super::json;
use super::moment::{moment, shown};
use super::output::{Column, Page, Rows, document};

const COLUMNS: &[Column] = &[
    ("ID", 6),
    ("REASON", 15),
    ("STATE", 8),
    ("SINCE", 16),
    ("KIND", 11),
    ("RECORD", 28),
    ("FIELDS", 0),
];

/// Does what `couplet conflicts …` asks for.
pub fn run(context: &Context, command: &Conflicts) -> Result<Exit, Problem> {
    match command {
        Conflicts::List(listing) => list(context, listing),
        Conflicts::Show { id, form } => show(context, *id, *form),
        Conflicts::Resolve(args) => resolve(context, args),
        Conflicts::Defer {
            id,
            until,
            note,
            form,
        } => {
            open_one(&context.reader()?, *id)?;
            let until = moment(until, &context.config.zone(), context.clock.now())?;
            let defer = Action::Defer {
                conflict: *id,
                until: Some(until),
                note: note.clone(),
            };
            submit(context, *form, &[defer])
        }
    }
}

fn list(context: &Context, listing: &Listing) -> Result<Exit, Problem> {
    let zone = context.config.zone();
    let mut rows = Rows::new(listing, COLUMNS, &context.clock)?;
    for conflict in context.reader()?.conflicts(u32::MAX)? {
        rows.offer(
            || Ok(json::conflict(&conflict)),
            || {
                let fields = conflict.fields.iter().map(|one| one.field.label());
                vec![
                    conflict.id.to_string(),
                    conflict.reason.name().into(),
                    conflict.state.name().into(),
                    shown(Some(conflict.opened_at), &zone),
                    conflict.kind.name().into(),
                    conflict.title.clone(),
                    fields.collect::<Vec<_>>().join(", "),
                ]
            },
        )?;
    }
    rows.end()?;
    Ok(Exit::Done)
}

fn one(reader: &Reader, id: ConflictId) -> Result<Conflict, Problem> {
    reader.conflict(id)?.ok_or_else(|| {
        Problem::failed(
            format!("there is no conflict {id}"),
            "`couplet conflicts list` shows those that wait",
        )
    })
}

/// A conflict that can still be answered.
fn open_one(reader: &Reader, id: ConflictId) -> Result<Conflict, Problem> {
    let conflict = one(reader, id)?;
    if is_open(&conflict) {
        return Ok(conflict);
    }
    Err(Problem::failed(
        format!("conflict {id} is closed ({})", conflict.state.name()),
        "`couplet conflicts list` shows those that wait",
    ))
}

const fn is_open(conflict: &Conflict) -> bool {
    matches!(conflict.state, ConflictState::Open | ConflictState::Decided)
}

fn show(context: &Context, id: ConflictId, form: Form) -> Result<Exit, Problem> {
    let reader = context.reader()?;
    let conflict = one(&reader, id)?;
    if form.json {
        document(&json::conflict(&conflict))?;
    } else {
        page(context, &reader, &conflict)?.print()?;
    }
    Ok(Exit::Done)
}

/// A conflict as a person reads it, with the answers that fit.
fn page(context: &Context, reader: &Reader, conflict: &Conflict) -> Result<Page, Problem> {
    let at = |moment| shown(Some(moment), &context.config.zone());
    let mut page = Page::default();
    page.line(format!(
        "{}  {} {}, conflict {}, revision {}: {}, {} since {}",
        clean(&conflict.title),
        conflict.kind,
        conflict.link,
        conflict.id,
        conflict.revision,
        conflict.reason.name(),
        conflict.state.name(),
        at(conflict.opened_at)
    ));
    for field in &conflict.fields {
        page.gap();
        page.line(field.field.to_string());
        for (name, value, side) in [
            ("base", &field.base, None),
            ("GHL", &field.ghl, Some(Side::Ghl)),
            ("Growbots", &field.growbots, Some(Side::Growbots)),
        ] {
            let text = value.as_ref().map_or("-".into(), Value::to_string);
            let is_newer = side.is_some() && field.newer == side;
            let newer = if is_newer { "  (newer)" } else { "" };
            page.line(format!("  {name:<9} {}{newer}", clean(&text)));
        }
    }
    page.gap();
    if let Some(side) = conflict.gone {
        page.line(format!("deleted in {side}, edited in {}", side.other()));
    }
    let mut record = |side: Side, id: &RecordId, title: &str| {
        page.line(format!("  {side:<9} {id}  {}", clean(title)));
    };
    if !conflict.candidates.is_empty() {
        // `--match` asks for the id of the record itself, too.
        let own = reader.outline(conflict.link)?;
        for side in Side::BOTH {
            let end = own
                .as_ref()
                .and_then(|own| own.linked.ends.get(side).live());
            if let Some(snapshot) = end {
                record(side, &snapshot.id, &conflict.title);
            }
        }
    }
    for candidate in &conflict.candidates {
        record(candidate.side, &candidate.id, &candidate.title);
    }
    if let Some(until) = conflict.deferred_until {
        page.line(format!("put off until {}", at(until)));
    }
    if let Some(note) = &conflict.note {
        page.line(format!("note: {}", clean(note)));
    }
    if let Some(by) = &conflict.decided_by {
        page.line(format!("decided by {}", clean(by)));
    }
    if is_open(conflict) {
        page.line(format!(
            "answer with `couplet conflicts resolve {}` and {}",
            conflict.id,
            answers(conflict.reason)
        ));
    }
    Ok(page)
}

/// The answers that fit a reason, for a hint.
const fn answers(reason: Reason) -> &'static str {
    match reason {
        Reason::Field => {
            "`--field FIELD --take ghl|growbots|base|both`, or `--field FIELD --value TEXT`"
        }
        Reason::DeleteEdit => {
            "`--take ghl` or `--take growbots`: the side that deleted it deletes, the other makes it again"
        }
        Reason::AmbiguousMatch | Reason::Duplicate => {
            "`--match GHL_ID GROWBOTS_ID`, or `--separate`"
        }
        Reason::MassChange => "`--approve`, or `--reject`",
    }
}

fn resolve(context: &Context, args: &Resolve) -> Result<Exit, Problem> {
    let conflict = open_one(&context.reader()?, args.id)?;
    let answer = answer(&conflict, args, context)?;
    if let Some(seen) = args.revision.filter(|seen| *seen != conflict.revision) {
        return Err(Problem::failed(
            format!(
                "conflict {} moved: it has revision {} now, you saw {seen}",
                conflict.id, conflict.revision
            ),
            format!("look again: `couplet conflicts show {}`", conflict.id),
        ));
    }
    let remember = remembered(&conflict, args)?;
    let resolve = Action::Resolve {
        conflict: conflict.id,
        revision: conflict.revision,
        answers: vec![answer],
        note: args.note.clone(),
    };
    let actions: Vec<Action> = std::iter::once(resolve).chain(remember).collect();
    submit(context, args.form, &actions)
}

/// What `--remember` asks for: the same side (or both) for later conflicts of the field.
fn remembered(conflict: &Conflict, args: &Resolve) -> Result<Option<Action>, Problem> {
    let Some(scope) = &args.remember else {
        return Ok(None);
    };
    let field = args.field.as_deref().map(|name| named(conflict, name));
    let (field, policy) = match (field.transpose()?, args.take) {
        (Some(one), Some(TakeArg::Ghl)) => (&one.field, "ghl"),
        (Some(one), Some(TakeArg::Growbots)) => (&one.field, "growbots"),
        (Some(one), Some(TakeArg::Both)) if one.field.ty() == FieldType::Set => {
            (&one.field, "union")
        }
        (Some(one), Some(TakeArg::Both)) => (&one.field, "append"),
        _ => {
            return Err(Problem::usage(
                "this answer cannot be remembered",
                "a policy takes a side of a field, or both: `--field FIELD --take ghl|growbots|both`",
            ));
        }
    };
    let scope = match scope.as_str() {
        "record" => Scope::Record {
            link: conflict.link,
        },
        "field" => Scope::Field,
        filter => {
            let read = Filter::parse(filter);
            let why = match &read {
                Ok(read) if read.is_empty() => Some("it is empty".to_owned()),
                Ok(_) => None,
                Err(why) => Some(why.to_string()),
            };
            if let Some(why) = why {
                return Err(Problem::usage(
                    format!("`--remember`: {why}"),
                    "give `record`, `field`, or a filter such as `tag:vip`",
                ));
            }
            Scope::Filter {
                filter: filter.to_owned(),
            }
        }
    };
    Ok(Some(Action::Remember {
        conflict: Some(conflict.id),
        policy: NewPolicy {
            kind: conflict.kind,
            field: field.clone(),
            scope,
            policy: policy.into(),
            note: args.note.clone(),
        },
    }))
}

/// The answer that was typed, if it is one to this conflict.
fn answer(conflict: &Conflict, args: &Resolve, context: &Context) -> Result<Answer, Problem> {
    let unfit = || {
        Problem::usage(
            format!(
                "this is no answer to conflict {}, whose reason is `{}`",
                conflict.id,
                conflict.reason.name()
            ),
            format!("answer with {}", answers(conflict.reason)),
        )
    };
    let about_a_field = args.pair.is_none() && !args.separate && !args.approve && !args.reject;
    let answer =
        if conflict.reason == Reason::Field || (!conflict.fields.is_empty() && about_a_field) {
            field_answer(conflict, args, context)?.ok_or_else(unfit)?
        } else if args.field.is_some() {
            return Err(unfit());
        } else if let Some((ghl, growbots)) = args.pair() {
            Answer::Match { ghl, growbots }
        } else if args.separate {
            Answer::Separate
        } else if args.approve {
            Answer::Approve
        } else if args.reject {
            Answer::Reject
        } else {
            match args.take {
                Some(TakeArg::Ghl) => Answer::Side { side: Side::Ghl },
                Some(TakeArg::Growbots) => Answer::Side {
                    side: Side::Growbots,
                },
                _ => return Err(unfit()),
            }
        };
    if answer.fits(conflict.reason) {
        Ok(answer)
    } else {
        Err(unfit())
    }
}

/// The answer to one field; `None` where another form was typed.
fn field_answer(
    conflict: &Conflict,
    args: &Resolve,
    context: &Context,
) -> Result<Option<Answer>, Problem> {
    let (Some(name), true) = (&args.field, args.take.is_some() || args.value.is_some()) else {
        return Ok(None);
    };
    let field = named(conflict, name)?;
    let name = &field.field;
    let (word, take) = match (args.take, &args.value) {
        (Some(TakeArg::Ghl), _) => ("ghl", Take::Side(Side::Ghl)),
        (Some(TakeArg::Growbots), _) => ("growbots", Take::Side(Side::Growbots)),
        (Some(TakeArg::Base), _) => ("base", Take::Base),
        (Some(TakeArg::Both), _) => ("both", Take::Both),
        (None, text) => {
            let text = text.as_deref().unwrap_or_default();
            let value = parse(name, text, &context.config.zone(), context.clock.now())?;
            ("value", Take::Value(value))
        }
    };
    let value = field.value_of(&take).map_err(|why| {
        Problem::usage(why.to_string(), "take one side, or give another `--value`")
    })?;
    Ok(Some(Answer::Field {
        field: name.clone(),
        take: word.into(),
        value: value.map_or(serde_json::Value::Null, |value| value.to_json()),
    }))
}

/// The field of a conflict by its name, or by the words that the list has for it.
fn named<'a>(conflict: &'a Conflict, name: &str) -> Result<&'a ConflictField, Problem> {
    let mut fields = conflict.fields.iter();
    let is_it = |one: &&ConflictField| one.field.to_string() == name || one.field.label() == name;
    fields.find(is_it).ok_or_else(|| {
        let fields = conflict.fields.iter().map(|one| one.field.to_string());
        Problem::usage(
            format!("`{name}` is not in conflict {}", conflict.id),
            format!("these are: `{}`", fields.collect::<Vec<_>>().join("`, `")),
        )
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::super::args::{Command, Couplet};
    use super::*;
    use crate::clock::Clock;
    use crate::config::{Config, Flags};
    use crate::model::{ConflictField, FieldName, Kind, LinkId, Millis};
    use Reason as R;

    fn conflict(reason: Reason) -> Conflict {
        let text = |text: &str| Value::text(text);
        let fields = match reason {
            Reason::Field => vec![
                ConflictField {
                    field: FieldName::LastName,
                    base: text("Lee"),
                    ghl: text("Ost"),
                    growbots: text("West"),
                    newer: None,
                },
                ConflictField {
                    field: FieldName::Tags,
                    base: None,
                    ghl: Value::set(["a"]),
                    growbots: Value::set(["b"]),
                    newer: None,
                },
            ],
            _ => vec![],
        };
        Conflict {
            id: ConflictId(7),
            link: LinkId(1),
            kind: Kind::Contact,
            reason,
            state: ConflictState::Open,
            title: "Ann Lee".into(),
            revision: 3,
            opened_at: Millis(0),
            fields,
            candidates: vec![],
            gone: None,
            deferred_until: None,
            note: None,
            decided_by: None,
            staged: vec![],
        }
    }

    fn typed(line: &str) -> Resolve {
        let line = format!("couplet conflicts resolve 7 {line}");
        match Couplet::try_parse_from(line.split(' ')).unwrap().command {
            Some(Command::Conflicts(Conflicts::Resolve(args))) => args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_answer_fits_the_reason_of_its_conflict_or_is_a_usage_problem() {
        let context = Context {
            config: Config::load(&Flags::default(), &|_| None).unwrap(),
            clock: Clock::manual(Millis(0)),
        };
        for (reason, line, want) in [
            (R::Field, "--field last_name --take ghl", Ok(r#"ghl "Ost""#)),
            (
                R::Field,
                "--field last_name --take growbots",
                Ok(r#"growbots "West""#),
            ),
            (
                R::Field,
                "--field last_name --take base",
                Ok(r#"base "Lee""#),
            ),
            (R::Field, "--field tags --take base", Ok("base null")),
            (
                R::Field,
                "--field tags --take both",
                Ok(r#"both ["a","b"]"#),
            ),
            (
                R::Field,
                "--field last_name --value Nord",
                Ok(r#"value "Nord""#),
            ),
            (
                R::Field,
                "--field last_name --take both",
                Err("cannot take both"),
            ),
            (
                R::Field,
                "--field email --take ghl",
                Err("`email` is not in conflict 7"),
            ),
            (R::Field, "--take ghl", Err("reason is `field`")),
            (R::Field, "--match a b", Err("reason is `field`")),
            (R::Field, "--approve", Err("reason is `field`")),
            (R::DeleteEdit, "--take growbots", Ok("Growbots stands")),
            (R::DeleteEdit, "--take base", Err("reason is `delete_edit`")),
            (
                R::DeleteEdit,
                "--field last_name --take ghl",
                Err("reason is `delete_edit`"),
            ),
            (R::DeleteEdit, "--separate", Err("reason is `delete_edit`")),
            (R::AmbiguousMatch, "--match a b", Ok("match")),
            (R::Duplicate, "--separate", Ok("separate")),
            (R::Duplicate, "--reject", Err("reason is `duplicate`")),
            (R::MassChange, "--approve", Ok("approve")),
            (R::MassChange, "--reject", Ok("reject")),
            (R::MassChange, "--take ghl", Err("reason is `mass_change`")),
        ] {
            let got = answer(&conflict(reason), &typed(line), &context);
            match (got, want) {
                (Ok(answer), Ok(want)) => {
                    let said = match answer {
                        Answer::Field { take, value, .. } => format!("{take} {value}"),
                        Answer::Side { side } => format!("{side} stands"),
                        Answer::Match { .. } => "match".into(),
                        Answer::Separate => "separate".into(),
                        Answer::Approve => "approve".into(),
                        Answer::Reject => "reject".into(),
                    };
                    assert_eq!(said, want, "{reason:?} {line}");
                }
                (Err(problem), Err(want)) => {
                    assert_eq!(problem.exit, Exit::Usage, "{reason:?} {line}");
                    assert!(
                        problem.message().contains(want),
                        "{line}: {}",
                        problem.message()
                    );
                }
                (got, _) => panic!("{reason:?} {line}: {:?}", got.map_err(|one| one.message())),
            }
        }
    }
}
