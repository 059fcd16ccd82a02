//! "Remember as a policy": how later conflicts of a field are decided, on which records, and what that settles now.

use crate::engine::port::Ask;
use crate::merge::Policy;
use crate::model::{
    Action, Answer, Conflict, ConflictField, ConflictId, ConflictState, FieldName, FieldType,
    Filter, Kind, LinkId, NewPolicy, Reason, Scope, Side, Take,
};

use super::confirm::Confirm;
use super::effect::Request;
use super::filter;
use super::keys::{Code, Key};
use super::model::{Model, Overlay};
use super::msg::Tab;
use super::tabs::staging;
use super::times::counted;

/// The lines of the box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Decide by.
    By,
    /// Scope.
    Scope,
    /// The filter of that scope.
    Filter,
    /// A note.
    Note,
}

/// On which records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// On this one.
    Record,
    /// On those that pass a filter.
    Filter,
    /// On all.
    Field,
}

/// The contacts that pass a filter, as the store counted them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matched {
    /// The filter.
    pub filter: Filter,
    /// Those of them that have a conflict of the field.
    pub links: Vec<LinkId>,
    /// How many pass in all.
    pub count: u64,
}

/// The box, while it is filled.
#[derive(Clone, Debug)]
pub struct Remember {
    /// The conflict that it came from.
    pub conflict: ConflictId,
    /// What the record is.
    pub kind: Kind,
    /// Which field.
    pub field: FieldName,
    /// Whose record.
    pub title: String,
    /// The line with the cursor.
    pub line: Line,
    /// What decides.
    pub by: Policy,
    /// On which records.
    pub reach: Reach,
    /// The filter as it is typed.
    pub filter: String,
    /// The note.
    pub note: String,
    /// What passes the filter, once it was counted.
    pub matched: Option<Matched>,
    link: LinkId,
}

/// What a policy settles of the conflicts that are open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settles {
    /// The answers that it gives.
    pub answers: Vec<(ConflictId, Answer)>,
    /// Those that it leaves to a person, and why.
    pub stay: usize,
    /// Those with an answer that somebody staged: kept.
    pub kept: usize,
}

/// The policies that can decide a field.
pub fn policies(field: &FieldName) -> Vec<Policy> {
    let mut all = vec![Policy::Newest, Policy::Ghl, Policy::Growbots];
    match field.ty() {
        FieldType::Set => all.push(Policy::Union),
        FieldType::Lines => all.push(Policy::Append),
        _ => {}
    }
    all.push(Policy::Manual);
    all
}

/// A policy in words.
pub const fn policy_words(policy: Policy) -> &'static str {
    match policy {
        Policy::Newest => "newest",
        Policy::Ghl => "GHL",
        Policy::Growbots => "Growbots",
        Policy::Union => "both, united",
        Policy::Append => "both, one after the other",
        Policy::Manual => "ask me",
        Policy::Restrictive => "yes wins",
    }
}

/// The answer that a policy gives; `None` where a person decides.
fn answer(policy: Policy, field: &ConflictField) -> Option<Answer> {
    let take = match policy {
        Policy::Ghl => Take::Side(Side::Ghl),
        Policy::Growbots => Take::Side(Side::Growbots),
        Policy::Newest => Take::Side(field.newer?),
        Policy::Union | Policy::Append => Take::Both,
        Policy::Manual | Policy::Restrictive => return None,
    };
    staging::answer(field, &take).ok()
}

