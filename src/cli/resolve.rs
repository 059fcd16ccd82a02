//! `couplet conflicts resolve`: which answer was typed, and whether it fits.

use crate::model::{
    Action, Answer, Conflict, ConflictField, FieldType, Filter, LinkId, NewPolicy, Reason, Scope,
    Side, Take,
};
use crate::store::Reader;

use super::actions::submit;
use super::args::{Resolve, TakeArg};
use super::conflicts::open_one;
use super::context::Context;
use super::edit::parse;
use super::exit::{Exit, Problem};

/// The answers that fit a reason, for a hint.
pub(super) const fn answers(reason: Reason) -> &'static str {
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
        Reason::MassChange => {
            "`--approve`, or `--reject`; with `--only RECORD,…` for some of them, the rest waits on"
        }
    }
}

/// Does what `couplet conflicts resolve` asks for.
pub fn run(context: &Context, args: &Resolve) -> Result<Exit, Problem> {
    let reader = context.reader()?;
    let conflict = open_one(&reader, args.id)?;
    let answer = answer(&conflict, args, context)?;
    let answer = in_part(&reader, &conflict, args, answer)?;
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

/// The answer for the records that `--only` names, where it names some.
fn in_part(
    reader: &Reader,
    conflict: &Conflict,
    args: &Resolve,
    answer: Answer,
) -> Result<Answer, Problem> {
    if args.only.is_empty() {
        return Ok(answer);
    }
    let named = args.only.iter().map(|id| held(reader, conflict, id));
    let links = named.collect::<Result<Vec<_>, _>>()?;
    match answer {
        Answer::Approve => Ok(Answer::Parts {
            approve: links,
            reject: Vec::new(),
        }),
        Answer::Reject => Ok(Answer::Parts {
            approve: Vec::new(),
            reject: links,
        }),
        _ => Err(Problem::usage(
            "`--only` names records of a `mass_change`",
            "give it with `--approve` or `--reject`",
        )),
    }
}

/// The record of a mass change that a text names: the id that `conflicts show` lists, the id on the other side, or the
/// link id.
fn held(reader: &Reader, conflict: &Conflict, id: &str) -> Result<LinkId, Problem> {
    let id = id.trim();
    let mut held = conflict.candidates.iter();
    let listed = held.find(|one| one.id.as_str() == id);
    let link = match listed.and_then(|one| one.link) {
        Some(link) => Some(link),
        None => reader.find(id)?,
    };
    let is_held = |link: &LinkId| conflict.candidates.iter().any(|c| c.link == Some(*link));
    link.filter(is_held).ok_or_else(|| {
        Problem::failed(
            format!("record `{id}` is not held by conflict {}", conflict.id),
            format!("`couplet conflicts show {}` lists them", conflict.id),
        )
    })
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

    use super::super::args::{self, Command, Couplet};
    use super::*;
    use crate::clock::Clock;
    use crate::config::{Config, Flags};
    use crate::model::{ConflictId, ConflictState, FieldName, Kind, Millis, Value};
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
            Some(Command::Conflicts(args::Conflicts::Resolve(args))) => args,
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
            (R::MassChange, "--approve --only a,b", Ok("approve")),
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
                        Answer::Parts { .. } => "parts".into(),
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
