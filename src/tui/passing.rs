//! Which rows of a list pass its filter: what the fields that a filter names are in a conflict, an error, a log line.
//! Contacts and tasks are filtered by the store.

use crate::model::{Conflict, ConflictState, ErrorRow, FieldName, Filter, LogEntry, Millis, Side};

use super::filter::Filters;
use super::msg::Tab;
use super::tabs::conflicts;

fn yes(yes: bool) -> Vec<String> {
    vec![if yes { "yes" } else { "no" }.into()]
}

/// Whether a conflict passes the filter of its list.
pub fn passes_conflict(filters: &Filters, conflict: &Conflict, now: Millis) -> bool {
    let fields = || conflict.fields.iter().map(|field| &field.field);
    let look = |field: &str| -> Vec<String> {
        match Filter::canonical(field) {
            "reason" => vec![conflict.reason.name().into()],
            "kind" => vec![conflict.kind.to_string()],
            "title" => vec![conflict.title.clone()],
            "id" => vec![conflict.id.to_string()],
            "field" => fields().flat_map(|f| [f.to_string(), f.label()]).collect(),
            "state" => vec![
                if conflict.state == ConflictState::Open {
                    "open"
                } else {
                    "decided"
                }
                .into(),
            ],
            "opened_at" => vec![conflict.opened_at.to_string()],
            "staged" => yes(!conflict.staged.is_empty()),
            "by" => conflict.staged.iter().map(|s| s.operator.clone()).collect(),
            "deferred" => yes(conflicts::is_put_off(conflict, now)),
            _ => Vec::new(),
        }
    };
    let text = || {
        let labels: Vec<_> = fields().map(FieldName::label).collect();
        format!("{} {} {}", conflict.id, conflict.title, labels.join(" "))
    };
    filters.of(Tab::Conflicts).matches(now, &look, &text)
}

/// Whether an error passes the filter of its list.
pub fn passes_error(filters: &Filters, error: &ErrorRow, now: Millis) -> bool {
    let look = |field: &str| -> Vec<String> {
        match field {
            "side" => vec![error.last.side.map_or("couplet", Side::name).into()],
            "status" => error.last.status.iter().map(u16::to_string).collect(),
            "state" => vec![error.state.name().into()],
            "operation" => vec![error.last.operation.clone()],
            "record" => vec![error.title.clone()],
            "last" => vec![error.last_at.to_string()],
            _ => Vec::new(),
        }
    };
    let text = || {
        format!(
            "{} {} {}",
            error.title, error.last.pattern, error.last.message
        )
    };
    filters.of(Tab::Errors).matches(now, &look, &text)
}

/// Whether a log line passes a filter.
pub fn passes_log(filter: &Filter, entry: &LogEntry, now: Millis) -> bool {
    let look = |field: &str| -> Vec<String> {
        match field {
            "record" => vec![entry.title.clone(), entry.link.to_string()],
            "side" => entry.side.iter().map(|side| side.name().into()).collect(),
            "op" => vec![entry.op.clone()],
            "kind" => vec![entry.kind.to_string()],
            "field" => {
                let names = entry.fields.iter().map(|change| &change.field);
                names.flat_map(|f| [f.to_string(), f.label()]).collect()
            }
            "by" => entry.operator.iter().cloned().collect(),
            "at" => vec![entry.at.to_string()],
            _ => Vec::new(),
        }
    };
    filter.matches(now, &look, &|| format!("{} {}", entry.title, entry.cause))
}
