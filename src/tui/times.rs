//! Moments and spans as screens write them, in the operator's zone. Never an age that ticks. And what else decides how a
//! value is written.

use std::sync::Arc;

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use crate::model::{Businesses, Millis};
use crate::text::thousands;

/// The operator's zone and the present, which decide how a moment is written; and the names that stand for ids.
#[derive(Clone, Debug)]
pub struct Times {
    /// The operator's zone.
    pub zone: TimeZone,
    /// Now.
    pub now: Millis,
    /// The names of businesses.
    pub businesses: Arc<Businesses>,
}

impl Times {
    /// Of a zone, as long as no name was read.
    pub fn new(zone: TimeZone, now: Millis) -> Self {
        Self {
            zone,
            now,
            businesses: Arc::default(),
        }
    }

    fn zoned(&self, at: Millis) -> Option<DateTime> {
        let at = Timestamp::from_millisecond(at.0).ok()?;
        Some(self.zone.to_datetime(at))
    }

    /// Days from today to the day of `at`: 0 today, -1 yesterday. `None` outside of the calendar.
    pub fn days_to(&self, at: Millis) -> Option<i64> {
        let (day, today) = (self.zoned(at)?.date(), self.zoned(self.now)?.date());
        Some(i64::from(today.until(day).ok()?.get_days()))
    }

    fn format(&self, at: Millis, format: &str) -> String {
        self.zoned(at)
            .map_or_else(|| "?".into(), |at| at.strftime(format).to_string())
    }

    fn same_year(&self, at: Millis) -> bool {
        self.format(at, "%Y") == self.format(self.now, "%Y")
    }

    /// `14:05` today, `Mon 16:20` in the last 6 days, `3 Nov 10:12` this year, else `3 Nov 2025`.
    pub fn moment(&self, at: Millis) -> String {
        match self.days_to(at) {
            Some(0) => self.format(at, "%H:%M"),
            Some(-6..0) => self.format(at, "%a %H:%M"),
            _ if self.same_year(at) => self.format(at, "%-d %b %H:%M"),
            _ => self.format(at, "%-d %b %Y"),
        }
    }

    /// With seconds, for the log and Rates: `14:05:09` today.
    pub fn second(&self, at: Millis) -> String {
        match self.days_to(at) {
            Some(0) => self.format(at, "%H:%M:%S"),
            _ => self.moment(at),
        }
    }

    /// At most 7 columns, for lists: `14:05`, `Mon`, `3 Nov`, `2025`.
    pub fn brief(&self, at: Millis) -> String {
        match self.days_to(at) {
            Some(0) => self.format(at, "%H:%M"),
            Some(-6..0) => self.format(at, "%a"),
            _ if self.same_year(at) => self.format(at, "%-d %b"),
            _ => self.format(at, "%Y"),
        }
    }

    /// When a task is due: `17:00` today, `Thu 17:00` in the next 6 days, a past one always with its date.
    pub fn due(&self, at: Millis) -> String {
        match self.days_to(at) {
            Some(0) => self.format(at, "%H:%M"),
            Some(1..=6) => self.format(at, "%a %H:%M"),
            _ if self.same_year(at) => self.format(at, "%-d %b %H:%M"),
            _ => self.format(at, "%-d %b %Y"),
        }
    }

    /// A moment as a form shows it: `2026-11-26 09:00`, in the operator's zone.
    pub fn typed(&self, at: Millis) -> String {
        self.format(at, "%Y-%m-%d %H:%M")
    }

    /// Reads what [`Times::typed`] writes, a date alone (its start), RFC 3339 with an offset, or a moment as people name
    /// it: `+2d`, `fri`, `12 dec 9:00`. `None` otherwise.
    pub fn parse(&self, text: &str) -> Option<Millis> {
        let text = text.trim();
        let civil = text.parse::<DateTime>();
        match civil {
            Ok(civil) if !text.ends_with(['Z', 'z']) => {
                let at = self.zone.to_timestamp(civil).ok()?;
                Some(Millis(at.as_millisecond()))
            }
            _ => Millis::parse(text).or_else(|| super::when::read(text, self)),
        }
    }

