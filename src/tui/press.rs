//! Keys and pasted text: into text boxes, forms and choices, or as commands.

use crate::engine::port::Ask;
use crate::model::{Action, FieldChange, Kind, Value};

use super::commands::{COMMANDS, Meaning};
use super::confirm::{Confirm, Offer, Then, cost_words};
use super::effect::Request;
use super::filter;
use super::form::{Form, Pressed, Purpose};
use super::keys::{Code, Key};
use super::model::{Model, Overlay};
use super::msg::{Move, Tab};
use super::remember;
use super::tabs::{
    applying, bulk, contact_forms, contacts, detail, errors, errors_export, put_off, rates,
    staging, sync_log, task_forms, tasks, views, workbench,
};
use super::update::{run, show_tab, step};
use super::walk::quit;
use super::widgets::palette::{self, Goal, Palette};
use super::workspaces;

/// Takes a key: into a box, or as a command of the scopes that hold.
pub(super) fn press(model: &mut Model, key: Key) {
    model.dirty = true;
    model.toast = None;
    sync_log::wake(model);
    if model.is_too_small() {
        if key == Key::char('q') || (key.ctrl && key.code == Code::Char('c')) {
            quit(model);
        }
        return;
    }
    if model.searching {
        return press_search(model, key);
    }
    if model.filters.editing.is_some() {
        return filter::press(model, key);
    }
    match model.overlay.take() {
        Some(Overlay::Form(form)) => press_form(model, form, key),
        Some(Overlay::Palette(palette)) => press_palette(model, palette, key),
        Some(Overlay::Workspaces(overview)) => workspaces::press(model, overview, key),
        Some(Overlay::Remember(asked)) => remember::press(model, asked, key),
        Some(Overlay::Choice(choice)) => {
            let at = match key.code {
                Code::Char(c) if !key.ctrl => c.to_digit(10).map(|n| n as usize),
                _ => None,
            };
            match at.and_then(|at| choice.answers.get(at.wrapping_sub(1))) {
                Some(offer) => choose(model, offer.clone()),
                None if key.code == Code::Esc || key.ctrl => {}
                None => model.overlay = Some(Overlay::Choice(choice)),
            }
        }
        Some(Overlay::Leave) if key != Key::char('y') => {} // only y leaves
        other => {
            model.overlay = other;
            press_command(model, key);
        }
    }
}

fn choose(model: &mut Model, offer: Offer) {
    match offer.then {
        Then::Question(confirm) => model.overlay = Some(Overlay::Confirm(confirm)),
        Then::Ask(asks) => {
            for ask in asks {
                model.ask(ask);
            }
            model.say_done(offer.said);
        }
        Then::Form(form) => model.overlay = Some(Overlay::Form(form)),
        Then::List(step) => views::take(model, step),
        Then::Log(filter) => {
            model.conflicts.bench = None;
            filter::apply(model, Tab::SyncLog, &filter);
            show_tab(model, Tab::SyncLog);
        }
        Then::Undo(of) => {
            let me = model.operator.clone();
            model.read(Request::Undo { of: Some(of), me });
        }
        Then::Copy(text) => {
            model.copy(text);
            model.say_done(offer.said);
        }
    }
}

fn press_command(model: &mut Model, key: Key) {
    let mut pressed: Vec<Key> = model.pending.take().into_iter().collect();
    pressed.push(key);
    let mut found = model.keymap.meaning(model.scopes(), &pressed);
    if found == Meaning::Nothing && pressed.len() > 1 {
        found = model.keymap.meaning(model.scopes(), &[key]);
    }
    match found {
        Meaning::Command(at) => match COMMANDS[at].can_run(model) {
            Ok(()) => run(model, COMMANDS[at].msg),
            Err(why) => model.say(capital(&why)),
        },
        Meaning::Begins => model.pending = Some(key),
        Meaning::Nothing => {}
    }
}

