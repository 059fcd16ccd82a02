//! The settings that bring couplet to a server that is near the Growbots contract (`facts/growbots.md` 2).

use std::collections::BTreeMap;
use std::time::Duration;

use super::Config;

/// How a Growbots server differs from the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrowbotsSettings {
    /// Put before every path.
    pub api_prefix: String,
    /// Rows asked of a list.
    pub page_size: u16,
    /// Writes of a batch.
    pub batch_size: u16,
    /// How long an answer may take.
    pub timeout: Duration,
    /// Another `User-Agent`.
    pub user_agent: Option<String>,
    /// What the server can do; `None`: what it says itself.
    pub capabilities: Option<Vec<String>>,
    /// Other first segments of paths.
    pub paths: BTreeMap<String, String>,
    /// Other names of fields.
    pub wire: BTreeMap<String, String>,
    /// Whether the status of a lead is a tag of its contact.
    pub status_tags: bool,
}

impl Config {
    /// How the Growbots server differs from the contract.
    pub fn growbots(&self) -> GrowbotsSettings {
        let text = |name: &str| self.get(name).map(str::to_owned);
        let number = |name: &str, default| {
            let text = self.get(name).and_then(|text| text.parse().ok());
            text.unwrap_or(default)
        };
        let capabilities = self.get("growbots.capabilities").unwrap_or("auto");
        GrowbotsSettings {
            api_prefix: text("growbots.api_prefix").unwrap_or_default(),
            page_size: number("growbots.page_size", 100),
            batch_size: number("growbots.batch_size", 50),
            timeout: Duration::from_millis(number("growbots.timeout_ms", 10_000).into()),
            user_agent: text("growbots.user_agent"),
            capabilities: (capabilities != "auto").then(|| words(capabilities)),
            paths: pairs(self.get("growbots.paths").unwrap_or("")),
            wire: pairs(self.get("growbots.wire").unwrap_or("")),
            status_tags: self.get("growbots.status_tags") == Some("true"),
        }
    }
}

/// The words of a list as a setting keeps it.
fn words(text: &str) -> Vec<String> {
    let words = text
        .split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

/// The names and values of a table as a setting keeps it: `a.b = c, d = e`.
fn pairs(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect()
}

/// Why a text is no table of names.
pub(super) fn renames(text: &str) -> Result<(), String> {
    let is_name = |text: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
        !text.is_empty() && text.chars().all(plain)
    };
    for pair in text.split(',').filter(|pair| !pair.trim().is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if !is_name(name.trim()) || !is_name(value.trim()) {
            return Err(format!("`{}` is no pair of names", pair.trim()));
        }
    }
    Ok(())
}

/// Why a text is no list of capabilities.
pub(super) fn capabilities(text: &str) -> Result<(), String> {
    const NAMES: [&str; 8] = [
        "changes",
        "include_deleted",
        "etag",
        "idempotency",
        "external_id",
        "batch",
        "restore",
        "webhooks",
    ];
    match words(text)
        .iter()
        .find(|word| !NAMES.contains(&word.as_str()))
    {
        Some(word) if text.trim() != "auto" => Err(format!(
            "`{word}` is neither `auto` nor one of `{}`",
            NAMES.join("`, `")
        )),
        _ => Ok(()),
    }
}
