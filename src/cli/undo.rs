//! `couplet undo`: the preview, and the action.

use serde_json::json;

use crate::merge::cost_at;
use crate::model::{Action, Undo as What};
use crate::text::clean;

use super::actions::{say_who, store};
use super::args::Undo;
use super::context::Context;
use super::exit::{Exit, Problem};
use super::json;
use super::output::{Page, document};
use super::plan::told;

/// Says what would go back and what stays, and asks for it unless it is a dry run. Exit 1 where nothing can go back.
pub fn run(context: &Context, args: &Undo) -> Result<Exit, Problem> {
    let of = match (args.operation, args.pass) {
        (Some(operation), _) => What::Operation(operation),
        (None, Some(pass)) => What::Pass(pass),
        (None, None) => return Err(Problem::usage("say what is to be undone", HINT)),
    };
    let reader = context.reader()?;
    let map = super::mapping::resolved_map(&context.config, &reader)?;
    let plan = reader.undo_plan(of, &map, context.config.operator())?;
    if plan.steps.is_empty() && plan.refused.is_empty() {
        return Err(Problem::failed(
            format!("{of} wrote nothing that can be undone"),
            HINT,
        ));
    }
    let cost = cost_at(&plan.writes, &reader.status()?.sides, context.clock.now());
    let goes = !args.dry_run && !plan.steps.is_empty();
    let action = if goes {
        store(context, &[Action::Undo { of }])?.pop()
    } else {
        None
    };
    if args.form.json {
        let refused = plan.refused.iter().map(|left| {
            json!({
                "operation": left.log.0,
                "record": left.link.0,
                "title": left.title,
                "why": left.why,
            })
        });
        document(&json!({
            "plan": json::plan(&plan.writes),
            "refused": refused.collect::<Vec<_>>(),
            "cost": cost,
            "action": action.map(|action| action.0),
        }))?;
    } else {
        let mut page = Page::default();
        told(&mut page, &plan.writes, &cost, &reader.businesses()?);
        for left in &plan.refused {
            page.line(format!(
                "  stays  operation {}, {}: {}",
                left.log,
                clean(&left.title),
                clean(&left.why)
            ));
        }
        page.print()?;
    }
    if plan.steps.is_empty() {
        return Err(Problem::failed(
            "nothing was undone: nothing of it can go back",
            "change the record itself: `couplet contacts edit ID --set FIELD=VALUE`",
        ));
    }
    if goes {
        say_who(context)?;
    }
    Ok(Exit::Done)
}

const HINT: &str =
    "`couplet log list` shows the operations, `couplet log list --filter pass:N` those of a pass";