fn capital(words: &str) -> String {
    let mut chars = words.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), chars.as_str())
}

fn press_search(model: &mut Model, key: Key) {
    let mut words = match model.tab {
        Tab::Tasks => model.tasks.query.search.clone(),
        _ => model.contacts.query.search.clone(),
    };
    match key.code {
        Code::Esc | Code::Enter => {
            model.searching = false;
            return;
        }
        Code::Char('c') if key.ctrl => {
            model.searching = false;
            return;
        }
        Code::Backspace => {
            words.pop();
        }
        Code::Char('u') if key.ctrl => words.clear(),
        Code::Char('w') if key.ctrl => {
            let kept = words.trim_end().rfind(' ').map_or(0, |at| at + 1);
            words.truncate(kept);
        }
        Code::Char(c) if !key.ctrl && !key.alt => words.push(c),
        Code::Down => return step(model, Move::Down),
        Code::Up => return step(model, Move::Up),
        Code::Tab if words.contains(':') => {
            model.searching = false;
            search(model, String::new());
            filter::take_over(model, &words);
            return filter::press(model, key);
        }
        _ => return,
    }
    search(model, words);
}

fn search(model: &mut Model, words: String) {
    match model.tab {
        Tab::Tasks => tasks::search(model, words),
        _ => contacts::requery(model, |query| query.search = words),
    }
}

fn press_palette(model: &mut Model, mut palette: Palette, key: Key) {
    let hits = palette::hits(model, &palette);
    let before = palette.text.clone();
    match palette.press(key, hits.len()) {
        palette::Pressed::Stays => {
            if palette.text != before {
                palette::find(model, &mut palette);
            }
            model.overlay = Some(Overlay::Palette(palette));
        }
        palette::Pressed::Left => {}
        palette::Pressed::Runs => match hits.into_iter().nth(palette.at) {
            Some(hit) => match (hit.reason, hit.goal) {
                (Some(why), _) => model.say(capital(&why)),
                (None, Goal::Run(msg)) => run(model, msg),
                (None, Goal::Conflict(id)) => workbench::open(model, id),
                (None, Goal::Contact(link)) => contacts::show(model, link),
                (None, Goal::TaskFor(link)) => task_forms::new_for(model, link, &hit.words),
                (None, Goal::Assignee(who)) if model.tab == Tab::Errors => {
                    errors::give_to(model, &who);
                }
                (None, Goal::Assignee(who)) => task_forms::give_to(model, &who),
            },
            None => model.overlay = Some(Overlay::Palette(palette)),
        },
    }
}

fn press_form(model: &mut Model, mut form: Box<Form>, key: Key) {
    match form.press(key) {
        Pressed::Stays => model.overlay = Some(Overlay::Form(form)),
        Pressed::Left => {}
        Pressed::Done => finish_form(model, *form),
    }
}

/// The value of a form of one box.
fn typed_value(form: &Form) -> Option<Value> {
    let input = form.inputs.first()?;
    input.value().ok().flatten()
}

