//! Whether the workspaces of a config are apart: a location and an account stand in one only.

use crate::model::Side;
use crate::secrets::{Kept, Secret};

use super::{Config, ConfigError};

/// Refuses two workspaces with one GHL location, one Growbots account or one secret of Growbots' webhooks.
///
/// An account is told by its address with `growbots.account_id`, or else with its key; of keys that a command prints
/// the command.
pub fn check_apart(all: &[Config]) -> Result<(), ConfigError> {
    for (at, one) in all.iter().enumerate() {
        for other in &all[..at] {
            let what = if same(one.get("ghl.location"), other.get("ghl.location")) {
                "GHL location"
            } else if share_account(one, other)? {
                "Growbots account"
            } else if share_webhook_secret(one, other) {
                "secret of Growbots' webhooks"
            } else {
                continue;
            };
            return Err(ConfigError::Shared {
                what,
                one: other.workspace().into(),
                other: one.workspace().into(),
            });
        }
    }
    Ok(())
}

fn same<T: PartialEq + ?Sized>(one: Option<&T>, other: Option<&T>) -> bool {
    one.is_some() && one == other
}

fn share_account(one: &Config, other: &Config) -> Result<bool, ConfigError> {
    fn url(config: &Config) -> Option<&str> {
        let url = config.get("growbots.url");
        url.map(|url| url.trim_end_matches('/'))
    }
    if !same(url(one), url(other)) {
        return Ok(false);
    }
    let id = |config: &Config| config.get("growbots.account_id").map(str::to_owned);
    if let (Some(one), Some(other)) = (id(one), id(other)) {
        return Ok(one == other);
    }
    Ok(same(key(one)?.as_ref(), key(other)?.as_ref()))
}

/// What a workspace's key of Growbots is, or what prints it; `None` where it has none.
fn key(config: &Config) -> Result<Option<Secret<String>>, ConfigError> {
    let of = |name: &str| config.get(name).map(|text| Secret::new(text.to_owned()));
    let given = of("growbots.token").or_else(|| of("growbots.token_command"));
    if given.is_some() {
        return Ok(given);
    }
    let kept = config.secrets()?.read(Side::Growbots.name())?;
    Ok(kept.and_then(|kept| match kept {
        Kept::Key { key, .. } => Some(key),
        Kept::Grant(_) => None,
    }))
}

fn share_webhook_secret(one: &Config, other: &Config) -> bool {
    let [one, other] = [one, other].map(|config| config.get("growbots.webhook_secret"));
    let mut words = one.unwrap_or_default().split_whitespace();
    words.any(|word| other.is_some_and(|all| all.split_whitespace().any(|it| it == word)))
}
