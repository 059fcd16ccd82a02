//! A moment in wall time, in milliseconds, as both APIs give it.

use std::fmt;

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01 UTC. Negative before that.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Millis(pub i64);

impl Millis {
    /// Reads RFC 3339 with any offset, or a date and time without one, taken as UTC. `None` for anything else.
    ///
    /// ```
    /// use couplet::model::Millis;
    /// assert_eq!(Millis::parse("1970-01-01T00:00:01.500Z"), Some(Millis(1_500)));
    /// assert_eq!(Millis::parse("1970-01-01 01:00:00+01:00"), Some(Millis(0)));
    /// assert_eq!(Millis::parse("tomorrow"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(at) = text.parse::<Timestamp>() {
            return Some(Self(at.as_millisecond()));
        }
        let civil = text.parse::<DateTime>().ok()?;
        Some(Self(
            TimeZone::UTC.to_timestamp(civil).ok()?.as_millisecond(),
        ))
    }

    /// The same moment without its milliseconds: what tasks are compared by.
    #[must_use]
    pub const fn to_second(self) -> Self {
        Self(self.0.div_euclid(1000) * 1000)
    }

    /// This moment `ms` later (earlier where negative).
    #[must_use]
    pub const fn plus(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this moment; negative if it is later.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// RFC 3339 in UTC with milliseconds: `2026-03-01T09:30:00.000Z`.
impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Timestamp::from_millisecond(self.0) {
            Ok(at) => write!(f, "{at:.3}"),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}
