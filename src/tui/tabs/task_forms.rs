//! What is done with tasks beside ticking one: bulk commands, forms, new ones. Each ends in a question that lists the
//! writes.

use crate::engine::port::Ask;
use crate::model::{Action, BySide, FieldChange, FieldName, Kind, LinkId, Side, TaskRow, Value};

use super::super::confirm::{Confirm, cost_words};
use super::super::form::{Form, Purpose};
use super::super::model::{Model, Overlay};
use super::super::times::counted;
use super::super::widgets::palette::{Palette, Picks};
use super::detail::show;

/// The tasks that a command is about: the marked ones that are loaded, else that under the cursor.
fn subjects(model: &Model) -> Vec<&TaskRow> {
    let window = &model.tasks.window;
    if model.marks.tasks.is_empty() {
        return window.current().into_iter().collect();
    }
    let marked = |row: &&TaskRow| model.marks.tasks.contains(&row.id);
    window.rows.iter().filter(marked).collect()
}

/// What a command is about, in words.
fn whom(rows: &[&TaskRow]) -> String {
    match rows {
        [one] => one.title.clone(),
        rows => counted(rows.len() as u64, "task", "tasks"),
    }
}

/// What a row has of a field, or `otherwise` where only the record knows it.
fn of_row(row: &TaskRow, field: &FieldName, otherwise: Option<&Value>) -> Option<Value> {
    match field {
        FieldName::Title => Value::text(row.title.as_str()),
        FieldName::DueAt => row.due_at.map(Value::Time),
        FieldName::Assignee => Value::text(row.assignee.as_str()),
        FieldName::Completed => Value::yes(row.completed),
        _ => otherwise.cloned(),
    }
}

/// A question that lists the writes of these changes to each task. A change of what a row has is from that value.
fn question(
    model: &Model,
    rows: &[&TaskRow],
    title: &str,
    yes: &str,
    changes: &[FieldChange],
) -> Confirm {
    let mut lines = vec!["This will write, now:".to_owned()];
    let mut asks = Vec::new();
    let mut writes = BySide::<usize>::default();
    for row in rows {
        let of_this = changes.iter().map(|change| FieldChange {
            from: of_row(row, &change.field, change.from.as_ref()),
            ..change.clone()
        });
        let of_this: Vec<FieldChange> = of_this.filter(|it| it.from != it.to).collect();
        if of_this.is_empty() {
            continue;
        }
        for side in Side::BOTH {
            if row.ids.get(side).is_none() {
                continue;
            }
            *writes.get_mut(side) += 1;
            for change in &of_this {
                let words = match (&change.field, &change.to) {
                    (FieldName::Completed, Some(_)) => "open → done".into(),
                    (FieldName::Completed, None) => "done → open".into(),
                    (field, to) => {
                        let from = show(change.from.as_ref(), &model.times);
                        let to = show(to.as_ref(), &model.times);
                        format!("{}  {from} → {to}", field.label())
                    }
                };
                lines.push(format!("{:<10} {}  {words}", side.label(), row.title));
            }
        }
        asks.push(Ask::Act(Action::Edit {
            link: row.id,
            changes: of_this,
        }));
    }
    if asks.is_empty() {
        lines = vec!["Nothing is written: all of them are so already.".into()];
    }
    let n = asks.len() as u64;
    let verb = if n == 1 { "goes" } else { "go" };
    Confirm {
        lines,
        foot: vec![format!("Requests   {}", cost_words(writes))],
        yes: (!asks.is_empty()).then(|| yes.to_owned()),
        said: format!("{} {verb} with the next pass.", counted(n, "task", "tasks")),
        asks,
        ..Confirm::new(title)
    }
}

fn open(model: &mut Model, confirm: Confirm) {
    model.overlay = Some(Overlay::Confirm(Box::new(confirm)));
}

/// Asks whether to tick all marked tasks.
pub fn complete(model: &mut Model) {
    let rows = subjects(model);
    let change = FieldChange {
        field: FieldName::Completed,
        from: None,
        to: Value::yes(true),
    };
    let title = format!("Complete {}?", whom(&rows));
    let confirm = question(model, &rows, &title, "complete them", &[change]);
    open(model, confirm);
}

/// Opens the box for a new due time of the marked tasks, or that under the cursor.
pub fn due(model: &mut Model) {
    let rows = subjects(model);
    let now = match rows.as_slice() {
        [one] => match one.due_at {
            Some(at) => format!(", due {} now", model.times.due(at)),
            None => ", without a due date now".into(),
        },
        _ => String::new(),
    };
    let title = format!("When is it due? {}{now}", whom(&rows));
    let links: Vec<LinkId> = rows.iter().map(|row| row.id).collect();
    let fields = vec![(FieldName::DueAt, None)];
    let form = Form::new(title, Purpose::Tasks(links), fields, 0, &model.times);
    model.overlay = Some(Overlay::Form(Box::new(form)));
}

