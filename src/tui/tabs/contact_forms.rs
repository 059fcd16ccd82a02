//! What is asked of the operator about contacts: forms of fields, tags and notes, a new one, a pair made or parted.
//! Each ends in a question that lists what would be written.

use std::collections::BTreeSet;

use crate::engine::port::Ask;
use crate::model::{Action, BySide, ContactRow, FieldChange, FieldName, Kind, LinkId, Side, Value};
use crate::store::ContactDetail;
use crate::text::clean;

use super::super::confirm::{Confirm, cost_words};
use super::super::effect::Request;
use super::super::form::{Form, Purpose};
use super::super::model::{Model, Overlay};
use super::super::times::counted;
use super::contacts::{entries, name};
use super::detail::{Entry, Section, Standing, show};

const READING: &str = "The contact is still being read.";

/// Opens the form of fields; only that of tags if `tags_only`.
pub fn edit(model: &mut Model, tags_only: bool) {
    let Some(detail) = model.contacts.detail_in_view() else {
        return model.say(READING);
    };
    let (link, kind) = (detail.linked.id, detail.linked.kind);
    let entries = entries(model);
    let held = |field: &FieldName| {
        let of_field = entries.iter().find(|entry| entry.field == *field);
        of_field.is_some_and(|entry| matches!(entry.standing, Standing::Conflict(_)))
    };
    let on_cursor = model.contacts.detail_focus && model.contacts.section == Section::Fields;
    let wanted = entries
        .get(model.contacts.at)
        .filter(|_| on_cursor && !tags_only)
        .map(|entry| entry.field.clone());
    if let Some(field) = wanted.as_ref().filter(|field| held(field)) {
        let (field, key) = (field.label(), model.key("open"));
        let words = format!("{field} is in conflict: {key} decides it.");
        return model.say(words);
    }
    let mut fields: Vec<FieldName> = if tags_only {
        vec![FieldName::Tags]
    } else {
        FieldName::of(kind).to_vec()
    };
    if !tags_only {
        let more = entries.iter().map(|entry| &entry.field);
        let custom: Vec<_> = more.filter(|f| !fields.contains(f)).cloned().collect();
        fields.extend(custom);
        fields.retain(|field| *field != FieldName::Business && !held(field));
    }
    if fields.iter().any(held) {
        let words = "tags is in conflict: {open} in the detail decides it.";
        return model.say(model.keymap.fill(words));
    }
    let at = fields
        .iter()
        .position(|field| Some(field) == wanted.as_ref());
    let of = |field: FieldName| {
        let entry = entries.iter().find(|entry| entry.field == field);
        let value = entry.and_then(Entry::value);
        (field, value)
    };
    let fields = fields.into_iter().map(of).collect();
    let name = name(model);
    let title = if tags_only {
        format!("Tags of {name}, with commas between")
    } else {
        format!("Edit {name}")
    };
    let form = Form::new(
        title,
        Purpose::Edit(link),
        fields,
        at.unwrap_or(0),
        &model.times,
    );
    model.overlay = Some(Overlay::Form(Box::new(form)));
}

/// Opens the form of a note.
pub fn note(model: &mut Model) {
    if let Some(link) = model.contacts.subject() {
        let title = format!("Note on {}", name(model));
        let fields = vec![(FieldName::Body, None)];
        let form = Form::new(title, Purpose::Note(link), fields, 0, &model.times);
        model.overlay = Some(Overlay::Form(Box::new(form)));
    }
}

/// Asks whether to leave the contact alone, or to take it up again.
pub fn ignore(model: &mut Model) {
    let Some(link) = model.contacts.subject() else {
        return;
    };
    if model.contacts.detail_in_view().is_none() {
        return model.say(READING);
    }
    let ignored = !model.contacts.is_ignored();
    let name = name(model);
    let (title, words, yes, said) = if ignored {
        (
            "Ignore",
            "It keeps its pair, and is neither read in sweeps nor written. Nothing is deleted.",
            "ignore it",
            "ignored",
        )
    } else {
        (
            "Take up",
            "It is kept the same on both sides again.",
            "take it up",
            "taken up again",
        )
    };
    let ask = Ask::Act(Action::Ignore { link, ignored });
    let said = format!("{name}: {said}.");
    let lines = vec![words.to_owned()];
    let confirm = Confirm::one(&format!("{title} {name}?"), lines, yes, ask, &said);
    model.overlay = Some(Overlay::Confirm(Box::new(confirm)));
}

