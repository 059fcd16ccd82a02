//! Times as people type them: a moment, a date, or a span from now.

use jiff::{Timestamp, civil, tz::TimeZone};

use crate::model::Millis;

use super::exit::Problem;

/// Milliseconds of a span: `90s`, `30m`, `2h`, `1d`, `1w`.
fn span_ms(text: &str) -> Option<i64> {
    let unit = text.chars().last()?;
    let number: i64 = text[..text.len() - unit.len_utf8()].parse().ok()?;
    let ms = match unit {
        's' => 1_000,
        'm' => 60_000,
        'h' => 3_600_000,
        'd' => 86_400_000,
        'w' => 604_800_000,
        _ => return None,
    };
    (number >= 0).then(|| number.checked_mul(ms)).flatten()
}

/// The moment that lies a span after `now`.
pub fn after(text: &str, now: Millis) -> Result<Millis, Problem> {
    span_ms(text).map(|ms| now.plus(ms)).ok_or_else(|| {
        Problem::usage(
            format!("`{text}` is no span of time"),
            "a number with `s`, `m`, `h`, `d` or `w`, such as `30m` or `2d`",
        )
    })
}

/// A moment: RFC 3339, a date and time or a date in `zone`, or a span after `now`.
pub fn moment(text: &str, zone: &TimeZone, now: Millis) -> Result<Millis, Problem> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Millis(at.as_millisecond()));
    }
    let civil = text
        .parse::<civil::DateTime>()
        .or_else(|_| text.parse::<civil::Date>().map(|date| date.at(0, 0, 0, 0)));
    if let Ok(at) = civil.and_then(|civil| zone.to_timestamp(civil)) {
        return Ok(Millis(at.as_millisecond()));
    }
    after(text, now).map_err(|_| {
        Problem::usage(
            format!("`{text}` is no time"),
            "such as `2026-03-01T09:30`, `2026-03-01`, or a span from now: `2d`",
        )
    })
}

/// A moment as a person reads it, in `zone`: `2026-03-01 09:30`; empty where there is none.
pub fn shown(at: Option<Millis>, zone: &TimeZone) -> String {
    let stamp = at.and_then(|at| Timestamp::from_millisecond(at.0).ok());
    stamp.map_or(String::new(), |stamp| {
        stamp
            .to_zoned_datetime(zone.clone())
            .strftime("%Y-%m-%d %H:%M")
            .to_string()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_the_zone_of_the_operator() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let now = Millis::parse("2026-03-01T10:00:00Z").unwrap();
        for (text, want) in [
            ("2026-03-01T09:30:00Z", Some("2026-03-01T09:30:00.000Z")),
            ("2026-03-01T09:30", Some("2026-03-01T07:30:00.000Z")),
            ("2026-03-01 09:30", Some("2026-03-01T07:30:00.000Z")),
            ("2026-03-02", Some("2026-03-01T22:00:00.000Z")),
            ("2d", Some("2026-03-03T10:00:00.000Z")),
            ("90s", Some("2026-03-01T10:01:30.000Z")),
            ("-2d", None),
            ("2", None),
            ("d", None),
            ("soon", None),
            ("", None),
        ] {
            let got = moment(text, &zone, now).ok().map(|at| at.to_string());
            assert_eq!(got.as_deref(), want, "{text}");
        }
    }
}
