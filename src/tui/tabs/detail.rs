//! A contact in full: its sections, and which fields stand how. Drawn by [`detail_view`](super::detail_view).

use std::borrow::Cow;

use crate::merge::FieldMap;
use ratatui::style::Style;

use crate::model::{
    BySide, Conflict, ConflictId, FieldChange, FieldName, LinkState, Side, Value, Why,
};
use crate::store::ContactDetail;
use crate::text::clean;

use super::super::model::Model;
use super::super::theme::Theme;
use super::super::times::Times;

/// The sections of a detail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Section {
    /// Fields.
    #[default]
    Fields,
    /// Tasks.
    Tasks,
    /// Notes.
    Notes,
    /// Appointments.
    Appointments,
    /// What the rules would do about it, and where its fields go.
    Rules,
    /// What happened to it.
    History,
}

impl Section {
    /// All, from left to right.
    pub const ALL: [Self; 6] = [
        Self::Fields,
        Self::Tasks,
        Self::Notes,
        Self::Appointments,
        Self::Rules,
        Self::History,
    ];

    /// The section `by` places to the right, around the ends.
    pub fn step(self, by: isize) -> Self {
        let all = Self::ALL.len() as isize;
        let at = Self::ALL.iter().position(|s| *s == self).unwrap_or(0) as isize;
        Self::ALL[((at + by).rem_euclid(all)) as usize]
    }

    pub(super) fn label(self, detail: &ContactDetail) -> String {
        let count = |n: usize| {
            if n == 0 {
                String::new()
            } else {
                format!(" {n}")
            }
        };
        match self {
            Self::Fields => "Fields".into(),
            Self::Tasks => format!("Tasks{}", count(detail.tasks.len())),
            Self::Notes => format!("Notes{}", count(detail.notes.len())),
            Self::Appointments => format!("Appts{}", count(detail.appointments.len())),
            Self::History => format!("History{}", count(detail.history.len())),
            Self::Rules => "Rules".into(),
        }
    }
}

/// How a field stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Equal on both sides.
    InStep,
    /// Held by a conflict.
    Conflict(Option<ConflictId>),
    /// A side could not take it; why.
    Parked(Side, String),
    /// A one-way field was edited on its receiving side.
    Differs,
    /// A write of it waits for these sides.
    Waiting(BySide<bool>),
    /// Apart, and no pass has looked yet.
    Apart,
    /// Apart, and not kept in step: the map does not carry this field.
    Unmapped,
    /// Only one side has the record.
    OneSide,
}

/// A field of a record, with its three values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which field.
    pub field: FieldName,
    /// What both last agreed on.
    pub base: Option<Value>,
    /// What each side has.
    pub ends: BySide<Option<Value>>,
    /// How it stands.
    pub standing: Standing,
}

impl Entry {
    /// What a form starts from: the value of the first side that has one, for a field in step the common one.
    pub fn value(&self) -> Option<Value> {
        self.ends.ghl.clone().or_else(|| self.ends.growbots.clone())
    }
}

/// The filled fields of a contact in screen order, custom ones last.
pub fn entries(detail: &ContactDetail, conflicts: &[Conflict], map: &FieldMap) -> Vec<Entry> {
    let mut linked = Cow::Borrowed(&detail.linked);
    if map.concerns(&linked) {
        map.make_canonical(linked.to_mut());
    }
    let ends = linked
        .ends
        .as_ref()
        .map(|end| end.last_seen().map(|s| &s.record));
    let records = [linked.base.as_ref(), ends.ghl, ends.growbots];
    let mut fields: Vec<FieldName> = FieldName::of(linked.kind).to_vec();
    for record in records.into_iter().flatten() {
        for (field, _) in record.iter() {
            if !fields.contains(field) {
                fields.push(field.clone());
            }
        }
    }
    let known = FieldName::of(linked.kind).len();
    fields[known..].sort();
    let one_side = linked.ends.ghl.live().is_none() || linked.ends.growbots.live().is_none();
    fields
        .into_iter()
        .map(|field| {
            let base = linked.base.as_ref().and_then(|r| r.get(&field)).cloned();
            let ends = ends.map(|end| end.and_then(|r| r.get(&field)).cloned());
            let standing = match standing(detail, conflicts, &field, &ends) {
                Standing::Apart if one_side => Standing::OneSide,
                Standing::Apart if !map.carries(linked.kind, &field) => Standing::Unmapped,
                other => other,
            };
            Entry {
                field,
                base,
                ends,
                standing,
            }
        })
        .filter(|entry| {
            entry.base.is_some() || entry.value().is_some() || entry.standing != Standing::InStep
        })
        .collect()
}

