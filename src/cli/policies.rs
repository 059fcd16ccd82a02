//! `couplet policies`: what decides conflicts of a field without asking again.

use serde_json::json;

use crate::model::{Action, Remembered, Scope};
use crate::text::thousands;

use super::actions::submit;
use super::args::{Listing, Policies};
use super::context::Context;
use super::exit::{Exit, Problem};
use super::moment::shown;
use super::output::{Column, Rows};

const COLUMNS: &[Column] = &[
    ("ID", 6),
    ("KIND", 11),
    ("FIELD", 22),
    ("DECIDES", 9),
    ("SETTLED", 8),
    ("SINCE", 16),
    ("BY", 12),
    ("SCOPE", 0),
];

/// Does what `couplet policies …` asks for.
pub fn run(context: &Context, command: &Policies) -> Result<Exit, Problem> {
    match command {
        Policies::List(listing) => list(context, listing),
        Policies::Remove { id, form } => {
            let known = context.reader()?.policies()?;
            if !known.iter().any(|policy| policy.id == *id) {
                return Err(Problem::failed(
                    format!("there is no remembered policy {id}"),
                    "`couplet policies list` shows them; those of the field map stand in the settings",
                ));
            }
            submit(context, *form, &[Action::ForgetPolicy { policy: *id }])
        }
    }
}

fn list(context: &Context, listing: &Listing) -> Result<Exit, Problem> {
    let zone = context.config.zone();
    let mut rows = Rows::new(listing, COLUMNS, &context.clock)?;
    let reader = context.reader()?;
    let uses = reader.policy_uses()?;
    for policy in reader.policies()? {
        let of_it = uses.iter().filter(|one| one.is_of(policy.id));
        let settled: u64 = of_it.map(|one| one.count).sum();
        rows.offer(
            || Ok(as_json(&policy, settled)),
            || {
                let what = &policy.what;
                vec![
                    policy.id.to_string(),
                    what.kind.name().into(),
                    what.field.to_string(),
                    what.policy.clone(),
                    thousands(settled),
                    shown(Some(policy.at), &zone),
                    policy.operator.clone(),
                    match &what.scope {
                        Scope::Record { link } => format!("record {link}"),
                        Scope::Filter { filter } => format!("filter {filter}"),
                        Scope::Field => "field, always".into(),
                    },
                ]
            },
        )?;
    }
    rows.end()?;
    Ok(Exit::Done)
}

fn as_json(policy: &Remembered, settled: u64) -> serde_json::Value {
    let what = &policy.what;
    let (link, filter) = match &what.scope {
        Scope::Record { link } => (Some(link.0), None),
        Scope::Filter { filter } => (None, Some(filter)),
        Scope::Field => (None, None),
    };
    json!({
        "id": policy.id.0,
        "kind": what.kind.name(),
        "field": what.field.to_string(),
        "policy": what.policy,
        "scope": what.scope.name(),
        "record": link,
        "filter": filter,
        "operator": policy.operator,
        "at": policy.at.to_string(),
        "note": what.note,
        "settled": settled,
    })
}
