//! When somebody is told of trouble, and how.

use jiff::civil::Time;

use crate::model::AlertRule;
use crate::secrets::Secret;

use super::Config;

/// The settings of `[alerts]`.
#[derive(Clone, Debug)]
pub struct AlertSettings {
    /// The rules: the defaults with what the settings change.
    pub rules: Vec<AlertRule>,
    /// A command that gets notices on its stdin.
    pub command: Option<String>,
    /// An address that notices are posted to.
    pub webhook: Option<Secret<String>>,
    /// Whether in Slack's form.
    pub slack: bool,
    /// Whether a dashboard rings.
    pub bell: bool,
    /// From when until when nobody is told, in the zone of the settings.
    pub quiet: Option<(Time, Time)>,
    /// The least time between two notices.
    pub settle_ms: i64,
}

impl Config {
    /// When somebody is told of trouble, and how.
    pub fn alerts(&self) -> AlertSettings {
        let get = |name: &str| self.get(name);
        let seconds = get("alerts.settle_seconds").and_then(|text| text.parse().ok());
        AlertSettings {
            rules: read_rules(get("alerts.rules").unwrap_or_default())
                .expect("the check of the key has read them"),
            command: get("alerts.command").map(str::to_owned),
            webhook: get("alerts.webhook").map(|url| Secret::new(url.to_owned())),
            slack: get("alerts.webhook_form") == Some("slack"),
            bell: get("alerts.bell") != Some("false"),
            quiet: get("alerts.quiet_hours").and_then(|text| read_hours(text).ok()),
            settle_ms: seconds.unwrap_or(60_i64) * 1000,
        }
    }
}

fn read_rules(text: &str) -> Result<Vec<AlertRule>, String> {
    let mut rules = AlertRule::defaults();
    for pair in text.split(',').filter(|pair| !pair.trim().is_empty()) {
        let (name, limit) = pair.split_once('=').unwrap_or((pair, ""));
        let rule = AlertRule::parse(name, limit)?;
        rules.retain(|known| known.name != name.trim());
        rules.extend(rule);
    }
    Ok(rules)
}

fn read_hours(text: &str) -> Result<(Time, Time), String> {
    let time = |text: &str| {
        let (hour, minute) = text.trim().split_once(':')?;
        Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
    };
    text.split_once('-')
        .and_then(|(from, to)| Some((time(from)?, time(to)?)))
        .ok_or_else(|| format!("`{text}` is no span of hours, such as `22:00-07:00`"))
}

/// Why a text is no table of rules.
pub(super) fn rules(text: &str) -> Result<(), String> {
    read_rules(text).map(|_| ())
}

/// Why a text is no span of hours.
pub(super) fn hours(text: &str) -> Result<(), String> {
    read_hours(text).map(|_| ())
}
