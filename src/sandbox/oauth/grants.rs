//! What OAuth keeps between requests: the app of each side, codes that wait to be exchanged, refresh tokens.

use std::collections::BTreeMap;

use fastrand::Rng;
use serde_json::Value;

use crate::model::{BySide, Millis, Side};
use crate::sandbox::{ids, tokens::Grant};

/// How long a code waits to be exchanged.
const CODE_MS: i64 = 10 * 60_000;

/// The client that may ask for tokens; the hello line publishes it.
#[derive(Clone, Debug)]
pub struct App {
    pub client_id: String,
    pub client_secret: String,
    /// A refresh token for all scopes, good until it is used.
    pub refresh_token: String,
}

impl App {
    /// Of GHL's: the first half of the client id, 24 hex digits.
    pub fn id(&self) -> &str {
        self.client_id.split('-').next().unwrap_or_default()
    }
}

/// A code of the authorize page.
#[derive(Clone, Debug)]
pub struct Code {
    pub grant: Grant,
    pub redirect_uri: Option<String>,
    /// The PKCE challenge, where one was sent.
    pub challenge: Option<String>,
    ends: Millis,
}

#[derive(Clone, Debug)]
struct Refresh {
    grant: Grant,
    ends: Option<Millis>,
    used: Option<(Millis, Value)>,
}

/// What a refresh token is worth.
pub enum Refreshed {
    /// Not used yet.
    Fresh(Grant),
    /// Used a moment ago: the same answer again.
    Again(Value),
    Dead,
}

/// Codes and refresh tokens of both sides.
#[derive(Clone, Debug)]
pub struct Grants {
    pub apps: BySide<App>,
    codes: BTreeMap<String, Code>,
    refresh: BTreeMap<String, Refresh>,
}

impl Grants {
    /// An app a side, made from the seed.
    pub fn new(rng: &mut Rng) -> Self {
        let mut refresh = BTreeMap::new();
        let apps = BySide::from_fn(|side| {
            let client_id = match side {
                Side::Ghl => format!("{}-{}", ids::hex(rng, 24), ids::alphanumeric(rng, 8)),
                Side::Growbots => format!("app_{}", ids::alphanumeric(rng, 16)),
            };
            let refresh_token = format!("rt_{}", ids::alphanumeric(rng, 40));
            let first = Refresh {
                grant: Grant::all(side),
                ends: None,
                used: None,
            };
            refresh.insert(refresh_token.clone(), first);
            App {
                client_id,
                client_secret: ids::uuid(rng),
                refresh_token,
            }
        });
        Self {
            apps,
            codes: BTreeMap::new(),
            refresh,
        }
    }

    /// A new code, good for ten minutes and one exchange.
    pub fn code(
        &mut self,
        rng: &mut Rng,
        grant: Grant,
        redirect_uri: Option<String>,
        challenge: Option<String>,
        now: Millis,
    ) -> String {
        let code = ids::alphanumeric(rng, 40);
        let kept = Code {
            grant,
            redirect_uri,
            challenge,
            ends: now.plus(CODE_MS),
        };
        self.codes.insert(code.clone(), kept);
        code
    }

    /// When a code made now is at its end.
    pub const fn code_ends(now: Millis) -> Millis {
        now.plus(CODE_MS)
    }

    /// Takes a code: a second time there is none.
    pub fn redeem(&mut self, side: Side, code: &str, now: Millis) -> Option<Code> {
        if self.codes.get(code)?.grant.side != side {
            return None;
        }
        self.codes.remove(code).filter(|code| code.ends > now)
    }

    /// A new refresh token.
    pub fn refresh_token(&mut self, rng: &mut Rng, grant: Grant, ends: Option<Millis>) -> String {
        let token = format!("rt_{}", ids::alphanumeric(rng, 40));
        let kept = Refresh {
            grant,
            ends,
            used: None,
        };
        self.refresh.insert(token.clone(), kept);
        token
    }

    /// What a refresh token is worth; for `grace_ms` after its use, the answer that it got.
    pub fn refreshed(&self, side: Side, token: &str, now: Millis, grace_ms: i64) -> Refreshed {
        let held = self.refresh.get(token);
        match held.filter(|held| held.grant.side == side) {
            Some(Refresh {
                used: Some((at, answer)),
                ..
            }) if now.since(*at) < grace_ms => Refreshed::Again(answer.clone()),
            Some(Refresh {
                used: None,
                ends,
                grant,
            }) if ends.is_none_or(|ends| ends > now) => Refreshed::Fresh(grant.clone()),
            _ => Refreshed::Dead,
        }
    }

    /// Marks a refresh token as used, with the answer that it got.
    pub fn spend(&mut self, token: &str, now: Millis, answer: &Value) {
        if let Some(held) = self.refresh.get_mut(token) {
            held.used = Some((now, answer.clone()));
        }
    }

    /// Takes a refresh token back; false if there is none such.
    pub fn revoke(&mut self, token: &str) -> bool {
        self.refresh.remove(token).is_some()
    }
}
