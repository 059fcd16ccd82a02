//! Writes that would be made, and what they would cost now: what every dry run and preview shows.

use crate::merge;
use crate::model::{Cost, LoopStatus, Millis, RecordId, Value, Write};
use crate::text::clean;

use super::output::Page;

/// What writes cost: requests on each side, and seconds at the budget of now.
pub fn costs(writes: &[Write], status: &LoopStatus, now: Millis) -> Cost {
    merge::cost_at(writes, &status.sides, now)
}

/// One line a write, with each value that changes, then the cost.
pub fn told(page: &mut Page, writes: &[Write], cost: &Cost) {
    for write in writes {
        let id = write.id.as_ref().map_or("new", RecordId::as_str);
        page.line(format!(
            "  {:<9}{:<7}{:<12}{id:<28}({})",
            write.side,
            write.op.name(),
            write.kind,
            clean(&write.cause.to_string())
        ));
        for change in &write.fields {
            let shown = |value: &Option<Value>| {
                let text = value.as_ref().map_or_else(|| "-".into(), Value::to_string);
                crate::text::fit(&clean(&text), 40).trim_end().to_owned()
            };
            page.line(format!(
                "           {:<22}{} -> {}",
                change.field.label(),
                shown(&change.from),
                shown(&change.to)
            ));
        }
    }
    page.line(format!(
        "this would take {} requests to GHL and {} to Growbots, about {} s",
        cost.requests.ghl, cost.requests.growbots, cost.seconds
    ));
}
