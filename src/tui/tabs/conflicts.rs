//! The list of conflicts, heaviest first: what a machine must not decide. Drawn by
//! [`conflicts_view`].

use std::collections::BTreeMap;

use crate::model::{Conflict, ConflictField, ConflictId, Looking, Millis, Reason};

use super::super::commands::Scope;
use super::super::model::Model;
use super::super::msg::Move;
use super::super::passing;
use super::super::presence::{self, Stake};
use super::super::widgets::paint;
use super::bulk::Bulk;
pub use super::conflicts_view::heading;
use super::policies::Policies;
use super::same_person;
use super::staging::Local;
use super::workbench::{self, Bench, Editing};
use super::{conflicts_view, held};

/// State of the tab and of the workbench.
#[derive(Clone, Debug, Default)]
pub struct Conflicts {
    /// Open and decided conflicts, heaviest reason first, then oldest first.
    pub all: Vec<Conflict>,
    /// Whether they were read.
    pub loaded: bool,
    /// The conflict under the cursor.
    pub cursor: Option<ConflictId>,
    /// The first list row on the screen.
    pub top: usize,
    /// Whether those put off are shown.
    pub unfolded: bool,
    /// How the list is grouped.
    pub grouping: Grouping,
    /// The workbench, while it is open.
    pub bench: Option<Bench>,
    /// The list of policies, while it is open.
    pub policies: Option<Policies>,
    /// The screen of one answer for many, while it is open.
    pub bulk: Option<Bulk>,
    /// Who has a conflict open.
    pub looking: Vec<Looking>,
    /// What is asked about: conflicts that somebody else may have decided.
    pub stakes: Vec<Stake>,
    /// The value that is in the operator's editor.
    pub editing: Option<Editing>,
    /// Staged here, not yet seen in the store.
    pub local: Vec<Local>,
    /// Conflicts as they were when something was staged.
    pub seen: Vec<Conflict>,
}

/// How the list is grouped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grouping {
    /// By reason, the heaviest first.
    #[default]
    Reason,
    /// By record.
    Record,
    /// By field.
    Field,
    /// By who is at work on it.
    Who,
}

impl Grouping {
    /// All, in the order in which `s` goes through them.
    pub const ALL: [Self; 4] = [Self::Reason, Self::Record, Self::Field, Self::Who];

    /// Its name.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Reason => "reason",
            Self::Record => "record",
            Self::Field => "field",
            Self::Who => "who",
        }
    }
}

/// Groups the list in the next way.
pub fn regroup(model: &mut Model) {
    let all = Grouping::ALL;
    let at = all.iter().position(|g| *g == model.conflicts.grouping);
    model.conflicts.grouping = all[(at.unwrap_or(0) + 1) % all.len()];
    scroll(model);
    let by = model.conflicts.grouping.label();
    let key = model.key("sort");
    model.say_done(format!("Grouped by {by}. {key}: the next way."));
}

/// A row of the list.
pub(super) enum ListRow {
    Heading(String),
    Conflict(usize),
}

impl Conflicts {
    /// A conflict by its number.
    pub fn get(&self, id: ConflictId) -> Option<&Conflict> {
        self.all.iter().find(|conflict| conflict.id == id)
    }

    /// How many conflicts that nobody has answered ask [again](super::same_person) about a person of another one.
    pub fn asked_again(&self, now: Millis) -> u64 {
        same_person::followers(&self.all, now).len() as u64
    }

    /// The conflict in the workbench, or under the cursor.
    pub fn current(&self) -> Option<&Conflict> {
        match &self.bench {
            Some(bench) => self.get(bench.conflict),
            None => self.get(self.cursor?),
        }
    }

    /// The field under the cursor of the workbench.
    pub fn bench_field(&self) -> Option<&ConflictField> {
        let at = self.bench.as_ref()?.at;
        let fields = &self.current()?.fields;
        fields.get(at.min(fields.len().saturating_sub(1)))
    }

    /// Whether the workbench shows candidates.
    pub fn is_candidates(&self) -> bool {
        let reason = self.current().map(|conflict| conflict.reason);
        matches!(reason, Some(Reason::AmbiguousMatch | Reason::Duplicate))
    }

