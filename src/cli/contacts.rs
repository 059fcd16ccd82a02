//! `couplet contacts`: list, show, edit, tag, note, ignore, sync.

use serde_json::Value as Json;

use crate::model::{
    Action, ContactRow, Direction, FieldChange, FieldName, Kind, LinkId, Linked, PageKey, Side,
    Value,
};
use crate::store::{ContactDetail, ContactQuery, Reader};
use crate::text;

use super::actions::submit;
use super::args::{Contacts, Form, Listing};
use super::context::{Context, find};
use super::edit::edit;
use super::exit::{Exit, Problem};
use super::json;
use super::moment::shown;
use super::output::{Column, Rows, document, print};

/// Rows that are read at once.
pub const PAGE: usize = 500;

const COLUMNS: &[Column] = &[
    ("ID", 8),
    ("STATE", 8),
    ("NAME", 26),
    ("EMAIL", 32),
    ("PHONE", 16),
    ("COMPANY", 0),
];

/// Does what `couplet contacts …` asks for.
pub fn run(context: &Context, command: &Contacts) -> Result<Exit, Problem> {
    match command {
        Contacts::List(listing) => list(context, listing),
        Contacts::Show { id, form } => show(context, id, *form),
        Contacts::Edit { id, changes } => {
            let detail = contact(&context.reader()?, id)?;
            let action = edit(context, &detail, &changes.set)?;
            submit(context, changes.form, &[action])
        }
        Contacts::Tag {
            id,
            add,
            remove,
            form,
        } => {
            let action = tag(&contact(&context.reader()?, id)?, add, remove)?;
            submit(context, *form, &[action])
        }
        Contacts::Note { id, text, form } => {
            let parent = contact(&context.reader()?, id)?.linked.id;
            submit(context, *form, &[note(parent, text)?])
        }
        Contacts::Sync(form) => {
            let now = Action::Sync {
                full: false,
                children: false,
            };
            submit(context, *form, &[now])
        }
        Contacts::Ignore { id, form } => ignore(context, id, *form, true),
        Contacts::Unignore { id, form } => ignore(context, id, *form, false),
    }
}

fn list(context: &Context, listing: &Listing) -> Result<Exit, Problem> {
    let reader = context.reader()?;
    let mut rows = Rows::new(listing, COLUMNS, &context.clock)?;
    let query = ContactQuery::default();
    let mut from: Option<PageKey> = None;
    while rows.want_more() {
        let limit = rows.page(PAGE);
        let page = reader.contacts(&query, from.as_ref(), Direction::Forward, limit as u16)?;
        let ended = page.len() < limit;
        from = page.last().map(|row| row.key.clone());
        for row in page {
            rows.offer(|| as_listed(&reader, row.id), || cells(&row))?;
        }
        if ended {
            break;
        }
    }
    rows.end()?;
    Ok(Exit::Done)
}

/// A record as a listing's JSON has it; null if it went away since its page was read.
pub fn as_listed(reader: &Reader, id: LinkId) -> Result<Json, Problem> {
    let detail = reader.detail(id)?;
    Ok(detail.map_or(Json::Null, |detail| Json::Object(json::record(&detail))))
}

fn cells(row: &ContactRow) -> Vec<String> {
    vec![
        row.id.to_string(),
        row.state.name().into(),
        row.name.clone(),
        row.email.clone(),
        row.phone.clone(),
        row.company.clone(),
    ]
}

/// The contact that `id` names; another kind of record is a problem.
pub fn contact(reader: &Reader, id: &str) -> Result<ContactDetail, Problem> {
    of_kind(find(reader, id)?, Kind::Contact, id)
}

/// The record, if it is of `kind`.
pub fn of_kind(detail: ContactDetail, kind: Kind, id: &str) -> Result<ContactDetail, Problem> {
    if detail.linked.kind == kind {
        return Ok(detail);
    }
    Err(Problem::failed(
        format!("`{id}` is a {}, not a {kind}", detail.linked.kind),
        format!("`couplet {kind}s list` shows the ids of {kind}s"),
    ))
}

fn show(context: &Context, id: &str, form: Form) -> Result<Exit, Problem> {
    let reader = context.reader()?;
    let detail = find(&reader, id)?;
    if form.json {
        let listed = |children: &[Linked]| {
            let rows = children.iter().map(|child| as_listed(&reader, child.id));
            rows.collect::<Result<Vec<Json>, Problem>>()
        };
        document(&json::shown(
            &detail,
            [
                listed(&detail.tasks)?,
                listed(&detail.notes)?,
                listed(&detail.appointments)?,
            ],
        ))?;
    } else {
        print(&page(context, &detail))?;
    }
    Ok(Exit::Done)
}

