//! Columns and order of Contacts, and both with a filter kept under a name: a view.

use serde::{Deserialize, Serialize};

use crate::model::{ContactSort, FieldName};

use super::super::confirm::{Choice, Offer, Then};
use super::super::filter;
use super::super::form::{Form, Input, Purpose};
use super::super::model::{Model, Overlay};
use super::super::msg::Tab;
use super::contacts;

/// Views that have a number in the box.
const MOST: usize = 5;

/// A column beside mark and name, which always show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// E-mail.
    Email,
    /// Phone.
    Phone,
    /// Firm.
    Company,
    /// Owner.
    Owner,
    /// Latest edit.
    Edited,
}

impl Column {
    /// All, from left to right.
    pub const ALL: [Self; 5] = [
        Self::Email,
        Self::Phone,
        Self::Company,
        Self::Owner,
        Self::Edited,
    ];

    /// Its heading.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Email => "E-mail",
            Self::Phone => "Phone",
            Self::Company => "Company",
            Self::Owner => "Owner",
            Self::Edited => "Edited",
        }
    }
}

/// The columns that show until others are chosen.
pub const USUAL: [Column; 3] = [Column::Email, Column::Owner, Column::Edited];

/// Columns, order and filter under a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// Its name.
    pub name: String,
    /// The columns.
    pub columns: Vec<Column>,
    /// Whether the latest edit stands first.
    pub by_edit: bool,
    /// The filter as it was typed.
    pub filter: String,
}

/// What an answer in the box does to the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Gives it this order.
    Sort(ContactSort),
    /// Opens the choice of columns.
    Columns,
    /// Shows a column, or hides it.
    Turn(Column),
    /// Asks for the name of a view.
    Keep,
    /// Shows a view.
    Show(usize),
    /// Opens the choice of a view to remove.
    Removal,
    /// Removes a view.
    Remove(usize),
}

fn offer(words: impl Into<String>, step: Step) -> Offer {
    Offer {
        words: words.into(),
        then: Then::List(step),
        said: String::new(),
    }
}

fn choose(model: &mut Model, title: &str, answers: Vec<Offer>, foot: &str) {
    let choice = Choice {
        title: title.into(),
        lines: Vec::new(),
        answers,
        foot: foot.into(),
    };
    model.overlay = Some(Overlay::Choice(Box::new(choice)));
}

/// Opens the choice of order, columns and views.
pub fn open(model: &mut Model) {
    let by_name = match model.contacts.query.sort {
        ContactSort::Name => offer("sort by latest edit", Step::Sort(ContactSort::Edited)),
        ContactSort::Edited => offer("sort by name", Step::Sort(ContactSort::Name)),
    };
    let mut answers = vec![
        by_name,
        offer("choose columns", Step::Columns),
        offer("keep columns, order and filter as a view", Step::Keep),
    ];
    let views = model.contacts.views.iter().take(MOST).enumerate();
    answers.extend(views.map(|(at, view)| {
        let filter = match view.filter.as_str() {
            "" => String::new(),
            filter => format!("   {filter}"),
        };
        offer(format!("view {}{filter}", view.name), Step::Show(at))
    }));
    if !model.contacts.views.is_empty() {
        answers.push(offer("remove a view", Step::Removal));
    }
    choose(
        model,
        "Contacts: order, columns, views",
        answers,
        "Kept between runs.",
    );
}

fn columns(model: &mut Model) {
    let shown = &model.contacts.columns;
    let offers = Column::ALL.into_iter().map(|column| {
        let sign = if shown.contains(&column) {
            "■"
        } else {
            "□"
        };
        offer(format!("{sign} {}", column.label()), Step::Turn(column))
    });
    let answers = offers.collect();
    let foot = "Mark and name always show. What has no room goes: owner, company, phone first.";
    choose(model, "Columns of Contacts", answers, foot);
}

/// Does what was chosen.
pub fn take(model: &mut Model, step: Step) {
    match step {
        Step::Sort(sort) => contacts::requery(model, |query| query.sort = sort),
        Step::Columns => columns(model),
        Step::Turn(column) => {
            let shown = &mut model.contacts.columns;
            let before = shown.len();
            shown.retain(|other| *other != column);
            if shown.len() == before {
                shown.push(column);
                shown.sort_by_key(|column| Column::ALL.iter().position(|other| other == column));
            }
            columns(model);
        }
        Step::Keep => {
            let fields = vec![(FieldName::Title, None)];
            let form = Form::new(
                "Name of the view".into(),
                Purpose::View,
                fields,
                0,
                &model.times,
            );
            model.overlay = Some(Overlay::Form(Box::new(form.labelled(&["name"]))));
        }
        Step::Show(at) => show(model, at),
        Step::Removal => {
            let views = model.contacts.views.iter().take(9).enumerate();
            let answers = views.map(|(at, view)| offer(view.name.clone(), Step::Remove(at)));
            let answers = answers.collect();
            choose(model, "Remove a view", answers, "Its contacts stay.");
        }
        Step::Remove(at) => {
            if at < model.contacts.views.len() {
                let view = model.contacts.views.remove(at);
                model.say_done(format!("View {} removed.", view.name));
            }
        }
    }
}

fn show(model: &mut Model, at: usize) {
    let Some(view) = model.contacts.views.get(at).cloned() else {
        return;
    };
    model.contacts.columns = view.columns;
    let sort = if view.by_edit {
        ContactSort::Edited
    } else {
        ContactSort::Name
    };
    filter::apply(model, Tab::Contacts, &view.filter);
    contacts::requery(model, |query| {
        query.sort = sort;
        query.search.clear();
    });
    let key = model.key("sort");
    model.say_done(format!("View {}. {key}: others.", view.name));
}

/// Keeps the list as it is under the name of a form; a view of the same name gives way.
pub fn save(model: &mut Model, form: &Form) {
    let name = form.inputs.first().map(Input::text);
    let name = name.unwrap_or_default().trim().to_owned();
    if name.is_empty() {
        return model.say("A view needs a name.");
    }
    let view = View {
        name: name.clone(),
        columns: model.contacts.columns.clone(),
        by_edit: model.contacts.query.sort == ContactSort::Edited,
        filter: model.filters.text(Tab::Contacts).to_owned(),
    };
    model.contacts.views.retain(|other| other.name != name);
    model.contacts.views.insert(0, view);
    let key = model.key("sort");
    model.say_done(format!("View {name} is kept. {key} shows it again."));
}
