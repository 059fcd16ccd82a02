//! Moments as an operator types them: `+2d`, `fri`, `tomorrow 9:00`, `12 dec`, `17:30`, or a whole date.

use jiff::civil::{Date, Time, Weekday};
use jiff::{Span, ToSpan as _};

use crate::model::Millis;

use super::times::Times;

/// The hour of a day that was typed without one: the end of a working day.
const HOUR: i8 = 17;
const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// What a text means now, in the operator's zone; `None` if it is no moment. A day without an hour is its 17:00, a
/// weekday the next one, a day and month the next such date.
pub fn read(text: &str, times: &Times) -> Option<Millis> {
    let text = text.trim().to_lowercase();
    if let Some(span) = text.strip_prefix('+') {
        return ahead(span, times);
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        [time] if clock(time).is_some() => at(times, today(times)?, clock(time)?),
        [day] => at(times, named(day, times)?, Time::constant(HOUR, 0, 0, 0)),
        [one, two] => match named(one, times) {
            Some(day) => at(times, day, clock(two)?),
            None => at(
                times,
                dated(one, two, times)?,
                Time::constant(HOUR, 0, 0, 0),
            ),
        },
        [one, two, time] => at(times, dated(one, two, times)?, clock(time)?),
        _ => None,
    }
}

fn at(times: &Times, day: Date, time: Time) -> Option<Millis> {
    let at = times.zone.to_timestamp(day.to_datetime(time)).ok()?;
    Some(Millis(at.as_millisecond()))
}

fn today(times: &Times) -> Option<Date> {
    let now = jiff::Timestamp::from_millisecond(times.now.0).ok()?;
    Some(times.zone.to_datetime(now).date())
}

/// `2d` and `1w` from today at 17:00; `3h` and `30m` from now.
fn ahead(text: &str, times: &Times) -> Option<Millis> {
    let unit = text.chars().last()?;
    let n: i32 = text[..text.len() - unit.len_utf8()].trim().parse().ok()?;
    let n = i64::from(n.clamp(0, 3_650));
    let days = |days: i64| {
        let day = today(times)?.checked_add(days.days()).ok()?;
        at(times, day, Time::constant(HOUR, 0, 0, 0))
    };
    match unit {
        'm' => Some(times.now.plus(n * 60_000)),
        'h' => Some(times.now.plus(n * 3_600_000)),
        'd' => days(n),
        'w' => days(7 * n),
        _ => None,
    }
}

/// `9`, `9:00`, `17:30`.
fn clock(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':').unwrap_or((text, "0"));
    let plain = |part: &str| part.len() <= 2 && part.chars().all(|c| c.is_ascii_digit());
    if !plain(hour) || !plain(minute) {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

/// `today`, `tomorrow`, and the next day of a name: `fri`, `friday`.
fn named(text: &str, times: &Times) -> Option<Date> {
    let today = today(times)?;
    let ahead = |days: i64| today.checked_add(Span::new().days(days)).ok();
    match text {
        "today" => return Some(today),
        "tomorrow" | "tom" => return ahead(1),
        _ => {}
    }
    let full = DAYS.iter().position(|day| {
        let long = match *day {
            "tue" => "tuesday",
            "wed" => "wednesday",
            "thu" => "thursday",
            "sat" => "saturday",
            _ => "",
        };
        text == *day || text == format!("{day}day") || text == long
    })?;
    let wanted = Weekday::from_monday_zero_offset(i8::try_from(full).ok()?).ok()?;
    match today.weekday().until(wanted) {
        0 => ahead(7),
        n => ahead(i64::from(n)),
    }
}

/// `12 dec` or `dec 12`, not before today.
fn dated(one: &str, two: &str, times: &Times) -> Option<Date> {
    let today = today(times)?;
    let of = |day: &str, month: &str| {
        let head = month.get(..3)?;
        let month = MONTHS.iter().position(|name| *name == head)?;
        let (day, month) = (day.parse::<i8>().ok()?, i8::try_from(month + 1).ok()?);
        let this = Date::new(today.year(), month, day).ok()?;
        if this < today {
            Date::new(today.year() + 1, month, day).ok()
        } else {
            Some(this)
        }
    };
    of(one, two).or_else(|| of(two, one))
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn a_moment_is_read_as_an_operator_types_it() {
        let at = |text: &str| Millis::parse(text).unwrap();
        let times = Times::new(TimeZone::UTC, at("2026-11-24T14:05:00Z"));
        for (text, want) in [
            ("+2d", "2026-11-26T17:00:00Z"),
            ("+1w", "2026-12-01T17:00:00Z"),
            ("+3h", "2026-11-24T17:05:00Z"),
            ("+30m", "2026-11-24T14:35:00Z"),
            ("fri", "2026-11-27T17:00:00Z"),
            ("Friday 9:00", "2026-11-27T09:00:00Z"),
            ("tue", "2026-12-01T17:00:00Z"),
            ("wednesday 9", "2026-11-25T09:00:00Z"),
            ("today", "2026-11-24T17:00:00Z"),
            ("tomorrow 8:30", "2026-11-25T08:30:00Z"),
            ("12 dec 9:00", "2026-12-12T09:00:00Z"),
            ("dec 12", "2026-12-12T17:00:00Z"),
            ("3 nov", "2027-11-03T17:00:00Z"),
            ("18:15", "2026-11-24T18:15:00Z"),
        ] {
            assert_eq!(read(text, &times), Some(at(want)), "{text}");
        }
        for text in ["", "soon", "+d", "+2y", "25:00", "32 dec", "12 foo 9:00"] {
            assert_eq!(read(text, &times), None, "{text}");
        }
    }
}
