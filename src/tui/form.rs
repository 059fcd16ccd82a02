//! Forms: a few labelled text boxes, each checked by the type of its field.

use ratatui::style::Style;
use tui_textarea::{CursorMove, TextArea};

use crate::model::{ConflictId, FieldName, FieldType, Lane, LinkId, Side, Value};
use crate::text::{clean, clean_lines};

use super::confirm::Confirm;
use super::keys::{Code, Key};
use super::times::Times;

/// What a form is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Change fields of a record.
    Edit(LinkId),
    /// Write a note on a contact.
    Note(LinkId),
    /// Put conflicts off, with a note.
    PutOff(Vec<ConflictId>),
    /// Make a contact.
    NewContact,
    /// Put tags on contacts, or take them away.
    Tags(Vec<LinkId>),
    /// Keep the columns, order and filter of Contacts under a name.
    View,
    /// Give a field in conflict another value; with the revision that the operator saw.
    Other(ConflictId, FieldName, i64),
    /// Give the fields of many conflicts one value.
    Bulk,
    /// Say why, for the log, in a question that applies.
    Reason(Box<Confirm>),
    /// Change fields of these tasks.
    Tasks(Vec<LinkId>),
    /// Make a task for a contact.
    NewTask(LinkId),
    /// Write the list to a file.
    Export,
    /// Pause a side, or a lane.
    Pause {
        /// Which side; `None`: both.
        side: Option<Side>,
        /// Which lane; `None`: all.
        lane: Option<Lane>,
    },
}

/// One box of a form.
#[derive(Clone, Debug)]
pub struct Input {
    /// The field.
    pub field: FieldName,
    /// What it had.
    pub from: Option<Value>,
    /// The text box.
    pub area: TextArea<'static>,
    /// What is wrong with the text.
    pub bad: Option<String>,
    before: String,
    times: Times,
    label: Option<&'static str>,
}

impl Input {
    fn new(field: FieldName, from: Option<Value>, times: &Times) -> Self {
        let text = match &from {
            Some(Value::Time(at)) => times.typed(*at),
            Some(value) => value.to_string(),
            None => String::new(),
        };
        let lines = match field.ty() {
            FieldType::Lines => clean_lines(&text),
            _ => clean(&text).into_owned(),
        };
        let mut area = TextArea::new(lines.lines().map(str::to_owned).collect());
        area.set_cursor_line_style(Style::new());
        area.move_cursor(CursorMove::Bottom);
        area.move_cursor(CursorMove::End);
        Self {
            field,
            from,
            area,
            bad: None,
            before: lines,
            times: times.clone(),
            label: None,
        }
    }

    /// What stands before it.
    pub fn label(&self) -> String {
        self.label.map_or_else(|| self.field.label(), str::to_owned)
    }

    /// Whether it takes several lines.
    pub fn is_long(&self) -> bool {
        self.field.ty() == FieldType::Lines
    }

    /// What was typed.
    pub fn text(&self) -> String {
        self.area.lines().join("\n")
    }

    /// The new value, `None` if the text is as it was.
    pub fn changed(&self) -> Option<Result<Option<Value>, String>> {
        let text = self.text();
        if text == self.before {
            return None;
        }
        let text = text.trim_end();
        if self.field.ty() == FieldType::Time && !matches!(text, "" | "none") {
            let read = self.times.parse(text).map(|at| Value::Time(at.to_second()));
            let bad = || format!("`{text}` is no time such as `fri 9:00` or `+2d`");
            return Some(read.map(Some).ok_or_else(bad));
        }
        let text = if self.field.ty() == FieldType::Time {
            ""
        } else {
            text
        };
        Some(Value::parse(self.field.ty(), text).map_err(|bad| bad.to_string()))
    }

    /// The value that is typed, changed or not.
    pub fn value(&self) -> Result<Option<Value>, String> {
        self.changed().unwrap_or_else(|| Ok(self.from.clone()))
    }

    /// What the text was understood as, or may be, where that helps.
    pub fn understood(&self) -> Option<String> {
        if self.field.ty() != FieldType::Time {
            return None;
        }
        match (self.times.parse(&self.text()), self.text().trim()) {
            (Some(at), _) => Some(self.times.whole(at)),
            (None, "none") => Some("no time".into()),
            (None, _) => Some("+2d, fri, 12 dec 9:00, none".into()),
        }
    }

