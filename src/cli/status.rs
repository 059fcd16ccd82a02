//! `couplet status`: what the header and the Rates screen show.

use crate::model::{BySide, Health, Op, Side, SideStatus, Write};
use crate::text::{clean, thousands};

use super::args::Form;
use super::context::Context;
use super::exit::{Exit, Problem};
use super::json;
use super::moment::shown;
use super::output::{document, print};

/// Prints the state of the loop and of both sides.
pub fn show(context: &Context, form: Form) -> Result<Exit, Problem> {
    let reader = context.reader()?;
    let status = reader.status()?;
    let holder = reader.holder()?;
    let totals = reader.totals()?;
    let last = reader.passes(1)?.into_iter().next();
    let intents = reader.open_intents()?;
    let writes = || intents.iter().map(|intent| &intent.write);
    let forecast = BySide::from_fn(|side| seconds(writes(), side, status.sides.get(side)));
    if form.json {
        document(&json::status(
            holder.as_ref(),
            &status,
            &totals,
            last.as_ref(),
            &forecast,
        ))?;
        return Ok(Exit::Done);
    }
    let zone = context.config.zone();
    let mut out = format!("workspace {}: ", context.config.workspace());
    match &holder {
        None => out.push_str("nobody runs the loop"),
        Some(holder) => out.push_str(&format!(
            "{}, run by {} on {} (process {}) since {}",
            status.state.name(),
            clean(&holder.operator),
            clean(&holder.host),
            holder.pid,
            shown(Some(holder.since), &zone)
        )),
    }
    if let Some(paused) = &status.paused {
        out.push_str(&format!(
            "\npaused by {} since {}{}{}",
            clean(&paused.by),
            shown(Some(paused.at), &zone),
            paused.until.map_or(String::new(), |until| format!(
                " until {}",
                shown(Some(until), &zone)
            )),
            paused
                .note
                .as_ref()
                .map_or(String::new(), |note| format!(": {}", clean(note)))
        ));
    }
    out.push_str(&format!(
        "\nwaiting {}, held {}, conflicts {}, errors {}",
        thousands(totals.waiting),
        thousands(totals.held),
        thousands(totals.conflicts_open),
        thousands(totals.errors_open)
    ));
    if let Some(pass) = &last {
        out.push_str(&format!(
            "\nlast pass {} at {}",
            pass.pass,
            shown(Some(pass.started_at), &zone)
        ));
    }
    for side in Side::BOTH {
        out.push_str(&format!("\n{:<9}", side.label()));
        out.push_str(&one_side(status.sides.get(side), *forecast.get(side)));
    }
    print(&out)?;
    Ok(Exit::Done)
}

fn one_side(side: &SideStatus, forecast: u64) -> String {
    let mut out = format!(
        "{}  burst {}/{}  day {}/{}",
        side.health.name(),
        side.burst.used,
        side.burst.limit,
        thousands(side.day.used + side.day.others.unwrap_or(0)),
        thousands(side.day.limit)
    );
    if let Health::Shut { until } = side.health {
        out.push_str(&format!("  shut until {until}"));
    }
    if side.throttled > 0 {
        out.push_str(&format!("  429s {}", thousands(side.throttled)));
    }
    if forecast > 0 {
        out.push_str(&format!("  work in hand {forecast} s"));
    }
    out
}

/// The seconds that these writes take on a side at its burst limit: what a write costs stands at the connectors'
/// verbs, and a window lasts 10 s.
fn seconds<'a>(writes: impl Iterator<Item = &'a Write>, side: Side, status: &SideStatus) -> u64 {
    let requests: u64 = writes
        .filter(|write| write.side == side)
        .map(|write| match (side, write.op) {
            (Side::Growbots, _) | (_, Op::Stamp) => 1,
            (Side::Ghl, Op::Update) => 3,
            (Side::Ghl, Op::Create | Op::Delete) => 2,
        })
        .sum();
    let burst = u64::from(if status.burst.limit == 0 {
        100
    } else {
        status.burst.limit
    });
    (requests * 10).div_ceil(burst)
}