    /// Hour and minute alone.
    pub fn clock(&self, at: Millis) -> String {
        self.format(at, "%H:%M")
    }

    /// The same time of day `days` after today, at `hour`; for putting off.
    pub fn at_hour(&self, days: i64, hour: i8) -> Option<Millis> {
        let day = self.zoned(self.now)?.date();
        let day = day.checked_add(jiff::Span::new().days(days)).ok()?;
        let at = self.zone.to_timestamp(day.at(hour, 0, 0, 0)).ok()?;
        Some(Millis(at.as_millisecond()))
    }

    /// Days from today to the next Monday, 1 to 7.
    pub fn days_to_monday(&self) -> i64 {
        let today = self.zoned(self.now).map_or(0, |now| {
            i64::from(now.date().weekday().to_monday_zero_offset())
        });
        7 - today
    }

    /// A moment with its weekday, whatever the distance: `Fri 27 Nov 2026, 17:00`; what a typed text was read as.
    pub fn whole(&self, at: Millis) -> String {
        self.format(at, "%a %-d %b %Y, %H:%M")
    }

    /// The next working day after today, at `hour`.
    pub fn next_working_day(&self, hour: i8) -> Option<Millis> {
        let to_monday = self.days_to_monday();
        self.at_hour(if to_monday <= 3 { to_monday } else { 1 }, hour)
    }

    /// The name of the zone.
    pub fn zone_name(&self) -> String {
        self.zone.iana_name().unwrap_or("UTC").to_owned()
    }
}

/// A span: `0.9 s`, `41 s`, `6 min`, `2 h`, `3 d`.
pub fn span(ms: u64) -> String {
    match ms {
        0..10_000 => {
            let tenths = ms.div_ceil(100);
            format!("{}.{} s", tenths / 10, tenths % 10)
        }
        10_000..120_000 => format!("{} s", ms / 1000),
        120_000..7_200_000 => format!("{} min", ms / 60_000),
        7_200_000..172_800_000 => format!("{} h", ms / 3_600_000),
        _ => format!("{} d", ms / 86_400_000),
    }
}

/// A count with its noun: `1 pass`, `2 passes`.
pub fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", thousands(n), if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_by_their_distance() {
        let at = |text: &str| Millis::parse(text).unwrap();
        let times = Times::new(TimeZone::UTC, at("2026-11-24T14:05:00Z"));
        for (text, moment, due) in [
            ("2026-11-24T09:00:00Z", "09:00", "09:00"),
            ("2026-11-23T16:20:00Z", "Mon 16:20", "23 Nov 16:20"),
            ("2026-11-26T17:00:00Z", "26 Nov 17:00", "Thu 17:00"),
            ("2026-11-03T10:12:00Z", "3 Nov 10:12", "3 Nov 10:12"),
            ("2025-11-03T10:12:00Z", "3 Nov 2025", "3 Nov 2025"),
        ] {
            assert_eq!(times.moment(at(text)), moment, "{text}");
            assert_eq!(times.due(at(text)), due, "{text}");
        }
        assert_eq!(times.days_to_monday(), 6);
        let berlin = Times {
            zone: TimeZone::fixed(jiff::tz::offset(1)),
            ..times.clone()
        };
        for text in ["2026-11-26 09:00", "2026-11-26T08:00:00Z"] {
            let read = berlin.parse(text);
            assert_eq!(read, Some(at("2026-11-26T08:00:00Z")), "{text}");
            assert_eq!(berlin.typed(read.unwrap()), "2026-11-26 09:00");
        }
        assert_eq!(berlin.parse("some day"), None);
        assert_eq!(
            [850, 41_000, 360_000, 7_200_000].map(span),
            ["0.9 s", "41 s", "6 min", "2 h"]
        );
    }
}