impl Remember {
    /// The reaches that make sense: filters name contacts.
    pub fn reaches(&self) -> &'static [Reach] {
        match self.kind {
            Kind::Contact => &[Reach::Record, Reach::Filter, Reach::Field],
            _ => &[Reach::Record, Reach::Field],
        }
    }

    /// The filter that is typed, or what is wrong with it.
    pub fn read_filter(&self, me: &str) -> Result<Filter, String> {
        match filter::read(Tab::Contacts, self.filter.trim(), me) {
            Ok(read) if read.is_empty() && self.line != Line::Filter => {
                Err("tab, then type one, such as tag:vip".into())
            }
            Ok(read) if read.is_empty() => Err("type one, such as tag:vip".into()),
            Ok(read) => Ok(read),
            Err((_, why)) => Err(why),
        }
    }

    /// Whether the typed filter was counted already.
    fn counted(&self, me: &str) -> Option<&Matched> {
        let read = self.read_filter(me).ok()?;
        self.matched.as_ref().filter(|m| m.filter == read)
    }

    /// What it would settle with this reach; `None` while that is being counted.
    pub fn settles(&self, model: &Model, reach: Reach) -> Option<Settles> {
        let matched = match reach {
            Reach::Filter => Some(self.counted(&model.operator)?),
            _ => None,
        };
        let is_meant = |conflict: &Conflict| match reach {
            Reach::Record => conflict.link == self.link,
            Reach::Filter => matched.is_some_and(|m| m.links.contains(&conflict.link)),
            Reach::Field => true,
        };
        let mut out = Settles::default();
        for (conflict, field) in of_field(model, self.kind, &self.field) {
            if !is_meant(conflict) {
                continue;
            }
            let staged = conflict.staged.iter();
            let mut staged = staged.filter(|s| s.revision == conflict.revision);
            let is_staged = staged.any(|s| staging::field_of(&s.answer) == Some(&self.field));
            match answer(self.by, field) {
                _ if is_staged => out.kept += 1,
                Some(answer) => out.answers.push((conflict.id, answer)),
                None => out.stay += 1,
            }
        }
        Some(out)
    }

    fn lines(&self) -> &'static [Line] {
        match self.reach {
            Reach::Filter => &[Line::By, Line::Scope, Line::Filter, Line::Note],
            _ => &[Line::By, Line::Scope, Line::Note],
        }
    }

    fn go(&mut self, by: isize) {
        let lines = self.lines();
        let at = lines.iter().position(|line| *line == self.line);
        let to = at.unwrap_or(0) as isize + by;
        self.line = lines[to.rem_euclid(lines.len() as isize) as usize];
    }

    fn turn(&mut self, by: isize) {
        fn turned<T: Copy + PartialEq>(all: &[T], now: T, by: isize) -> T {
            let at = all.iter().position(|one| *one == now).unwrap_or(0) as isize;
            all[(at + by).rem_euclid(all.len() as isize) as usize]
        }
        match self.line {
            Line::By => self.by = turned(&policies(&self.field), self.by, by),
            Line::Scope => self.reach = turned(self.reaches(), self.reach, by),
            Line::Filter | Line::Note => {}
        }
    }

    /// One down or up: among the scopes, which stand one below another, then to the next line.
    fn step(&mut self, by: isize) {
        let all = self.reaches();
        let at = all.iter().position(|reach| *reach == self.reach);
        let to = at.and_then(|at| all.get(at.checked_add_signed(by)?));
        match (self.line, to) {
            (Line::Scope, Some(to)) => self.reach = *to,
            _ => self.go(by),
        }
    }

    fn text(&mut self) -> Option<&mut String> {
        match self.line {
            Line::Filter => Some(&mut self.filter),
            Line::Note => Some(&mut self.note),
            Line::By | Line::Scope => None,
        }
    }

    /// Takes pasted text.
    pub fn paste(&mut self, line: &str) {
        if let Some(text) = self.text() {
            text.push_str(line);
        }
    }

    fn scope(&self, me: &str) -> Result<Scope, String> {
        Ok(match self.reach {
            Reach::Record => Scope::Record { link: self.link },
            Reach::Field => Scope::Field,
            Reach::Filter => Scope::Filter {
                filter: self.read_filter(me)?.to_string(),
            },
        })
    }
}

/// The open conflicts that have a field, with it.
fn of_field<'a>(
    model: &'a Model,
    kind: Kind,
    field: &'a FieldName,
) -> impl Iterator<Item = (&'a Conflict, &'a ConflictField)> {
    let open = model.conflicts.all.iter().filter(move |c| {
        c.reason == Reason::Field && c.state == ConflictState::Open && c.kind == kind
    });
    open.filter_map(move |c| Some((c, c.fields.iter().find(|f| f.field == *field)?)))
}

/// Opens the box for the field under the cursor of the workbench.
pub fn open(model: &mut Model) {
    let (Some(conflict), Some(field)) = (model.conflicts.current(), model.conflicts.bench_field())
    else {
        return;
    };
    let staged = conflict.staged.iter();
    let mut mine = staged.filter(|s| s.operator == model.operator);
    let taken = mine.find(|s| staging::field_of(&s.answer) == Some(&field.field));
    let by = match taken.map(|s| &s.answer) {
        Some(Answer::Field { take, .. }) if take == "ghl" => Policy::Ghl,
        Some(Answer::Field { take, .. }) if take == "growbots" => Policy::Growbots,
        Some(Answer::Field { take, .. }) if take == "both" => match field.field.ty() {
            FieldType::Set => Policy::Union,
            _ => Policy::Append,
        },
        _ => Policy::Newest,
    };
    let (id, field) = (conflict.id, field.field.clone());
    open_for(model, id, &field, by, Reach::Record);
}

/// Opens the box for a field of a conflict, `by` chosen beforehand.
pub fn open_for(model: &mut Model, id: ConflictId, field: &FieldName, by: Policy, reach: Reach) {
    let Some(conflict) = model.conflicts.get(id) else {
        return;
    };
    let remember = Remember {
        conflict: conflict.id,
        kind: conflict.kind,
        field: field.clone(),
        title: conflict.title.clone(),
        line: Line::By,
        by,
        reach,
        filter: model.filters.text(Tab::Contacts).to_owned(),
        note: String::new(),
        matched: None,
        link: conflict.link,
    };
    count(model, &remember);
    model.overlay = Some(Overlay::Remember(Box::new(remember)));
}

/// Asks the store what passes the filter that is typed.
fn count(model: &mut Model, remember: &Remember) {
    let me = model.operator.clone();
    if remember.counted(&me).is_some() {
        return;
    }
    if let Ok(filter) = remember.read_filter(&me) {
        let links = of_field(model, remember.kind, &remember.field);
        let links = links.map(|(conflict, _)| conflict.link).collect();
        model.read(Request::Matching { filter, links });
    }
}

