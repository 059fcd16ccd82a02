//! What an answer's headers say about limits and time, on either side and in any of their forms.

use http::HeaderMap;
use jiff::fmt::rfc2822;

use crate::model::Millis;

/// What one answer said. Absent where it said nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Places in the burst window, in all.
    pub burst: Option<u32>,
    /// Length of the burst window.
    pub window_ms: Option<u32>,
    /// Places left in the burst window.
    pub burst_left: Option<u32>,
    /// Requests of a day, in all.
    pub day: Option<u64>,
    /// Requests left of the day.
    pub day_left: Option<u64>,
    /// Milliseconds until the day starts anew.
    pub day_resets_in_ms: Option<i64>,
    /// How long to wait before the next request.
    pub retry_after_ms: Option<i64>,
    /// The side's clock, to the second.
    pub date: Option<Millis>,
}

/// Reads the headers of an answer that came at `now`.
///
/// Forms: `X-RateLimit-*` (GHL, `facts/highlevel.md` d), `RateLimit-*` with `RateLimit-Policy` and the later
/// `RateLimit` (Growbots, `facts/growbots.md` 3.8), `Retry-After` in seconds or as a date by the side's own clock.
pub fn read(headers: &HeaderMap, now: Millis) -> Said {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let number = |name: &str| text(name).and_then(|text| text.trim().parse::<u64>().ok());
    let date = text("date").and_then(moment);
    let mut said = Said {
        burst: number("x-ratelimit-max").map(small),
        window_ms: number("x-ratelimit-interval-milliseconds").map(small),
        burst_left: number("x-ratelimit-remaining").map(small),
        day: number("x-ratelimit-limit-daily"),
        day_left: number("x-ratelimit-daily-remaining"),
        day_resets_in_ms: number("x-ratelimit-daily-reset").map(|ms| ms as i64),
        retry_after_ms: text("retry-after")
            .and_then(|text| retry_after_ms(text, date.unwrap_or(now))),
        date,
    };
    let policies: Vec<_> = text("ratelimit-policy")
        .unwrap_or("")
        .split(',')
        .filter_map(policy)
        .collect();
    for policy in &policies {
        if policy.is_daily() {
            said.day = Some(policy.quota);
        } else {
            said.burst = Some(small(policy.quota));
            said.window_ms = Some(small(policy.window_s.saturating_mul(1000)));
        }
    }
    if let Some(left) = number("ratelimit-remaining") {
        // The numbers are those of one window, the nearest to its end: its limit says which.
        let limit = number("ratelimit-limit");
        let named = policies.iter().find(|policy| Some(policy.quota) == limit);
        let resets_in_ms = number("ratelimit-reset").map(|s| s.saturating_mul(1000) as i64);
        said.left(named.is_some_and(Policy::is_daily), left, resets_in_ms);
    }
    for item in text("ratelimit").unwrap_or("").split(',') {
        let Some(left) = parameter(item, "r") else {
            continue;
        };
        let name = item.split(';').next().unwrap_or("").trim();
        let named = policies.iter().find(|policy| policy.name == name);
        let resets_in_ms = parameter(item, "t").map(|s| s.saturating_mul(1000) as i64);
        said.left(named.is_some_and(Policy::is_daily), left, resets_in_ms);
    }
    said
}

impl Said {
    fn left(&mut self, daily: bool, left: u64, resets_in_ms: Option<i64>) {
        if daily {
            self.day_left = Some(left);
            self.day_resets_in_ms = resets_in_ms;
        } else {
            self.burst_left = Some(small(left));
        }
    }
}

struct Policy<'a> {
    name: &'a str,
    quota: u64,
    window_s: u64,
}

impl Policy<'_> {
    const fn is_daily(&self) -> bool {
        self.window_s >= 3600
    }
}

/// `100;w=10`, or `"burst";q=100;w=10`.
fn policy(item: &str) -> Option<Policy<'_>> {
    let name = item.split(';').next()?.trim();
    Some(Policy {
        name,
        quota: parameter(item, "q").or_else(|| name.parse().ok())?,
        window_s: parameter(item, "w")?,
    })
}

