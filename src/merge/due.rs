//! When a task is due that nobody gave a date: GHL takes none without.

use jiff::{ToSpan as _, civil::Weekday, tz::TimeZone};

use crate::model::Millis;

/// 17:00 of the next working day after `now`, in the location's time zone. Monday to Friday are working days.
pub fn next_working_day(now: Millis, zone: &TimeZone) -> Option<Millis> {
    working_day(now, zone, 1)
}

/// 17:00 of the working day that is so many working days after `now`.
pub fn working_day(now: Millis, zone: &TimeZone, days: u16) -> Option<Millis> {
    let now = jiff::Timestamp::from_millisecond(now.0).ok()?;
    let mut day = zone.to_datetime(now).date();
    for _ in 0..days {
        day = day.checked_add(1.day()).ok()?;
        while matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
            day = day.checked_add(1.day()).ok()?;
        }
    }
    let due = zone.to_timestamp(day.at(17, 0, 0, 0)).ok()?;
    Some(Millis(due.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_without_a_date_is_due_on_the_next_working_day_at_five() {
        for (now, zone, want) in [
            ("2026-06-10T12:00:00Z", "UTC", "2026-06-11T17:00:00.000Z"),
            ("2026-06-12T12:00:00Z", "UTC", "2026-06-15T17:00:00.000Z"),
            ("2026-06-13T12:00:00Z", "UTC", "2026-06-15T17:00:00.000Z"),
            // Still Thursday there, and Friday by the clock of UTC.
            (
                "2026-06-12T03:00:00Z",
                "America/Denver",
                "2026-06-12T23:00:00.000Z",
            ),
        ] {
            let zone = TimeZone::get(zone).unwrap();
            let due = next_working_day(Millis::parse(now).unwrap(), &zone);
            assert_eq!(
                due.map(|due| due.to_string()).as_deref(),
                Some(want),
                "{now}"
            );
        }
    }
}