    /// Whether the list itself is in view.
    pub const fn is_list(&self) -> bool {
        self.bench.is_none() && self.policies.is_none() && self.bulk.is_none()
    }

    /// The scopes whose keys hold.
    pub fn scopes(&self) -> &'static [Scope] {
        use Scope as S;
        let reason = self.current().map(|conflict| conflict.reason);
        match (&self.bench, reason) {
            (None, _) if self.policies.is_some() => &[S::Policies, S::Movement, S::Global],
            (None, _) if self.bulk.is_some() => &[S::Bulk, S::Movement, S::Global],
            (None, _) | (_, None) => &[S::Conflicts, S::Movement, S::Global],
            (_, Some(Reason::Field)) => &[S::Workbench, S::Movement, S::Global],
            (_, Some(Reason::DeleteEdit | Reason::MassChange)) => {
                &[S::Sides, S::Movement, S::Global]
            }
            (_, Some(Reason::AmbiguousMatch | Reason::Duplicate)) => {
                &[S::Candidates, S::Movement, S::Global]
            }
        }
    }

    /// Groups in the order of the list: the heaviest reason first, else by name; in a group as the store has them.
    fn grouped(&self, model: &Model, open: Vec<usize>) -> Vec<(String, Vec<usize>)> {
        let name = |conflict: &Conflict| -> (u8, String) {
            let fields = || {
                let labels: Vec<_> = conflict.fields.iter().map(|f| f.field.label()).collect();
                labels.join(", ")
            };
            match self.grouping {
                Grouping::Reason if conflict.holds_record() => {
                    (0, "A person must look: deletes and doubles".into())
                }
                Grouping::Reason => (1, "Fields".into()),
                Grouping::Record => (0, conflict.title.clone()),
                Grouping::Field if conflict.fields.is_empty() => (1, "The whole record".into()),
                Grouping::Field => (0, fields()),
                Grouping::Who => match conflicts_view::who(model, conflict) {
                    nobody if nobody.is_empty() => (0, "Nobody yet".into()),
                    somebody => (1, somebody),
                },
            }
        };
        let mut groups: BTreeMap<(u8, String), Vec<usize>> = BTreeMap::new();
        for at in open {
            groups.entry(name(&self.all[at])).or_default().push(at);
        }
        groups
            .into_iter()
            .map(|((_, name), rows)| (name, rows))
            .collect()
    }

    pub(super) fn rows(&self, model: &Model) -> Vec<ListRow> {
        let now = model.times.now;
        let again = same_person::followers(&self.all, now);
        let group = |fits: &dyn Fn(&Conflict) -> bool| -> Vec<usize> {
            let all = self.all.iter().enumerate();
            let passes = |c: &Conflict| passing::passes_conflict(&model.filters, c, now);
            all.filter(|(_, c)| fits(c) && passes(c))
                .map(|(at, _)| at)
                .collect()
        };
        let folded = |c: &Conflict| !self.unfolded && again.contains_key(&c.id);
        let open = group(&|c| !is_put_off(c, now) && !folded(c));
        let put_off = group(&|c| is_put_off(c, now));
        let mut rows = Vec::new();
        for (words, members) in self.grouped(model, open) {
            rows.push(ListRow::Heading(format!("{words} {}", members.len())));
            rows.extend(members.into_iter().map(ListRow::Conflict));
        }
        if !put_off.is_empty() {
            let next = put_off.iter().filter_map(|at| self.all[*at].deferred_until);
            let next = next.min().map(|at| model.times.due(at));
            let sign = if self.unfolded { "▾" } else { "▸" };
            rows.push(ListRow::Heading(format!(
                "{sign} Put off {}, next back {}",
                put_off.len(),
                next.unwrap_or_default()
            )));
            if self.unfolded {
                rows.extend(put_off.into_iter().map(ListRow::Conflict));
            }
        }
        rows
    }

    /// The conflicts of the list in the order of the screen.
    pub fn order(&self, model: &Model) -> Vec<ConflictId> {
        self.rows(model)
            .into_iter()
            .filter_map(|row| match row {
                ListRow::Conflict(at) => Some(self.all[at].id),
                ListRow::Heading(_) => None,
            })
            .collect()
    }
}

