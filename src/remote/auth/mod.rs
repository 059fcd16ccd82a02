//! Who asks: where the key comes from, how it is renewed, and which headers carry it.

mod grant;
mod oauth;
mod scopes;
#[cfg(test)]
mod tests;

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use url::Url;

use crate::{
    clock::Clock,
    model::{Millis, Side},
    secrets::{self, Kept, Secret, SecretsFile, Stamp},
};

use super::RemoteError;

pub use oauth::{ClientSecret, Flow, OAuth, Pkce, SignIn};
pub use scopes::{Access, FEATURES, Feature, Scopes};

/// GHL's `Version` header.
pub const VERSION: HeaderName = HeaderName::from_static("version");
/// For everything but calendars (`facts/highlevel.md` a).
pub const VERSION_MAIN: &str = "2021-07-28";
/// For `/calendars/*`.
pub const VERSION_CALENDARS: &str = "2021-04-15";

/// A token is renewed this long before it ends.
const EARLY_MS: i64 = 120_000;
/// After a renewal that failed, a token that still works is used this long before the next try.
const AGAIN_MS: i64 = 10_000;
/// Keys that are kept out of texts: the one in use and those that it followed.
const KEYS_TO_HIDE: usize = 4;

/// Where a key can be had; the first that has one counts.
#[derive(Clone, Debug)]
pub enum Source {
    /// Given, as by the environment.
    Given(Secret<String>),
    /// Printed by a command.
    Command(String),
    /// Kept in the secrets file: a key, or a sign-in that is renewed.
    File(SecretsFile, Option<Box<OAuth>>),
}

/// How the key is sent: `Authorization: Bearer …` unless a side wants it otherwise.
#[derive(Clone, Debug)]
pub struct Sign {
    /// The header.
    pub header: HeaderName,
    /// The word before the key; may be empty.
    pub scheme: String,
    /// A header and the account that it names, for a key that reaches several.
    pub account: Option<(HeaderName, HeaderValue)>,
}

impl Default for Sign {
    fn default() -> Self {
        Self {
            header: header::AUTHORIZATION,
            scheme: "Bearer".into(),
            account: None,
        }
    }
}

/// Where the key in use came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It was given, as by the environment.
    Given,
    /// A command printed it.
    Command,
    /// The secrets file.
    File,
}

/// A key as it is used now.
#[derive(Clone, Debug)]
pub struct Key {
    text: Secret<String>,
    origin: Origin,
    ends_at: Option<Millis>,
    /// The version of the secrets file that it was read from.
    stamp: Option<Stamp>,
    /// This process had it made.
    is_new: bool,
}