fn parameter(item: &str, name: &str) -> Option<u64> {
    item.split(';').skip(1).find_map(|part| {
        let (key, value) = part.split_once('=')?;
        (key.trim() == name).then(|| value.trim().parse().ok())?
    })
}

fn retry_after_ms(text: &str, now: Millis) -> Option<i64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(i64::from(seconds) * 1000);
    }
    Some(moment(text)?.since(now).max(0))
}

fn moment(text: &str) -> Option<Millis> {
    let at = rfc2822::parse(text.trim()).ok()?.timestamp();
    Some(Millis(at.as_millisecond()))
}

fn small(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_the_headers_is_read() {
        let ghl = Said {
            burst: Some(100),
            window_ms: Some(10_000),
            burst_left: Some(42),
            day: Some(200_000),
            day_left: Some(199_000),
            ..Said::default()
        };
        let burst = Said {
            burst: Some(100),
            window_ms: Some(10_000),
            day: Some(200_000),
            burst_left: Some(42),
            ..Said::default()
        };
        let day = Said {
            burst_left: None,
            day_left: Some(3),
            day_resets_in_ms: Some(70_000),
            ..burst
        };
        let wait = |ms| Said {
            retry_after_ms: Some(ms),
            ..Said::default()
        };
        for (headers, want) in [
            (&[][..], Said::default()),
            (
                &[
                    ("x-ratelimit-max", "100"),
                    ("x-ratelimit-remaining", "42"),
                    ("x-ratelimit-interval-milliseconds", "10000"),
                    ("x-ratelimit-limit-daily", "200000"),
                    ("x-ratelimit-daily-remaining", "199000"),
                ],
                ghl,
            ),
            (
                &[
                    ("ratelimit-policy", "100;w=10, 200000;w=86400"),
                    ("ratelimit-limit", "100"),
                    ("ratelimit-remaining", "42"),
                    ("ratelimit-reset", "7"),
                ],
                burst,
            ),
            (
                &[
                    ("ratelimit-policy", "100;w=10, 200000;w=86400"),
                    ("ratelimit-limit", "200000"),
                    ("ratelimit-remaining", "3"),
                    ("ratelimit-reset", "70"),
                ],
                day,
            ),
            (
                &[
                    (
                        "ratelimit-policy",
                        "\"burst\";q=100;w=10,\"day\";q=200000;w=86400",
                    ),
                    ("ratelimit", "\"burst\";r=42;t=7"),
                ],
                burst,
            ),
            (
                &[
                    (
                        "ratelimit-policy",
                        "\"burst\";q=100;w=10, \"day\";q=200000;w=86400",
                    ),
                    ("ratelimit", "\"day\";r=3;t=70"),
                ],
                day,
            ),
            (&[("retry-after", "7")], wait(7_000)),
            (
                &[("retry-after", "Thu, 01 Jan 1970 00:00:30 GMT")],
                wait(20_000),
            ),
            (&[("retry-after", "Thu, 01 Jan 1970 00:00:01 GMT")], wait(0)),
            (&[("retry-after", "soon")], Said::default()),
            (&[("x-ratelimit-max", "many")], Said::default()),
        ] {
            let map = headers
                .iter()
                .map(|(name, value)| {
                    (
                        name.parse::<http::HeaderName>().expect("a name"),
                        value.parse().expect("a value"),
                    )
                })
                .collect();
            assert_eq!(read(&map, Millis(10_000)), want, "{headers:?}");
        }
    }

    #[test]
    fn a_date_to_wait_for_is_by_the_sides_own_clock() {
        let mut map = HeaderMap::new();
        for (name, value) in [
            (http::header::DATE, "Fri, 02 Jan 1970 00:00:00 GMT"),
            (http::header::RETRY_AFTER, "Fri, 02 Jan 1970 00:00:07 GMT"),
        ] {
            map.insert(name, value.parse().expect("a value"));
        }
        let said = read(&map, Millis(10_000));
        assert_eq!(said.date, Some(Millis(86_400_000)));
        assert_eq!(said.retry_after_ms, Some(7_000));
    }
}
