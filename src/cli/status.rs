//! `couplet status`: what the header and the Rates screen show.

use crate::merge;
use crate::model::{BySide, Health, Intent, Side, SideStatus, Write};
use crate::text::{clean, thousands};

use super::args::Form;
use super::context::Context;
use super::exit::{Exit, Problem};
use super::json;
use super::moment::shown;
use super::output::{Page, document};

/// Prints the state of the loop and of both sides.
pub fn show(context: &Context, form: Form) -> Result<Exit, Problem> {
    let reader = context.reader()?;
    let status = reader.status()?;
    let holder = reader.holder()?;
    let totals = reader.totals()?;
    let last = reader.passes(1)?.into_iter().next();
    let forecast = forecast(&reader.open_intents()?, &status.sides);
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
    let at = |moment| shown(Some(moment), &context.config.zone());
    let mut page = Page::default();
    let state = match &holder {
        None => "nobody runs the loop".into(),
        Some(holder) => format!(
            "{}, run by {} on {} (process {}) since {}",
            status.state.name(),
            clean(&holder.operator),
            clean(&holder.host),
            holder.pid,
            at(holder.since)
        ),
    };
    page.line(format!("workspace {}: {state}", context.config.workspace()));
    for paused in status.paused.iter().chain(&status.lanes_paused) {
        let what = paused
            .lane
            .map_or(String::new(), |lane| format!("lane {} ", lane.name()));
        let of = paused
            .side
            .map_or(String::new(), |side| format!("of {side} "));
        let by = clean(&paused.by);
        let until = paused
            .until
            .map_or(String::new(), |until| format!(" until {}", at(until)));
        let note = paused.note.as_deref().unwrap_or_default();
        page.line(format!(
            "{what}{of}paused by {by} since {}{until}  {}",
            at(paused.at),
            clean(note)
        ));
    }
    page.line(format!(
        "waiting {}, held {}, conflicts {}, errors {}",
        thousands(totals.waiting),
        thousands(totals.held),
        thousands(totals.conflicts_open),
        thousands(totals.errors_open)
    ));
    if let Some(pass) = &last {
        page.line(format!(
            "last pass {} at {}",
            pass.pass,
            at(pass.started_at)
        ));
    }
    for side in Side::BOTH {
        let words = one_side(status.sides.get(side), *forecast.get(side));
        page.line(format!("{side:<10}{words}"));
    }
    page.print()?;
    Ok(Exit::Done)
}

fn one_side(side: &SideStatus, forecast: u64) -> String {
    let day = side.day.used + side.day.others.unwrap_or(0);
    let mut words = vec![
        side.health.name().to_owned(),
        format!("burst {}/{}", side.burst.used, side.burst.limit),
        format!("day {}/{}", thousands(day), thousands(side.day.limit)),
    ];
    if let Health::Shut { until } = side.health {
        words.push(format!("shut until {until}"));
    }
    if side.throttled > 0 {
        words.push(format!("429s {}", thousands(side.throttled)));
    }
    if forecast > 0 {
        words.push(format!("work in hand {forecast} s"));
    }
    words.join("  ")
}

/// The seconds that the writes in the outbox take on each side at its burst limit, whose window lasts 10 s.
fn forecast(intents: &[Intent], sides: &BySide<SideStatus>) -> BySide<u64> {
    BySide::from_fn(|side| {
        let writes = intents.iter().map(|intent| &intent.write);
        let writes: Vec<Write> = writes.filter(|write| write.side == side).cloned().collect();
        let limit = match sides.get(side).burst.limit {
            0 => 100,
            known => known,
        };
        let burst = BySide::from_fn(|_| (limit, 10));
        merge::cost(&writes, burst).seconds
    })
}