/// Whether a conflict is put off beyond now.
pub fn is_put_off(conflict: &Conflict, now: Millis) -> bool {
    conflict.deferred_until.is_some_and(|until| until > now)
}

/// Takes what the store has.
pub fn accept(model: &mut Model, conflicts: Vec<Conflict>, looking: Vec<Looking>) {
    let stakes = presence::stakes(model);
    let on_bench = model.conflicts.bench.is_some();
    let before = model.conflicts.current().filter(|_| on_bench).cloned();
    model.dirty |= model.conflicts.looking != looking;
    model.conflicts.looking = looking;
    let operator = model.operator.clone();
    let order = model.conflicts.order(model);
    let now = model.times.now;
    let changed = model.conflicts.accept(&operator, conflicts, now);
    model.dirty |= changed;
    workbench::note_moved(model, before);
    held::keep_marks(model);
    let after = model.conflicts.order(model);
    let cursor = model.conflicts.cursor;
    if cursor.is_none_or(|id| !after.contains(&id)) {
        // the one under the cursor closed: the next that is still there
        let at = order.iter().position(|id| Some(*id) == cursor).unwrap_or(0);
        let next = order.iter().skip(at).find(|id| after.contains(id));
        model.conflicts.cursor = next
            .or(after.last().filter(|_| at > 0))
            .or(after.first())
            .copied();
    }
    if let Some(bench) = &model.conflicts.bench
        && model.conflicts.get(bench.conflict).is_none()
    {
        let id = bench.conflict;
        model.conflicts.bench = None;
        model.overlay = None;
        model.say_done(format!(
            "Conflict {id} is settled: both sides have the answer. 4 log"
        ));
    }
    presence::follow(model, stakes);
}

/// How many conflicts pass the filter.
pub fn passing(model: &Model) -> usize {
    let now = model.times.now;
    let all = model.conflicts.all.iter();
    all.filter(|c| passing::passes_conflict(&model.filters, c, now))
        .count()
}

/// Moves the cursor of the list.
pub fn go(model: &mut Model, how: Move) {
    let order = model.conflicts.order(model);
    let Some(last) = order.len().checked_sub(1) else {
        return;
    };
    let cursor = model.conflicts.cursor;
    let at = order.iter().position(|id| Some(*id) == cursor).unwrap_or(0);
    let page = model.body_rows().saturating_sub(6).max(1);
    model.conflicts.cursor = Some(order[how.among(at, last, page)]);
    scroll(model);
}

/// Puts the cursor on the conflict in a line of the body.
pub fn click(model: &mut Model, line: usize) {
    let Some(at) = line.checked_sub(2).filter(|at| *at < list_rows(model)) else {
        return;
    };
    let rows = model.conflicts.rows(model);
    if let Some(ListRow::Conflict(at)) = rows.get(model.conflicts.top + at) {
        model.conflicts.cursor = Some(model.conflicts.all[*at].id);
        model.dirty = true;
    }
}

pub(super) fn list_rows(model: &Model) -> usize {
    let preview = if model.is_wide() && model.body_rows() > 20 {
        6
    } else {
        0
    };
    model.body_rows().saturating_sub(2 + preview).max(1)
}

/// Moves the view so that the cursor is on the screen.
pub fn scroll(model: &mut Model) {
    let rows = model.conflicts.rows(model);
    let cursor = model.conflicts.cursor;
    let at = rows.iter().position(|row| match row {
        ListRow::Conflict(at) => Some(model.conflicts.all[*at].id) == cursor,
        ListRow::Heading(_) => false,
    });
    let at = at.unwrap_or(0);
    let visible = list_rows(model);
    let top = paint::scrolled(model.conflicts.top, at, visible, rows.len());
    // the heading above the first row stays in view
    model.conflicts.top = if at == 1 { 0 } else { top };
}
