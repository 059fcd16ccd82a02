//! Alerts: what somebody should be told while nobody looks at a screen.

use serde::{Deserialize, Serialize};

use super::{AlertId, Millis};

/// How far an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertState {
    /// Its condition holds, but not for as long as its rule asks. Nobody is told.
    Pending,
    /// It holds.
    Open,
    /// It holds, and somebody said that they know.
    Acknowledged,
    /// It holds no more.
    Recovered,
}

impl AlertState {
    /// The name in JSON and the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Recovered => "recovered",
        }
    }
}

/// One trouble, however often it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Its number.
    pub id: AlertId,
    /// The rule, with the side where there is one: `401.ghl`.
    pub name: String,
    /// How far it is.
    pub state: AlertState,
    /// Since when its condition holds.
    pub since: Millis,
    /// What its rule counts, when it was last looked at.
    pub count: u64,
    /// What it says: words of couplet, numbers and names of operations; nothing of a customer.
    pub text: String,
}

/// A condition that holds now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The name of its alert.
    pub name: String,
    /// What the rule counts.
    pub count: u64,
    /// What the alert says.
    pub text: String,
    /// For how long it must hold before anybody is told.
    pub hold_ms: i64,
}

/// When somebody is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertRule {
    /// Which: one of [`AlertRule::NAMES`], or `error:TEXT` for a pattern of errors.
    pub name: String,
    /// More than this.
    pub over: u64,
    /// Counted within this time, or held for it.
    pub span_ms: i64,
}

const MINUTE_MS: i64 = 60_000;

impl AlertRule {
    /// Every rule but those of the form `error:TEXT`: its name, more than what, in which time, and what it counts.
    pub const NAMES: &[(&str, u64, i64, &str)] = &[
        (
            "429",
            20,
            10 * MINUTE_MS,
            "answers 429 of a side in that time",
        ),
        (
            "429_daily",
            99,
            0,
            "percent of a day's requests that are used",
        ),
        ("401", 0, 0, "whether a side refuses the key, for that time"),
        (
            "breaker_open",
            0,
            MINUTE_MS,
            "whether requests to a side are held back after failures, for that time",
        ),
        (
            "no_pass",
            0,
            15 * MINUTE_MS,
            "whether the loop has not got on for that time",
        ),
        (
            "conflicts",
            100,
            0,
            "conflicts that nobody has decided, for that time",
        ),
        (
            "lag",
            900,
            0,
            "seconds that the oldest change waits, for that time",
        ),
        (
            "mass_change",
            0,
            0,
            "mass changes that are held, for that time",
        ),
    ];

    /// The rules that hold where the settings change none.
    pub fn defaults() -> Vec<Self> {
        let rule = |(name, over, span_ms, _): &(&str, u64, i64, &str)| Self {
            name: (*name).to_owned(),
            over: *over,
            span_ms: *span_ms,
        };
        Self::NAMES.iter().map(rule).collect()
    }

    /// The rule of this name by a text such as `over 100 for 5m`; `None` for `off`. What the text leaves out is as in
    /// the defaults.
    pub fn parse(name: &str, text: &str) -> Result<Option<Self>, String> {
        let (name, text) = (name.trim(), text.trim());
        let known = Self::NAMES.iter().find(|(known, ..)| *known == name);
        let (mut over, mut span_ms) = match known {
            Some((_, over, span_ms, _)) => (*over, *span_ms),
            None if name
                .strip_prefix("error:")
                .is_some_and(|it| !it.trim().is_empty()) =>
            {
                (0, 0)
            }
            None => {
                let names: Vec<&str> = Self::NAMES.iter().map(|(name, ..)| *name).collect();
                return Err(format!(
                    "`{name}` is no rule: one of `{}`, or `error:` with words of the pattern",
                    names.join("`, `")
                ));
            }
        };
        if text == "off" {
            return Ok(None);
        }
        let mut words = text.split_whitespace();
        while let Some(word) = words.next() {
            let value = words.next().unwrap_or_default();
            let read = match word {
                "over" => value.parse().ok().map(|number| over = number),
                "for" | "in" => span(value).map(|ms| span_ms = ms),
                _ => None,
            };
            if read.is_none() {
                return Err(format!(
                    "`{text}` is no limit of `{name}`: `off`, or such as `over 100 for 5m`"
                ));
            }
        }
        Ok(Some(Self {
            name: name.to_owned(),
            over,
            span_ms,
        }))
    }
}

/// Milliseconds of a span: `90s`, `15m`, `2h`, `1d`.
fn span(text: &str) -> Option<i64> {
    let unit = text.chars().last()?;
    let number: u32 = text[..text.len() - unit.len_utf8()].parse().ok()?;
    let ms = match unit {
        's' => 1_000,
        'm' => MINUTE_MS,
        'h' => 60 * MINUTE_MS,
        'd' => 24 * 60 * MINUTE_MS,
        _ => return None,
    };
    Some(i64::from(number) * ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_read_from_a_few_words() {
        for (name, text, want) in [
            ("conflicts", "over 5", Ok(Some((5, 0)))),
            ("conflicts", "over 5 for 2m", Ok(Some((5, 120_000)))),
            ("no_pass", "for 1h", Ok(Some((0, 3_600_000)))),
            ("429", "over 3 in 30s", Ok(Some((3, 30_000)))),
            ("429", "", Ok(Some((20, 600_000)))),
            ("lag", "off", Ok(None)),
            ("error: POST /leads", "over 5", Ok(Some((5, 0)))),
            ("error:", "over 5", Err("is no rule")),
            ("conflict", "over 5", Err("`conflict` is no rule")),
            ("lag", "over many", Err("is no limit of `lag`")),
            ("lag", "under 5", Err("is no limit")),
            ("lag", "for 5", Err("is no limit")),
        ] {
            let got = AlertRule::parse(name, text);
            match (got, want) {
                (Ok(rule), Ok(want)) => {
                    assert_eq!(rule.map(|it| (it.over, it.span_ms)), want, "{name} {text}");
                }
                (Err(why), Err(want)) => assert!(why.contains(want), "{name} {text}: {why}"),
                (got, _) => panic!("{name} {text}: {got:?}"),
            }
        }
    }
}