/// Opens the form of the task under the cursor.
pub fn edit(model: &mut Model) {
    let (Some(row), Some(detail)) = (model.tasks.window.current(), model.tasks.detail()) else {
        return model.say("The task is still being read.");
    };
    if model.marks.tasks.len() > 1 {
        let words = model.keymap.fill(
            "{task.edit} edits one task: {task.assign} and {task.due} take all marked ones, {back} lets them go.",
        );
        return model.say(words);
    }
    let end = Side::BOTH
        .iter()
        .find_map(|side| detail.linked.ends.get(*side).live());
    let body = end.and_then(|end| end.record.get(&FieldName::Body).cloned());
    let fields = [FieldName::Title, FieldName::DueAt, FieldName::Assignee];
    let mut fields: Vec<_> = fields
        .into_iter()
        .map(|field| {
            let value = of_row(row, &field, None);
            (field, value)
        })
        .collect();
    fields.push((FieldName::Body, body));
    let title = format!("Edit {}", row.title);
    let purpose = Purpose::Tasks(vec![row.id]);
    let form = Form::new(title, purpose, fields, 0, &model.times);
    model.overlay = Some(Overlay::Form(Box::new(form)));
}

/// Opens the list of people to give the marked tasks, or that under the cursor, to.
pub fn assign(model: &mut Model) {
    let palette = Palette::picking(Picks::Assignee);
    model.overlay = Some(Overlay::Palette(palette));
}

/// Somebody was picked to give tasks to; empty: nobody.
pub fn give_to(model: &mut Model, who: &str) {
    let rows = subjects(model);
    let change = FieldChange {
        field: FieldName::Assignee,
        from: None,
        to: Value::text(who),
    };
    let name = if who.is_empty() { "nobody" } else { who };
    let title = format!("Give {} to {name}?", whom(&rows));
    let confirm = question(model, &rows, &title, "give", &[change]);
    open(model, confirm);
}

/// Opens the list of contacts to make a task for.
pub fn new(model: &mut Model) {
    let palette = Palette::picking(Picks::ContactOfTask);
    model.overlay = Some(Overlay::Palette(palette));
}

/// Opens the form of a new task for a contact.
pub fn new_for(model: &mut Model, contact: LinkId, name: &str) {
    let due = model.times.next_working_day(17).map(Value::Time);
    let mine = model.tasks.board.people.iter().find(|who| {
        let short = who.split('@').next().unwrap_or(who);
        short.eq_ignore_ascii_case(&model.operator)
    });
    let fields = vec![
        (FieldName::Title, None),
        (FieldName::DueAt, due),
        (
            FieldName::Assignee,
            mine.and_then(|who| Value::text(who.as_str())),
        ),
        (FieldName::Body, None),
    ];
    let title = format!("New task for {name}");
    let form = Form::new(title, Purpose::NewTask(contact), fields, 0, &model.times).as_new();
    model.overlay = Some(Overlay::Form(Box::new(form)));
}

/// A form of tasks was filled.
pub fn finish(model: &mut Model, form: &Form, links: &[LinkId], changes: &[FieldChange]) {
    let rows = model.tasks.window.rows.iter();
    let rows: Vec<_> = rows.filter(|row| links.contains(&row.id)).collect();
    let confirm = question(model, &rows, &form.title, "write it", changes);
    open(model, confirm);
}

/// The form of a new task was filled.
pub fn finish_new(model: &mut Model, form: Form, contact: LinkId, fields: Vec<FieldChange>) {
    if !fields.iter().any(|field| field.field == FieldName::Title) {
        model.say("A task needs a title.");
        model.overlay = Some(Overlay::Form(Box::new(form)));
        return;
    }
    let said = fields.iter().map(|change| {
        let to = show(change.to.as_ref(), &model.times);
        format!("           {:<10} {to}", change.field.label())
    });
    let mut lines = vec!["GHL        the task is made:".to_owned()];
    lines.extend(said);
    lines.push("Growbots   the same task, with its id".into());
    let ask = Ask::Act(Action::Add {
        kind: Kind::Task,
        parent: Some(contact),
        fields,
    });
    let said = "The task is made with the next pass.";
    let mut confirm = Confirm::one(&form.title, lines, "make it", ask, said);
    let cost = cost_words(BySide {
        ghl: 1,
        growbots: 1,
    });
    confirm.foot = vec![format!("Requests   {cost}")];
    open(model, confirm);
}
