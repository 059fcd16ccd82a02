//! `couplet tasks`: list, add, edit, complete.

use crate::model::{
    Action, Direction, FieldChange, FieldName, Kind, PageKey, TaskRow, TaskView, Value,
};
use crate::store::TaskQuery;

use super::actions::submit;
use super::args::{Listing, Tasks};
use super::contacts::{PAGE, as_listed, contact, of_kind};
use super::context::{Context, find};
use super::edit::{edit, parse};
use super::exit::{Exit, Problem};
use super::moment::shown;
use super::output::{Column, Rows};

const COLUMNS: &[Column] = &[
    ("ID", 8),
    ("STATE", 8),
    ("DONE", 4),
    ("DUE", 16),
    ("CONTACT", 24),
    ("TITLE", 0),
];

/// Does what `couplet tasks …` asks for.
pub fn run(context: &Context, command: &Tasks) -> Result<Exit, Problem> {
    match command {
        Tasks::List(listing) => list(context, listing),
        Tasks::Add {
            contact: of,
            title,
            body,
            due,
            assignee,
            form,
        } => {
            let parent = contact(&context.reader()?, of)?.linked.id;
            let typed = [
                (FieldName::Title, Some(title)),
                (FieldName::Body, body.as_ref()),
                (FieldName::DueAt, due.as_ref()),
                (FieldName::Assignee, assignee.as_ref()),
            ];
            let fields = fields(context, typed)?;
            if !fields.iter().any(|one| one.field == FieldName::Title) {
                return Err(Problem::usage(
                    "the title is empty",
                    "say what is to be done",
                ));
            }
            let add = Action::Add {
                kind: Kind::Task,
                parent: Some(parent),
                fields,
            };
            submit(context, *form, &[add])
        }
        Tasks::Edit { id, changes } => {
            let detail = of_kind(find(&context.reader()?, id)?, Kind::Task, id)?;
            let action = edit(context, &detail, &changes.set)?;
            submit(context, changes.form, &[action])
        }
        Tasks::Complete { id, reopen, form } => {
            let detail = of_kind(find(&context.reader()?, id)?, Kind::Task, id)?;
            let (from, to) = (Value::yes(*reopen), Value::yes(!*reopen));
            let complete = Action::Edit {
                link: detail.linked.id,
                changes: vec![FieldChange {
                    field: FieldName::Completed,
                    from,
                    to,
                }],
            };
            submit(context, *form, &[complete])
        }
    }
}

/// What was typed, as fields of a new record; empty ones are left out.
fn fields<'a>(
    context: &Context,
    typed: impl IntoIterator<Item = (FieldName, Option<&'a String>)>,
) -> Result<Vec<FieldChange>, Problem> {
    let mut out = Vec::new();
    for (field, text) in typed {
        let Some(text) = text else { continue };
        let to = parse(&field, text, &context.config.zone(), context.clock.now())?;
        if to.is_some() {
            out.push(FieldChange {
                field,
                from: None,
                to,
            });
        }
    }
    Ok(out)
}

fn list(context: &Context, listing: &Listing) -> Result<Exit, Problem> {
    let mut rows = Rows::new(listing, COLUMNS, &context.clock)?;
    let reader = context.reader()?;
    let zone = context.config.zone();
    for view in [TaskView::Open, TaskView::Done] {
        let query = TaskQuery {
            view,
            ..TaskQuery::default()
        };
        let mut from: Option<PageKey> = None;
        while rows.want_more() {
            let limit = rows.page(PAGE);
            let page = reader.tasks(&query, from.as_ref(), Direction::Forward, limit as u16)?;
            let ended = page.len() < limit;
            from = page.last().map(|row| row.key.clone());
            for row in page {
                rows.offer(
                    || as_listed(&reader, row.id),
                    || cells(&row, shown(row.due_at, &zone)),
                )?;
            }
            if ended {
                break;
            }
        }
    }
    rows.end()?;
    Ok(Exit::Done)
}

fn cells(row: &TaskRow, due: String) -> Vec<String> {
    vec![
        row.id.to_string(),
        row.state.name().into(),
        if row.completed { "yes" } else { "" }.into(),
        due,
        row.contact_name.clone(),
        row.title.clone(),
    ]
}