/// Opens the form of a new contact.
pub fn new(model: &mut Model) {
    let fields = [
        FieldName::FirstName,
        FieldName::LastName,
        FieldName::Email,
        FieldName::Phone,
        FieldName::Company,
        FieldName::Title,
        FieldName::City,
        FieldName::Country,
        FieldName::Tags,
    ];
    let fields = fields.into_iter().map(|field| (field, None)).collect();
    let form = Form::new(
        "New contact".into(),
        Purpose::NewContact,
        fields,
        0,
        &model.times,
    );
    model.overlay = Some(Overlay::Form(Box::new(form)));
}

/// Opens the question whether to make the contact of a form; back to the form where nothing says who it is.
pub fn finish_new(model: &mut Model, mut form: Form, fields: Vec<FieldChange>) {
    let of = |field: &FieldName| fields.iter().find(|change| change.field == *field);
    let who = [
        FieldName::Email,
        FieldName::Phone,
        FieldName::LastName,
        FieldName::FirstName,
    ];
    if !who.iter().any(|field| of(field).is_some()) {
        form.refuse(0, "name, e-mail or phone is needed");
        model.overlay = Some(Overlay::Form(Box::new(form)));
        return;
    }
    let mut lines = vec![
        "GHL        the contact is made, then".to_owned(),
        "Growbots   the same lead, with its id".into(),
        String::new(),
    ];
    lines.extend(fields.iter().map(|change| {
        let value = show(change.to.as_ref(), &model.times);
        format!("{:<14} {value}", change.field.label())
    }));
    let ask = Ask::Act(Action::Add {
        kind: Kind::Contact,
        parent: None,
        fields,
    });
    let said = "The contact is made with the next pass.";
    let confirm = Confirm {
        foot: vec!["Requests   GHL 1 write, Growbots 1 write, and reads to be sure, 1 s".into()],
        ..Confirm::one("New contact", lines, "make it", ask, said)
    };
    model.overlay = Some(Overlay::Confirm(Box::new(confirm)));
}

/// Asks whether to part the pair: its records are different people.
pub fn split(model: &mut Model) {
    let (Some(link), Some(detail)) = (model.contacts.subject(), model.contacts.detail_in_view())
    else {
        return model.say(READING);
    };
    let id = |side: Side| {
        let live = detail.linked.ends.get(side).live();
        live.map_or_else(String::new, |end| clean(end.id.as_str()).into_owned())
    };
    let name = name(model);
    let lines = vec![
        format!("GHL        {}   stays as it is", id(Side::Ghl)),
        format!("Growbots   {}   stays as it is", id(Side::Growbots)),
        String::new(),
        "They are different people from now on: neither gets edits of the other, and they do not pair again.".into(),
        "Each is then in one system only. Nothing is deleted.".into(),
    ];
    let ask = Ask::Act(Action::Split { link });
    let key = model.key("contact.link");
    let said = format!("{name}: parted with the next pass. {key} makes a pair of two.");
    let title = format!("Part the pair of {name}?");
    let confirm = Confirm::one(&title, lines, "part them", ask, &said);
    model.overlay = Some(Overlay::Confirm(Box::new(confirm)));
}

/// The two contacts that `L` would pair: the one under the cursor and the marked one, that of GHL first.
pub fn to_link(model: &Model) -> Result<(&ContactRow, &ContactRow), String> {
    const HOW: &str =
        "{mark} marks the other record (only in GHL or only in Growbots), then {contact.link} here";
    let here = model.contacts.current().ok_or("no contact is selected")?;
    if here.ids.ghl.is_some() && here.ids.growbots.is_some() {
        let key = model.key("contact.split");
        return Err(format!("{} has a pair: {key} parts it", here.name));
    }
    let marked = model.marks.contacts.iter().filter(|id| **id != here.id);
    let [other] = marked.collect::<Vec<_>>()[..] else {
        return Err(model.keymap.fill(HOW));
    };
    let rows = &model.contacts.window.rows;
    let other = rows.iter().find(|row| row.id == *other);
    let other = other.ok_or_else(|| {
        let words = "the marked one is not in this list: {filter} or {search} shows both";
        model.keymap.fill(words)
    })?;
    let on = |row: &ContactRow, side: Side| row.ids.get(side).is_some();
    match (on(here, Side::Ghl), on(other, Side::Ghl)) {
        (true, false) => Ok((here, other)),
        (false, true) if !on(other, Side::Growbots) => Ok((other, here)),
        _ => Err("a pair is one record of GHL and one of Growbots".into()),
    }
}