/// A request for tokens: it needs no key, or another one than the rest.
#[derive(Debug)]
pub struct TokenCall {
    /// Its name in the counts.
    pub operation: &'static str,
    /// Where to.
    pub url: Url,
    /// The form; all of it counts as secret.
    pub form: Vec<(&'static str, Secret<String>)>,
    /// The key that it needs.
    pub bearer: Option<Secret<String>>,
}

/// Carries requests for tokens, within the limits and the patience of the side like every other.
pub trait Wire: Sync {
    /// Sends it; 5xx and lost answers are errors. Gives status and body.
    fn post(&self, call: TokenCall) -> BoxFuture<'_, Result<(u16, Bytes), RemoteError>>;
}

/// What a side knows us by. Clones share the key in use, so that it is renewed once for all.
#[derive(Clone)]
pub struct Auth(Arc<Inner>);

struct Inner {
    sign: Sign,
    sources: Vec<Source>,
    clock: Clock,
    state: Mutex<State>,
    /// Held while a key is looked for: one at a time.
    looking: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    key: Option<Key>,
    /// The side took the key since it is in use.
    works: bool,
    /// No renewal before its end is due is tried before this tick.
    not_before: i64,
    seen: VecDeque<Secret<String>>,
}

impl Auth {
    /// A key from the first of these sources that has one.
    pub fn new(sign: Sign, sources: Vec<Source>, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            sign,
            sources,
            clock,
            state: Mutex::default(),
            looking: tokio::sync::Mutex::default(),
        }))
    }

    /// This key and no other, as a bearer.
    pub fn bearer(key: Secret<String>) -> Self {
        Self::new(Sign::default(), vec![Source::Given(key)], Clock::system())
    }

    /// The key to send now, renewed where it is about to end. `RemoteError::SignIn` where there is none.
    pub async fn key(&self, side: Side, wire: &dyn Wire) -> Result<Key, RemoteError> {
        if let Some(key) = self.in_use(EARLY_MS) {
            return Ok(key);
        }
        let _one = self.0.looking.lock().await;
        if let Some(key) = self.in_use(EARLY_MS) {
            return Ok(key);
        }
        let ticks = self.0.clock.ticks();
        if ticks < self.state().not_before
            && let Some(key) = self.in_use(0)
        {
            return Ok(key);
        }
        let Some(key) = self.find(side, wire, None).await? else {
            return Err(RemoteError::SignIn {
                side,
                said: "there is no key".into(),
            });
        };
        let key = self.hold(key);
        if self.in_use(EARLY_MS).is_none() {
            self.state().not_before = ticks + AGAIN_MS;
        }
        Ok(key)
    }

    /// Another key than the one that the side refused: one that was put in its place, the next source's, or a renewed
    /// one. `None` where there is none; a token that was renewed and refused at once is not renewed again.
    pub async fn another(
        &self,
        side: Side,
        refused: &Key,
        wire: &dyn Wire,
    ) -> Result<Option<Key>, RemoteError> {
        let _one = self.0.looking.lock().await;
        if let Some(key) = self.in_use(0).filter(|key| key.text != refused.text) {
            return Ok(Some(key));
        }
        match self.find(side, wire, Some(refused)).await {
            Ok(found) => Ok(found.map(|key| self.hold(key))),
            // The refusal tells more than a source that has nothing better.
            Err(RemoteError::Secret { error, .. }) => {
                tracing::warn!(side = side.name(), %error, "no other key");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Where the key in use came from, and its end: `…1234`. `None` before a request was sent.
    pub fn shown(&self) -> Option<(Origin, String)> {
        let state = self.state();
        let key = state.key.as_ref()?;
        Some((key.origin, key.text.tail()))
    }

    /// The side took this key.
    pub fn works(&self, key: &Key) {
        let mut state = self.state();
        if state.key.as_ref().is_some_and(|now| now.text == key.text) {
            state.works = true;
        }
    }

    /// Puts the key into the headers, marked so that no debug output shows it. A key that is no header value (it
    /// holds a line end) is left out: the side then says that it is missing.
    pub fn sign(&self, key: &Key, headers: &mut HeaderMap) {
        let Sign {
            header,
            scheme,
            account,
        } = &self.0.sign;
        insert(headers, header, scheme, &key.text);
        if let Some((name, id)) = account {
            headers.insert(name, id.clone());
        }
    }

    /// The text without the keys, wherever a side repeats one.
    pub fn redact(&self, text: &str) -> String {
        let state = self.state();
        let given = self.0.sources.iter().filter_map(|source| match source {
            Source::Given(key) => Some(key),
            Source::Command(_) | Source::File(..) => None,
        });
        redacted(text, state.seen.iter().chain(given))
    }

    /// The key in use, if it has more than `left_ms` left and its file is as it was.
    fn in_use(&self, left_ms: i64) -> Option<Key> {
        let key = self.state().key.clone()?;
        let now = self.0.clock.now();
        if key.ends_at.is_some_and(|ends| ends.since(now) <= left_ms) {
            return None;
        }
        let moved = key.stamp.is_some_and(|stamp| {
            let file = self.0.sources.iter().find_map(|source| match source {
                Source::File(file, _) => Some(file),
                Source::Given(_) | Source::Command(_) => None,
            });
            file.and_then(SecretsFile::stamp) != Some(stamp)
        });
        (!moved).then_some(key)
    }

    async fn find(
        &self,
        side: Side,
        wire: &dyn Wire,
        refused: Option<&Key>,
    ) -> Result<Option<Key>, RemoteError> {
        let fits = |text: &Secret<String>| refused.is_none_or(|refused| refused.text != *text);
        let plain = |text: Secret<String>, origin, stamp| Key {
            text,
            origin,
            ends_at: None,
            stamp,
            is_new: false,
        };
        let trouble = |error| RemoteError::Secret { side, error };
        for source in &self.0.sources {
            let found = match source {
                Source::Given(key) => Some(plain(key.clone(), Origin::Given, None)),
                Source::Command(line) => Some(plain(
                    secrets::run(line).await.map_err(trouble)?,
                    Origin::Command,
                    None,
                )),
                Source::File(file, oauth) => {
                    // Before it is read: a change between the two is seen by the next request.
                    let stamp = file.stamp();
                    match (file.read(side.name()).map_err(trouble)?, oauth) {
                        (Some(Kept::Key { key, .. }), _) => Some(plain(key, Origin::File, stamp)),
                        (None, Some(oauth)) if oauth.flow == Flow::ClientCredentials => {
                            let keeper = self.keeper(side, file, oauth, wire);
                            keeper.key(refused, self.was_vain(refused)).await?
                        }
                        (Some(Kept::Grant(_)), Some(oauth)) => {
                            let keeper = self.keeper(side, file, oauth, wire);
                            keeper.key(refused, self.was_vain(refused)).await?
                        }
                        (Some(Kept::Grant(_)), None) => {
                            return Err(RemoteError::SignIn {
                                side,
                                said: "there is a sign-in, but the settings name no OAuth client"
                                    .into(),
                            });
                        }
                        (None, _) => None,
                    }
                }
            };
            if let Some(key) = found.filter(|key| fits(&key.text)) {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }

    fn keeper<'a>(
        &'a self,
        side: Side,
        file: &'a SecretsFile,
        oauth: &'a OAuth,
        wire: &'a dyn Wire,
    ) -> grant::Keeper<'a> {
        grant::Keeper {
            side,
            file,
            oauth,
            wire,
            clock: &self.0.clock,
        }
    }

    /// Whether the refused key was just made and never worked: to make another one would go on for ever.
    fn was_vain(&self, refused: Option<&Key>) -> bool {
        let state = self.state();
        refused.is_some_and(|refused| refused.is_new && !state.works)
    }

    fn hold(&self, key: Key) -> Key {
        let mut state = self.state();
        if !state.seen.contains(&key.text) {
            state.seen.push_front(key.text.clone());
            state.seen.truncate(KEYS_TO_HIDE);
        }
        if state.key.as_ref().is_none_or(|now| now.text != key.text) {
            state.works = false;
        }
        state.key = Some(key.clone());
        key
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth")
            .field("sign", &self.0.sign)
            .field("sources", &self.0.sources)
            .finish_non_exhaustive()
    }
}

/// Puts a key into a header, marked as one.
pub fn insert(headers: &mut HeaderMap, name: &HeaderName, scheme: &str, key: &Secret<String>) {
    let text = match scheme {
        "" => key.clone(),
        scheme => Secret::new(format!("{scheme} {}", key.expose())),
    };
    if let Ok(mut value) = HeaderValue::from_str(text.expose()) {
        value.set_sensitive(true);
        headers.insert(name, value);
    }
}

/// A text without these secrets. Short ones could be anything, and stay.
fn redacted<'a>(text: &str, secrets: impl Iterator<Item = &'a Secret<String>>) -> String {
    secrets
        .filter(|secret| secret.expose().len() >= 6)
        .fold(text.to_owned(), |text, secret| {
            text.replace(secret.expose(), "***")
        })
}

/// Whether an answer refuses the key itself, which another one may heal: a 401, unless its message names a scope or
/// the version header (`facts/highlevel.md` f3; all say "Unauthorized").
pub fn refuses_key(status: u16, body: &[u8]) -> bool {
    if status != 401 {
        return false;
    }
    let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let message = body["message"].to_string().to_ascii_lowercase();
    !message.contains("scope") && !message.contains("version header")
}
