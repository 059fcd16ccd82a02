//! Writes that would be made, and what they would cost now: what every dry run and preview shows.

use crate::model::{Businesses, Cost, RecordId, Value, Write};
use crate::text::{clean, fit, thousands};

use super::output::Page;

/// One line a write, with each value that changes, then the cost.
pub fn told(page: &mut Page, writes: &[Write], cost: &Cost, names: &Businesses) {
    for write in writes {
        let id = write.id.as_ref().map_or("new", RecordId::as_str);
        page.line(format!(
            "  {:<9}{:<7}{:<12}{id:<30}({})",
            write.side,
            write.op.name(),
            write.kind,
            clean(&write.cause.to_string())
        ));
        for change in &write.fields {
            let shown = |value: &Option<Value>| {
                let text = value.as_ref();
                let text = text.map_or_else(|| "-".into(), |value| names.shown(value));
                fit(&clean(&text), 40).trim_end().to_owned()
            };
            page.line(format!(
                "           {:<22}{} -> {}",
                change.field.label(),
                shown(&change.from),
                shown(&change.to)
            ));
        }
    }
    page.line(costs(cost));
}

/// What it costs, in one line.
pub fn costs(cost: &Cost) -> String {
    format!(
        "this would take {} requests to GHL and {} to Growbots, about {}",
        thousands(cost.requests.ghl.into()),
        thousands(cost.requests.growbots.into()),
        span(cost.seconds)
    )
}

fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3600)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_said_in_a_unit_that_fits() {
        for (seconds, said) in [(3, "3 s"), (125, "3 min"), (7201, "3 h")] {
            assert_eq!(span(seconds), said);
        }
    }
}
