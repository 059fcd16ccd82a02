//! How to reach a side, and where its key is to be had.

use std::path::PathBuf;

use url::Url;

use crate::model::{BySide, Side};
use crate::secrets::{Secret, SecretsFile};

use super::{Config, ConfigError, key, variable_of};

/// How to reach one side.
#[derive(Clone, Debug)]
pub struct SideSettings {
    /// The root of its API; may have a path.
    pub url: Url,
    /// GHL: the location; empty for Growbots.
    pub location: String,
    /// Where its key is to be had, and how it is sent.
    pub key: KeySettings,
}

/// Where a side's key is to be had, in the order of these fields, and how it is sent.
#[derive(Clone, Debug)]
pub struct KeySettings {
    /// Given by the environment.
    pub given: Option<Secret<String>>,
    /// Printed by a command.
    pub command: Option<String>,
    /// The OAuth 2 client, where the settings name one; its tokens are in the secrets file.
    pub client: Option<ClientSettings>,
    /// The header that carries it.
    pub header: String,
    /// The word before it; may be empty.
    pub scheme: String,
    /// A header and the account that it names.
    pub account: Option<(String, String)>,
}

/// The OAuth 2 client that couplet is to a side.
#[derive(Clone, Debug)]
pub struct ClientSettings {
    /// Whether its own secret is enough, so that nobody signs in.
    pub by_itself: bool,
    /// Its name.
    pub id: String,
    /// Its secret, given by the environment.
    pub secret: Option<Secret<String>>,
    /// Its secret, printed by a command.
    pub secret_command: Option<String>,
    /// Where somebody signs in.
    pub authorize_url: Url,
    /// Where tokens are had.
    pub token_url: Url,
    /// GHL: where a company's token gives one of a location.
    pub location_token_url: Option<Url>,
    /// Where somebody who signed in is sent.
    pub redirect_uri: Url,
    /// What is asked for, space between; empty leaves it to the side.
    pub scopes: String,
    /// GHL's `user_type`; empty for Growbots.
    pub user_type: String,
}

impl Config {
    /// How to reach both sides; what is missing, also a key, is [`ConfigError::Missing`].
    pub fn sides(&self) -> Result<BySide<SideSettings>, ConfigError> {
        for side in Side::BOTH {
            let reached = self.side(side)?;
            if !self.has_key(side, &reached.key)? {
                self.need(&format!("{}.token", side.name()))?;
            }
        }
        Ok(BySide {
            ghl: self.side(Side::Ghl)?,
            growbots: self.side(Side::Growbots)?,
        })
    }

    /// How to reach a side, whether there is a key for it or not.
    pub fn side(&self, side: Side) -> Result<SideSettings, ConfigError> {
        let need = |name: &str| self.need(&format!("{}.{name}", side.name()));
        Ok(SideSettings {
            url: address(need("url")?.trim_end_matches('/')),
            location: match side {
                Side::Ghl => need("location")?.to_owned(),
                Side::Growbots => String::new(),
            },
            key: self.key_settings(side)?,
        })
    }

    fn has_key(&self, side: Side, key: &KeySettings) -> Result<bool, ConfigError> {
        Ok(key.given.is_some()
            || key.command.is_some()
            || key.client.as_ref().is_some_and(|client| client.by_itself)
            || self.secrets()?.read(side.name())?.is_some())
    }

    /// Where keys are kept: beside the database, and never in it.
    pub fn secrets(&self) -> Result<SecretsFile, ConfigError> {
        let name = format!("{}.secrets", self.workspace());
        Ok(SecretsFile::new(
            self.data_dir()?.join::<PathBuf>(name.into()),
        ))
    }

    /// Days after which a key should be replaced.
    pub fn key_max_age_days(&self) -> i64 {
        self.get("key_max_age_days")
            .and_then(|text| text.parse().ok())
            .unwrap_or(90)
    }

    fn key_settings(&self, side: Side) -> Result<KeySettings, ConfigError> {
        let of = |name: &str| {
            let text = self.get(&format!("{}.{name}", side.name()));
            text.map(str::to_owned)
        };
        let growbots = side == Side::Growbots;
        let kind = of("auth.kind").unwrap_or_default();
        let sent = |name, default: &str| match of(name) {
            Some(text) if growbots => text,
            _ => default.to_owned(),
        };
        Ok(KeySettings {
            given: of("token").map(Secret::new),
            command: of("token_command"),
            client: match side {
                Side::Ghl => self.client_of_ghl()?,
                Side::Growbots if kind.starts_with("oauth2") => {
                    Some(self.client_of_growbots(kind == "oauth2_client")?)
                }
                Side::Growbots => None,
            },
            header: sent("auth.header", "Authorization"),
            scheme: sent("auth.scheme", "Bearer"),
            account: of("account_id").and_then(|id| Some((of("account_header")?, id))),
        })
    }

    fn client_of_ghl(&self) -> Result<Option<ClientSettings>, ConfigError> {
        let of = |name: &str| self.get(&format!("ghl.{name}"));
        let Some(id) = of("oauth.client_id") else {
            return Ok(None);
        };
        let root = self.need("ghl.url")?;
        Ok(Some(ClientSettings {
            by_itself: false,
            id: id.to_owned(),
            secret: secret(of("oauth.client_secret")),
            secret_command: of("oauth.client_secret_command").map(str::to_owned),
            authorize_url: address(self.need("ghl.auth_url")?),
            token_url: below(root, "oauth/token"),
            location_token_url: Some(below(root, "oauth/locationToken")),
            redirect_uri: address(self.need("ghl.oauth.redirect_uri")?),
            scopes: of("oauth.scopes").unwrap_or_default().to_owned(),
            user_type: of("oauth.user_type").unwrap_or_default().to_owned(),
        }))
    }

    fn client_of_growbots(&self, by_itself: bool) -> Result<ClientSettings, ConfigError> {
        let of = |name: &str| self.get(&format!("growbots.auth.{name}"));
        let root = self.need("growbots.url")?;
        let or_below = |name: &str, path: &str| of(name).map_or_else(|| below(root, path), address);
        Ok(ClientSettings {
            by_itself,
            id: self.need("growbots.auth.client_id")?.to_owned(),
            secret: secret(of("client_secret")),
            secret_command: of("client_secret_command").map(str::to_owned),
            authorize_url: or_below("authorize_url", "oauth/authorize"),
            token_url: or_below("token_url", "oauth/token"),
            location_token_url: None,
            redirect_uri: address(self.need("growbots.auth.redirect_uri")?),
            scopes: of("scopes").unwrap_or_default().to_owned(),
            user_type: String::new(),
        })
    }

    fn need(&self, name: &str) -> Result<&str, ConfigError> {
        let key = key(name).expect("the names of both sides' settings are in the table");
        self.get(name).ok_or_else(|| {
            let workspace = self.is_one_of_several.then(|| self.workspace().to_owned());
            let env = key.env.unwrap_or_default();
            ConfigError::Missing {
                key: key.name,
                env: match &workspace {
                    Some(workspace) if !env.is_empty() => variable_of(env, workspace),
                    _ => env.to_owned(),
                },
                secret: key.secret,
                workspace,
            }
        })
    }
}

fn secret(text: Option<&str>) -> Option<Secret<String>> {
    text.map(|text| Secret::new(text.to_owned()))
}

fn address(text: &str) -> Url {
    Url::parse(text).expect("the check of the key has read it as a URL")
}

fn below(root: &str, path: &str) -> Url {
    address(&format!("{}/{path}", root.trim_end_matches('/')))
}