fn standing(
    detail: &ContactDetail,
    conflicts: &[Conflict],
    field: &FieldName,
    ends: &BySide<Option<Value>>,
) -> Standing {
    let held = detail.held.iter().find(|held| held.field == *field);
    match held.map(|held| held.why) {
        Some(Why::Conflict) => {
            let of_link = |c: &&Conflict| c.link == detail.linked.id;
            let holds = |c: &&Conflict| c.fields.iter().any(|f| f.field == *field);
            let conflict = conflicts.iter().filter(of_link).find(holds);
            return Standing::Conflict(conflict.map(|c| c.id));
        }
        Some(Why::Parked) => {
            let parked = detail.linked.parked.iter().find(|p| p.field == *field);
            return match parked {
                Some(parked) => Standing::Parked(parked.side, clean(&parked.why).into_owned()),
                None => Standing::Parked(Side::Ghl, String::new()),
            };
        }
        Some(Why::Differs) => return Standing::Differs,
        None => {}
    }
    let waits = BySide::from_fn(|side| {
        let mut writes = detail.waiting.iter().filter(|write| write.side == side);
        writes.any(|write| write.fields.iter().any(|change| change.field == *field))
    });
    if waits.ghl || waits.growbots {
        return Standing::Waiting(waits);
    }
    if ends.ghl == ends.growbots {
        return Standing::InStep;
    }
    Standing::Apart
}

/// A value as screens show it, cleaned, on one line; `None` is empty.
pub fn show(value: Option<&Value>, times: &Times) -> String {
    match value {
        None => "(empty)".into(),
        Some(Value::Time(at)) => times.due(*at),
        Some(value) => clean(&times.businesses.shown(value)).into_owned(),
    }
}

/// The entries that are shown: folded, most that are in step are left out. With their places in `entries`.
pub fn shown(entries: &[Entry], folded: bool) -> Vec<(usize, &Entry)> {
    let always = [
        FieldName::FirstName,
        FieldName::LastName,
        FieldName::Email,
        FieldName::Tags,
    ];
    entries
        .iter()
        .enumerate()
        .filter(|(_, entry)| {
            !folded || entry.standing != Standing::InStep || always.contains(&entry.field)
        })
        .collect()
}

/// Where the value of a field on a side comes from, as far as is known: neither side says who changed which field, so
/// that it is a write of the log, or the last edit of the whole record there. Empty where nothing is known.
pub fn blame(model: &Model, detail: &ContactDetail, field: &FieldName, side: Side) -> String {
    let Some(end) = detail.linked.ends.get(side).last_seen() else {
        return String::new();
    };
    let now = end.record.get(field);
    let written = detail.history.iter().find(|entry| {
        let gave = |change: &FieldChange| change.field == *field && change.to.as_ref() == now;
        entry.side == Some(side) && entry.op != "refused" && entry.fields.iter().any(gave)
    });
    if let Some(entry) = written {
        return format!(
            "written {}: {}",
            model.times.moment(entry.at),
            clean(&entry.cause)
        );
    }
    end.updated_at.map_or_else(String::new, |at| {
        format!(
            "changed in {side}; its record was edited last {}",
            model.times.moment(at)
        )
    })
}

/// How many rows all fields take, at least.
pub fn height(entries: &[Entry]) -> usize {
    let rows = |entry: &Entry| match entry.standing {
        Standing::InStep | Standing::OneSide | Standing::Unmapped => 1,
        _ => 5, // its name, the three values, why
    };
    entries.iter().map(rows).sum()
}

/// The state of a contact in words: `2 fields in conflict, 1 parked`.
pub fn state_words(model: &Model, detail: &ContactDetail, entries: &[Entry]) -> String {
    let count = |fits: &dyn Fn(&Standing) -> bool| {
        entries.iter().filter(|entry| fits(&entry.standing)).count()
    };
    let conflicts = count(&|s| matches!(s, Standing::Conflict(_)));
    let s = if conflicts == 1 { "" } else { "s" };
    let parts = [
        (conflicts, format!("field{s} in conflict")),
        (
            count(&|s| matches!(s, Standing::Parked(..))),
            "parked".into(),
        ),
        (count(&|s| *s == Standing::Differs), "differs".into()),
        (
            count(&|s| matches!(s, Standing::Waiting(_))),
            "waits".into(),
        ),
    ];
    let words: Vec<_> = parts
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, words)| format!("{n} {words}"))
        .collect();
    if !words.is_empty() {
        return words.join(", ");
    }
    match detail.state {
        LinkState::Ignored => model
            .keymap
            .fill("ignored, {contact.ignore} takes it up again"),
        LinkState::Conflict => "held by a conflict, 3 shows it".into(),
        LinkState::Error => "a write failed, 5 says why".into(),
        LinkState::Waiting => "waits to be written".into(),
        LinkState::OneSide if detail.linked.ends.ghl.live().is_some() => "only in GHL".into(),
        LinkState::OneSide => "only in Growbots".into(),
        LinkState::InStep => "in step".into(),
    }
}

/// The mark of a field.
pub fn mark(standing: &Standing, theme: &Theme) -> (&'static str, Style) {
    match standing {
        Standing::InStep => ("=", theme.dim),
        Standing::Conflict(_) => ("≠", theme.decide),
        Standing::Parked(..) => ("p", theme.title),
        Standing::Differs => ("~", theme.title),
        Standing::Waiting(waits) => match (waits.ghl, waits.growbots) {
            (true, true) => ("⇄", theme.moving),
            (true, false) => ("←", theme.moving),
            _ => ("→", theme.moving),
        },
        Standing::Apart => ("⇄", theme.moving),
        Standing::OneSide | Standing::Unmapped => (" ", theme.dim),
    }
}