    fn check(&mut self) {
        self.bad = self.changed().and_then(Result::err).or_else(|| {
            let text = self.text();
            let text = text.trim();
            match self.field {
                _ if text.is_empty() || text == self.before => None,
                FieldName::Email if !is_email(text) => Some("this is no e-mail address".into()),
                FieldName::Phone if !is_phone(text) => Some("a phone has 5 to 20 digits".into()),
                _ => None,
            }
        });
    }
}

/// A form.
#[derive(Clone, Debug)]
pub struct Form {
    /// What it is about.
    pub title: String,
    /// What it is for.
    pub purpose: Purpose,
    /// Its boxes; never empty.
    pub inputs: Vec<Input>,
    /// The box with the cursor.
    pub at: usize,
}

/// What became of a key in a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pressed {
    /// It is being filled.
    Stays,
    /// It is filled, and every value is good.
    Done,
    /// It was left.
    Left,
}

impl Form {
    /// A form of these fields with what they have now, the cursor in box `at`.
    pub fn new(
        title: String,
        purpose: Purpose,
        fields: Vec<(FieldName, Option<Value>)>,
        at: usize,
        times: &Times,
    ) -> Self {
        let inputs = fields
            .into_iter()
            .map(|(field, from)| Input::new(field, from, times))
            .collect();
        Self {
            title,
            purpose,
            inputs,
            at,
        }
    }

    /// The same form with other words before its boxes.
    #[must_use]
    pub fn labelled(mut self, labels: &[&'static str]) -> Self {
        for (input, label) in self.inputs.iter_mut().zip(labels) {
            input.label = Some(label);
        }
        self
    }

    /// Goes to a box and says what is wrong with it.
    pub fn refuse(&mut self, at: usize, why: &str) {
        if let Some(input) = self.inputs.get_mut(at) {
            input.bad = Some(why.into());
            self.at = at;
        }
    }

    /// The same form for a record that is not there yet: what its boxes hold counts as typed.
    #[must_use]
    pub fn as_new(mut self) -> Self {
        for input in &mut self.inputs {
            input.from = None;
            input.before.clear();
        }
        self
    }

    /// Takes a key.
    pub fn press(&mut self, key: Key) -> Pressed {
        let last = self.inputs.len().saturating_sub(1);
        let at = self.at.min(last);
        let Some(input) = self.inputs.get_mut(at) else {
            return Pressed::Left;
        };
        let long = input.is_long();
        match key.code {
            Code::Esc => return Pressed::Left,
            Code::Char('s') if key.ctrl => return self.finish(),
            Code::Enter if !long => return self.finish(),
            Code::Tab => (self.at, input.bad) = ((at + 1) % (last + 1), checked(input)),
            Code::BackTab => (self.at, input.bad) = ((at + last) % (last + 1), checked(input)),
            Code::Down if !long => (self.at, input.bad) = ((at + 1).min(last), checked(input)),
            Code::Up if !long => (self.at, input.bad) = (at.saturating_sub(1), checked(input)),
            Code::Char('u') if key.ctrl && !long => {
                input.area.move_cursor(CursorMove::End);
                input.area.delete_line_by_head();
                input.bad = None;
            }
            _ => {
                input.area.input(key.to_input());
                input.bad = None;
            }
        }
        Pressed::Stays
    }

    /// Takes pasted text.
    pub fn paste(&mut self, text: &str) {
        if let Some(input) = self.inputs.get_mut(self.at) {
            let text = clean_lines(text);
            let text = if input.is_long() {
                text
            } else {
                text.replace('\n', " ")
            };
            input.area.insert_str(text);
        }
    }

    fn finish(&mut self) -> Pressed {
        for input in &mut self.inputs {
            input.check();
        }
        match self.inputs.iter().position(|input| input.bad.is_some()) {
            Some(wrong) => {
                self.at = wrong;
                Pressed::Stays
            }
            None => Pressed::Done,
        }
    }
}

fn checked(input: &mut Input) -> Option<String> {
    input.check();
    input.bad.take()
}

fn is_email(text: &str) -> bool {
    let named = text.split_once('@');
    named.is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !text.contains(' '))
}

fn is_phone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let known = |c: char| c.is_ascii_digit() || " +-().x/#".contains(c);
    (5..=20).contains(&digits) && text.chars().all(known)
}