/// Asks whether to make a pair of the contact under the cursor and the marked one.
pub fn link(model: &mut Model) {
    let (ghl, growbots) = match to_link(model) {
        Ok(two) => two,
        Err(why) => return model.say(why),
    };
    let (Some(id), Some(other)) = (&ghl.ids.ghl, &growbots.ids.growbots) else {
        return;
    };
    let line =
        |side: Side, row: &ContactRow| format!("{:<10} {}  {}", side.label(), row.name, row.email);
    let lines = vec![
        line(Side::Ghl, ghl),
        line(Side::Growbots, growbots),
        String::new(),
        "They become one contact: what only one side has goes to the other, what both have and differs \
         becomes a conflict that you decide."
            .into(),
    ];
    let ask = Ask::Act(Action::Match {
        ghl: id.clone(),
        growbots: other.clone(),
    });
    let key = model.key("contact.split");
    let said = format!("Paired with the next pass. {key} parts them again.");
    let confirm = Confirm::one("The same person?", lines, "make them a pair", ask, &said);
    model.marks.contacts.clear();
    model.overlay = Some(Overlay::Confirm(Box::new(confirm)));
}

/// Opens the form of tags to put on all marked contacts, or to take away.
pub fn tag_marked(model: &mut Model) {
    let links: Vec<LinkId> = model.marks.contacts.iter().copied().collect();
    let n = counted(links.len() as u64, "contact", "contacts");
    let fields = vec![(FieldName::Tags, None), (FieldName::Tags, None)];
    let purpose = Purpose::Tags(links.clone());
    let form = Form::new(
        format!("Tags of {n}, with commas between"),
        purpose,
        fields,
        0,
        &model.times,
    );
    model.overlay = Some(Overlay::Form(Box::new(
        form.labelled(&["put on", "take away"]),
    )));
    model.read(Request::Marked(links));
}

/// Opens the question that lists the writes of tags, once the marked contacts were read.
pub fn finish_tags(model: &mut Model, form: Form, links: &[LinkId]) {
    let words = |at: usize| match form.inputs.get(at).map(super::super::form::Input::value) {
        Some(Ok(Some(Value::Set(words)))) => words,
        _ => Vec::new(),
    };
    let (add, remove) = (words(0), words(1));
    let Some(details) = model
        .contacts
        .marked
        .as_ref()
        .filter(|all| covers(all, links))
    else {
        model.say("The marked contacts are still being read: enter again."); // the key of the form
        model.overlay = Some(Overlay::Form(Box::new(form)));
        return;
    };
    let mut lines = vec!["This will write, now:".to_owned()];
    let mut asks = Vec::new();
    let mut writes = BySide::<usize>::default();
    for detail in details
        .iter()
        .filter(|detail| links.contains(&detail.linked.id))
    {
        let linked = &detail.linked;
        let tags = |side: Side| {
            let record = &linked.ends.get(side).live()?.record;
            Some(record.get(&FieldName::Tags).cloned())
        };
        let from = tags(Side::Ghl).or(tags(Side::Growbots)).flatten();
        let mut set: BTreeSet<Box<str>> = match &from {
            Some(Value::Set(words)) => words.iter().cloned().collect(),
            _ => BTreeSet::new(),
        };
        set.extend(add.iter().cloned());
        set.retain(|word| !remove.contains(word));
        let to = Value::set(set.iter());
        if to == from {
            continue;
        }
        let seen = linked.ends.ghl.live().or(linked.ends.growbots.live());
        let title = seen.map_or_else(String::new, |end| end.record.title(linked.kind));
        for side in Side::BOTH {
            if tags(side).is_some_and(|had| had != to) {
                *writes.get_mut(side) += 1;
                let (from, to) = (
                    show(from.as_ref(), &model.times),
                    show(to.as_ref(), &model.times),
                );
                lines.push(format!(
                    "{:<9} {}  {from} → {to}",
                    side.label(),
                    clean(&title)
                ));
            }
        }
        asks.push(Ask::Act(Action::Edit {
            link: linked.id,
            changes: vec![FieldChange {
                field: FieldName::Tags,
                from,
                to,
            }],
        }));
    }
    if asks.is_empty() {
        return model.say("Nothing is written: all of them have these tags already.");
    }
    let n = counted(asks.len() as u64, "contact", "contacts");
    let confirm = Confirm {
        lines,
        foot: vec![format!("Requests   {}", cost_words(writes))],
        yes: Some("write them".into()),
        said: format!("The tags of {n} go with the next pass."),
        asks,
        ..Confirm::new(format!("Tags of {n}"))
    };
    model.overlay = Some(Overlay::Confirm(Box::new(confirm)));
}

fn covers(details: &[ContactDetail], links: &[LinkId]) -> bool {
    details.len() >= links.len().min(MARKED)
}

/// How many marked contacts are read for one question.
pub const MARKED: usize = 500;