/// A record as a person reads it: both sides beside the base, then what belongs to it.
fn page(context: &Context, detail: &ContactDetail) -> String {
    let linked = &detail.linked;
    let record = json::canonical(linked);
    let title = record.title(linked.kind);
    let mut out = format!(
        "{}  {} {}  {}\n",
        text::clean(&title),
        linked.kind,
        linked.id,
        detail.state.name()
    );
    for side in Side::BOTH {
        let seen = linked.ends.get(side);
        let said = match seen.last_seen() {
            None => "not there".into(),
            Some(last) if seen.is_gone() => format!("{}, deleted", last.id),
            Some(last) => format!(
                "{}  {}",
                last.id,
                shown(last.updated_at, &context.config.zone())
            ),
        };
        out.push_str(&format!("{:<10}{}\n", side.label(), said.trim_end()));
    }
    out.push_str(&format!(
        "\n{:<22}{:<30}{:<30}{}\n",
        "", "BASE", "GHL", "GROWBOTS"
    ));
    let custom = record.iter().map(|(field, _)| field);
    let custom = custom.filter(|field| matches!(field, FieldName::Custom(_)));
    for field in FieldName::of(linked.kind).iter().chain(custom) {
        let on = |side: Side| {
            let seen = linked.ends.get(side).last_seen();
            seen.and_then(|seen| seen.record.get(field))
        };
        let values = [
            linked.base.as_ref().and_then(|base| base.get(field)),
            on(Side::Ghl),
            on(Side::Growbots),
        ];
        if values.iter().all(Option::is_none) {
            continue;
        }
        let held = detail.held.iter().find(|held| held.field == *field);
        let cells = values.map(|value| {
            let text = value.map_or_else(|| "-".into(), Value::to_string);
            text::fit(&text::clean(&text), 28)
        });
        let why = held.map_or("", |held| match held.why {
            crate::model::Why::Conflict => "conflict",
            crate::model::Why::Parked => "parked",
            crate::model::Why::Differs => "differs",
        });
        let line = format!(
            "{}{}  {why}",
            text::fit(&field.label(), 22),
            cells.join("  ")
        );
        out.push_str(line.trim_end());
        out.push('\n');
    }
    for (name, children) in [
        ("tasks", &detail.tasks),
        ("notes", &detail.notes),
        ("appointments", &detail.appointments),
    ] {
        if !children.is_empty() {
            out.push_str(&format!("\n{name}\n"));
        }
        for child in children {
            let title = json::canonical(child).title(child.kind);
            out.push_str(&format!("  {:<8}{}\n", child.id, text::clean(&title)));
        }
    }
    if !detail.history.is_empty() {
        out.push_str("\nhistory\n");
    }
    for entry in detail.history.iter().take(20) {
        let fields: Vec<String> = entry.fields.iter().map(|one| one.field.label()).collect();
        let line = format!(
            "  {}  {:<9}{:<11}{}  {}",
            shown(Some(entry.at), &context.config.zone()),
            entry.side.map_or("", Side::label),
            entry.op,
            entry.cause,
            fields.join(", ")
        );
        out.push_str(&text::clean(line.trim_end()));
        out.push('\n');
    }
    out.trim_end().to_owned()
}

fn tag(detail: &ContactDetail, add: &[String], remove: &[String]) -> Result<Action, Problem> {
    let record = json::canonical(&detail.linked);
    let from = record.get(&FieldName::Tags);
    let gone = Value::set(remove);
    let gone = gone.as_ref().map_or(&[][..], Value::words);
    let had = from.map_or(&[][..], Value::words);
    let kept = had.iter().filter(|word| !gone.contains(word));
    let to = Value::set(
        kept.map(|word| &**word)
            .chain(add.iter().map(String::as_str)),
    );
    if from == to.as_ref() {
        return Err(Problem::failed(
            "the contact has exactly these tags already",
            format!("`couplet contacts show {}` shows them", detail.linked.id),
        ));
    }
    Ok(Action::Edit {
        link: detail.linked.id,
        changes: vec![FieldChange {
            field: FieldName::Tags,
            from: from.cloned(),
            to,
        }],
    })
}

fn note(parent: LinkId, text: &str) -> Result<Action, Problem> {
    let body = Value::text(text.trim())
        .ok_or_else(|| Problem::usage("the note is empty", "give its text in quotes"))?;
    Ok(Action::Add {
        kind: Kind::Note,
        parent: Some(parent),
        fields: vec![FieldChange {
            field: FieldName::Body,
            from: None,
            to: Some(body),
        }],
    })
}

fn ignore(context: &Context, id: &str, form: Form, ignored: bool) -> Result<Exit, Problem> {
    let link = contact(&context.reader()?, id)?.linked.id;
    submit(context, form, &[Action::Ignore { link, ignored }])
}