fn finish_form(model: &mut Model, form: Form) {
    let changes: Vec<FieldChange> = form
        .inputs
        .iter()
        .filter_map(|input| {
            let to = input.changed()?.ok()?;
            let each = matches!(form.purpose, Purpose::Tasks(_)); // has its own value
            (each || to != input.from).then(|| FieldChange {
                field: input.field.clone(),
                from: input.from.clone(),
                to,
            })
        })
        .collect();
    match &form.purpose {
        Purpose::Other(id, field, seen) => {
            let answer = staging::typed(field, typed_value(&form).as_ref());
            staging::stage_seen(model, *id, answer, *seen);
        }
        Purpose::Bulk => bulk::take_value(model, typed_value(&form)),
        Purpose::Reason(confirm) => {
            let note = form.inputs.first().map(super::form::Input::text);
            let confirm = applying::with_reason((**confirm).clone(), &note.unwrap_or_default());
            model.overlay = Some(Overlay::Confirm(Box::new(confirm)));
        }
        Purpose::NewContact => contact_forms::finish_new(model, form, changes),
        Purpose::Tags(links) => {
            let links = links.clone();
            contact_forms::finish_tags(model, form, &links);
        }
        Purpose::PutOff(ids) => {
            let ids = ids.clone();
            put_off::finish(model, form, &ids);
        }
        Purpose::View => views::save(model, &form),
        Purpose::Pause { side, lane } => rates::finish_pause(model, &form, *side, *lane),
        Purpose::Export => {
            let path = form.inputs.first().map(super::form::Input::text);
            errors_export::write_to(model, path.unwrap_or_default().trim());
        }
        Purpose::NewTask(contact) => {
            let contact = *contact;
            task_forms::finish_new(model, form, contact, changes);
        }
        _ if changes.is_empty() => model.say("Nothing changed."),
        Purpose::Tasks(links) => task_forms::finish(model, &form, links, &changes),
        Purpose::Note(link) => {
            let ask = Ask::Act(Action::Add {
                kind: Kind::Note,
                parent: Some(*link),
                fields: changes,
            });
            let title = form.title.clone();
            let text = form.inputs.first().map(super::form::Input::text);
            let lines = vec![
                "GHL        the note is made, then".into(),
                "Growbots   the same note, with its id".into(),
                String::new(),
                text.unwrap_or_default(),
            ];
            let said = "The note is written with the next pass.";
            let confirm = Confirm::one(&title, lines, "write it", ask, said);
            model.overlay = Some(Overlay::Confirm(Box::new(confirm)));
        }
        Purpose::Edit(link) => {
            let confirm = edit_box(model, &form, *link, changes);
            model.overlay = Some(Overlay::Confirm(Box::new(confirm)));
        }
    }
}

fn edit_box(
    model: &Model,
    form: &Form,
    link: crate::model::LinkId,
    changes: Vec<FieldChange>,
) -> Confirm {
    let mut lines = vec!["This will write, now:".to_owned()];
    let show = |value: Option<&Value>| detail::show(value, &model.times);
    let mut touched = crate::model::BySide::<bool>::default();
    for change in &changes {
        let ends = contacts::ends_of(model, &change.field);
        for side in crate::model::Side::BOTH {
            let Some(had) = ends.get(side) else {
                continue; // the record is not there
            };
            if *had != change.to {
                *touched.get_mut(side) = true;
                lines.push(format!(
                    "{:<10} {:<16} {} → {}",
                    side.label(),
                    change.field.label(),
                    show(had.as_ref()),
                    show(change.to.as_ref())
                ));
            }
        }
    }
    let cost = cost_words(touched.map(usize::from));
    let ask = Ask::Act(Action::Edit { link, changes });
    let said = "Goes with the next pass.";
    Confirm {
        foot: vec![format!("Requests   {cost}")],
        ..Confirm::one(&form.title, lines, "write it", ask, said)
    }
}

/// Takes pasted text: into text boxes only, never as commands.
pub(super) fn paste(model: &mut Model, text: &str) {
    let line = crate::text::clean(text).replace('⏎', " ");
    model.dirty = true;
    match &mut model.overlay {
        Some(Overlay::Form(form)) => form.paste(text),
        Some(Overlay::Remember(asked)) => asked.paste(&line),
        Some(Overlay::Palette(palette)) => {
            palette.text.push_str(&line);
            let mut palette = palette.clone();
            palette::find(model, &mut palette);
            model.overlay = Some(Overlay::Palette(palette));
        }
        None if model.filters.editing.is_some() => filter::paste(model, &line),
        None if model.searching => {
            let words = match model.tab {
                Tab::Tasks => &model.tasks.query.search,
                _ => &model.contacts.query.search,
            };
            search(model, format!("{words}{line}"));
        }
        _ => model.say("Pasted text goes into text boxes only."),
    }
}
