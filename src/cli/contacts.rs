//! `couplet contacts`: list, show, add, edit, tag, note, ignore, sync.

use serde_json::Value as Json;

use crate::merge::Blame;
use crate::model::{
    Action, Businesses, ContactRow, Direction, FieldChange, FieldName, Kind, LinkId, Linked,
    Millis, PageKey, Side, Value, Why,
};
use crate::store::{ContactDetail, ContactQuery, Reader};
use crate::text;

use super::actions::submit;
use super::args::{Contacts, Form, Listing};
use super::context::{Context, find};
use super::edit::{edit, new_fields};
use super::exit::{Exit, Problem};
use super::json;
use super::moment::shown;
use super::output::{Column, Page, Rows, document};

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
        Contacts::Add(changes) => {
            let fields = new_fields(context, Kind::Contact, &changes.set)?;
            let add = Action::Add {
                kind: Kind::Contact,
                parent: None,
                fields,
            };
            submit(context, changes.form, &[add])
        }
        Contacts::Sync { id, form } => {
            if let Some(id) = id {
                let link = contact(&context.reader()?, id)?.linked.id;
                context.writer()?.read_again(&[link])?;
            }
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
    let mut rows = Rows::new(listing, COLUMNS, &context.clock)?;
    let reader = context.reader()?;
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
    let detail = reader.outline(id)?;
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
    let map = super::mapping::resolved_map(&context.config, &reader)?;
    let blame = reader.blame(detail.linked.id, &map)?;
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
            &blame,
        ))?;
    } else {
        page(context, (&detail, &reader.businesses()?), &blame).print()?;
    }
    Ok(Exit::Done)
}

/// A record as a person reads it: both sides beside the base, then what belongs to it.
fn page(
    context: &Context,
    (detail, names): (&ContactDetail, &Businesses),
    blame: &[Blame],
) -> Page {
    let linked = &detail.linked;
    let at = |moment| shown(moment, &context.config.zone());
    let mut page = Page::default();
    let title = json::canonical(linked).title(linked.kind);
    let title = text::clean(&title);
    let state = detail.state.name();
    page.line(format!("{title}  {} {}, {state}", linked.kind, linked.id));
    for side in Side::BOTH {
        let end = linked.ends.get(side);
        let said = match end.last_seen() {
            None => "not there".into(),
            Some(last) if end.is_gone() => format!("{}, deleted", last.id),
            Some(last) => format!("{}  {}", last.id, at(last.updated_at)),
        };
        page.line(format!("{side:<10}{said}"));
    }
    fields(&mut page, (detail, names), blame, &at);
    for (name, children) in [
        ("tasks", &detail.tasks),
        ("notes", &detail.notes),
        ("appointments", &detail.appointments),
    ] {
        if !children.is_empty() {
            page.gap();
            page.line(name);
        }
        for child in children {
            let title = json::canonical(child).title(child.kind);
            page.line(format!("  {:<8}{}", child.id, text::clean(&title)));
        }
    }
    if !detail.history.is_empty() {
        page.gap();
        page.line("history");
    }
    for entry in detail.history.iter().take(20) {
        let fields: Vec<String> = entry.fields.iter().map(|one| one.field.label()).collect();
        let side = entry.side.map_or("", Side::label);
        let what = format!("{side:<9}{:<11}{}", entry.op, entry.cause);
        let line = format!(
            "  {:<8}{}  {what}  {}",
            entry.id,
            at(Some(entry.at)),
            fields.join(", ")
        );
        page.line(text::clean(&line));
    }
    page
}

/// The fields that have a value anywhere: base, GHL, Growbots, why one is held, and who gave it its value.
fn fields(
    page: &mut Page,
    (detail, names): (&ContactDetail, &Businesses),
    blame: &[Blame],
    at: &impl Fn(Option<Millis>) -> String,
) {
    let linked = &detail.linked;
    let record = json::canonical(linked);
    let custom = record.iter().map(|(field, _)| field);
    let custom = custom.filter(|field| matches!(field, FieldName::Custom(_)));
    page.gap();
    page.line(format!("{:22}{:30}{:30}GROWBOTS", "", "BASE", "GHL"));
    for field in FieldName::of(linked.kind).iter().chain(custom) {
        let on = |side: Side| linked.ends.get(side).last_seen()?.record.get(field);
        let base = linked.base.as_ref().and_then(|base| base.get(field));
        let values = [base, on(Side::Ghl), on(Side::Growbots)];
        if values.iter().all(Option::is_none) {
            continue;
        }
        let cells = values.map(|value| {
            let value = value.map_or_else(|| "-".into(), |value| names.shown(value));
            text::fit(&text::clean(&value), 28)
        });
        let held = detail.held.iter().find(|held| held.field == *field);
        let why = held.map_or("", |held| match held.why {
            Why::Conflict => "conflict",
            Why::Parked => "parked",
            Why::Differs => "differs",
        });
        let label = text::fit(&field.label(), 22);
        let who = blame.iter().find(|blame| blame.field == *field);
        let who = who.map_or_else(String::new, |blame| {
            let cause = text::clean(&blame.cause);
            format!("{cause}, {}, operation {}", at(Some(blame.at)), blame.log)
        });
        page.line(format!("{label}{}  {why:<8}  {who}", cells.join("  ")));
    }
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

/// `couplet forget`: all that is known of a contact goes.
pub fn forget(context: &Context, id: &str, form: Form) -> Result<Exit, Problem> {
    let link = contact(&context.reader()?, id)?.linked.id;
    submit(context, form, &[Action::Forget { link }])
}

fn ignore(context: &Context, id: &str, form: Form, ignored: bool) -> Result<Exit, Problem> {
    let link = contact(&context.reader()?, id)?.linked.id;
    submit(context, form, &[Action::Ignore { link, ignored }])
}
