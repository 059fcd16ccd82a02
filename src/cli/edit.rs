//! Changes of a record as people type them: `FIELD=VALUE`.

use jiff::tz::TimeZone;

use crate::model::{Action, FieldChange, FieldName, FieldType, Kind, Millis, Value};
use crate::store::ContactDetail;

use super::context::Context;
use super::exit::Problem;
use super::json::canonical;
use super::moment::moment;

/// The action that changes fields of a record; `set` are `FIELD=VALUE` texts.
pub fn edit(context: &Context, detail: &ContactDetail, set: &[String]) -> Result<Action, Problem> {
    let linked = &detail.linked;
    let now = canonical(linked);
    let mut changes = Vec::new();
    for text in set {
        let (field, to) = assignment(
            text,
            linked.kind,
            &context.config.zone(),
            context.clock.now(),
        )?;
        let from = now.get(&field).cloned();
        if from != to {
            changes.push(FieldChange { field, from, to });
        }
    }
    if changes.is_empty() {
        return Err(Problem::failed(
            "the record has these values already",
            "`couplet contacts show ID` shows what it has",
        ));
    }
    Ok(Action::Edit {
        link: linked.id,
        changes,
    })
}

/// The fields of a new record; `set` are `FIELD=VALUE` texts.
pub fn new_fields(
    context: &Context,
    kind: Kind,
    set: &[String],
) -> Result<Vec<FieldChange>, Problem> {
    let (zone, now) = (context.config.zone(), context.clock.now());
    set.iter()
        .map(|text| {
            let (field, to) = assignment(text, kind, &zone, now)?;
            Ok(FieldChange {
                field,
                from: None,
                to,
            })
        })
        .collect()
}

/// Reads `FIELD=VALUE` for a record of `kind`.
fn assignment(
    text: &str,
    kind: Kind,
    zone: &TimeZone,
    now: Millis,
) -> Result<(FieldName, Option<Value>), Problem> {
    let known = || {
        let names: Vec<String> = FieldName::of(kind)
            .iter()
            .map(ToString::to_string)
            .collect();
        format!("a {kind} has `{}`", names.join("`, `"))
    };
    let Some((name, value)) = text.split_once('=') else {
        return Err(Problem::usage(
            format!("`{text}` has no `=`"),
            "write `FIELD=VALUE`, such as `--set last_name=Lee`",
        ));
    };
    let field: FieldName = name
        .parse()
        .map_err(|_| Problem::usage(format!("there is no field `{name}`"), known()))?;
    let custom = kind == Kind::Contact && matches!(field, FieldName::Custom(_));
    if !custom && !FieldName::of(kind).contains(&field) {
        return Err(Problem::usage(
            format!("a {kind} has no field `{name}`"),
            known(),
        ));
    }
    let value = parse(&field, value, zone, now)?;
    Ok((field, value))
}

/// A value of `field` as a person types it; `None` is empty.
pub fn parse(
    field: &FieldName,
    text: &str,
    zone: &TimeZone,
    now: Millis,
) -> Result<Option<Value>, Problem> {
    if field.ty() == FieldType::Time && !text.trim().is_empty() {
        return Ok(Some(Value::Time(moment(text, zone, now)?.to_second())));
    }
    Value::parse(field.ty(), text).map_err(|why| {
        Problem::usage(
            format!("`{field}`: {why}"),
            "an empty text empties the field",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assignment_names_a_field_of_the_kind_and_a_value_of_its_type() {
        for (text, kind, want) in [
            ("last_name=Lee", Kind::Contact, Ok("last_name: Lee")),
            ("last_name=", Kind::Contact, Ok("last_name: -")),
            (
                "website=https://a.example/?q=1",
                Kind::Contact,
                Ok("website: https://a.example/?q=1"),
            ),
            ("tags=b, a", Kind::Contact, Ok("tags: a, b")),
            ("custom.budget=12", Kind::Contact, Ok("custom.budget: 12")),
            ("completed=yes", Kind::Task, Ok("completed: yes")),
            (
                "due_at=2026-03-01",
                Kind::Task,
                Ok("due_at: 2026-03-01T00:00:00.000Z"),
            ),
            (
                "completed=perhaps",
                Kind::Task,
                Err("`completed`: `perhaps` is not yes or no"),
            ),
            ("due_at=soon", Kind::Task, Err("`soon` is no time")),
            (
                "due_at=1d",
                Kind::Contact,
                Err("a contact has no field `due_at`"),
            ),
            (
                "custom.budget=1",
                Kind::Task,
                Err("a task has no field `custom.budget`"),
            ),
            (
                "lastname=Lee",
                Kind::Contact,
                Err("there is no field `lastname`"),
            ),
            ("Lee", Kind::Contact, Err("`Lee` has no `=`")),
        ] {
            let got = assignment(text, kind, &TimeZone::UTC, Millis(0));
            let got = got
                .map_err(|problem| problem.message())
                .map(|(field, value)| {
                    let value = value.map_or("-".into(), |value| value.to_string());
                    format!("{field}: {value}")
                });
            assert_eq!(got.as_deref().map_err(String::as_str), want, "{text}");
        }
    }
}