/// Takes what the store counted.
pub fn accept(model: &mut Model, matched: Matched) {
    if let Some(Overlay::Remember(remember)) = &mut model.overlay {
        remember.matched = Some(matched);
        model.dirty = true;
    }
}

/// Takes a key into the box.
pub fn press(model: &mut Model, mut remember: Box<Remember>, key: Key) {
    match key.code {
        Code::Esc => return,
        Code::Char('c') if key.ctrl => return,
        Code::Enter => return finish(model, remember),
        Code::Tab => remember.go(1),
        Code::BackTab => remember.go(-1),
        Code::Down => remember.step(1),
        Code::Up => remember.step(-1),
        Code::Right => remember.turn(1),
        Code::Left => remember.turn(-1),
        Code::Backspace => drop(remember.text().and_then(String::pop)),
        Code::Char('u') if key.ctrl => remember.text().into_iter().for_each(String::clear),
        Code::Char(c) if !key.ctrl && !key.alt => match remember.text() {
            Some(text) => text.push(c),
            None if c == ' ' || c == 'l' => remember.turn(1),
            None if c == 'h' => remember.turn(-1),
            None if c == 'j' => remember.step(1),
            None if c == 'k' => remember.step(-1),
            None => {}
        },
        _ => {}
    }
    count(model, &remember);
    model.overlay = Some(Overlay::Remember(remember));
}

/// Opens the question that lists what the policy settles now; nothing is remembered before its `y`.
fn finish(model: &mut Model, remember: Box<Remember>) {
    let scope = remember.scope(&model.operator);
    let settles = remember.settles(model, remember.reach);
    let (Ok(scope), Some(settles)) = (scope, settles) else {
        model.overlay = Some(Overlay::Remember(remember)); // the box says what is wrong
        return;
    };
    let label = remember.field.label();
    let on = match &scope {
        Scope::Record { .. } => format!("on {}", remember.title),
        Scope::Filter { filter } => {
            let count = remember.matched.as_ref().map_or(0, |m| m.count);
            let many = counted(count, "contact", "contacts");
            format!("on the {many} that pass {filter} now, and on those that will")
        }
        Scope::Field => format!("on any {}", remember.kind),
    };
    let wins = match remember.by {
        Policy::Manual => {
            format!("From now on you are asked about {label} {on}, whatever a wider policy says.")
        }
        by => {
            let wins = match by {
                Policy::Newest => "The newer side wins; at the same time a person decides",
                Policy::Ghl => "GHL wins",
                Policy::Growbots => "Growbots wins",
                _ => "Both values are kept",
            };
            format!(
                "From now on nobody is asked about {label} {on}, when both sides change it. {wins}."
            )
        }
    };
    let n = settles.answers.len();
    let mut lines = vec![wins, String::new(), format!("Settles now ({n}):")];
    for (id, answer) in &settles.answers {
        if let Some(conflict) = model.conflicts.get(*id) {
            let staged = crate::model::Staged {
                operator: model.operator.clone(),
                answer: answer.clone(),
                revision: conflict.revision,
                at: model.times.now,
            };
            let writes = staging::writes(conflict, &staged, &model.times);
            lines.extend(
                writes
                    .into_iter()
                    .map(|(side, words)| format!("  {:<9} {words}", side.label())),
            );
        }
    }
    let mut foot = Vec::new();
    if settles.stay > 0 && remember.by == Policy::Newest {
        let stay = counted(settles.stay as u64, "conflict stays", "conflicts stay");
        foot.push(format!("{stay} open: same time on both sides."));
    }
    if settles.kept > 0 {
        let kept = counted(
            settles.kept as u64,
            "conflict keeps its",
            "conflicts keep their",
        );
        foot.push(format!("{kept} staged answer."));
    }
    foot.push(model.keymap.fill(
        "Staged, not written: {conflict.apply} lists the writes and applies. \
         {conflict.policies} shows policies, {policy.remove} there removes one.",
    ));
    let policy = NewPolicy {
        kind: remember.kind,
        field: remember.field.clone(),
        scope,
        policy: remember.by.name().into(),
        note: (!remember.note.trim().is_empty()).then(|| remember.note.trim().to_owned()),
    };
    let said = match n {
        0 => model
            .keymap
            .fill("Remembered. 3, then {conflict.policies} lists policies."),
        n => {
            let key = model.key("conflict.apply");
            format!("Remembered, and {n} staged. {key} lists the writes and applies.")
        }
    };
    let confirm = Confirm {
        lines,
        foot,
        yes: Some(match n {
            0 => "remember".into(),
            n => format!("remember and stage {n}"),
        }),
        asks: vec![Ask::Act(Action::Remember {
            conflict: None,
            policy,
        })],
        stages: settles.answers,
        said,
        ..Confirm::new(format!("Remember as a policy: {label}"))
    };
    model.overlay = Some(Overlay::Confirm(Box::new(confirm)));
}
