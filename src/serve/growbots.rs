//! Webhooks of Growbots, signed as Standard Webhooks are: `facts/growbots.md` 6.

use axum::http::HeaderMap;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use ring::hmac;
use serde_json::Value;

use crate::model::{Happened, Hint, Kind, Millis, RecordId, Side};

use super::Refusal;

/// How far a timestamp may be from our clock, either way.
const AWAY_MS: i64 = 300_000;

/// A secret that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("a webhook secret is `whsec_` and the base64 of 24 to 64 bytes")]
pub struct BadSecret;

/// What the deliveries of Growbots are checked against.
pub struct GrowbotsWebhooks {
    secrets: Vec<hmac::Key>,
}

impl GrowbotsWebhooks {
    /// Takes the secret; after a rotation the old and the new, parted by a space.
    pub fn new(secrets: &str) -> Result<Self, BadSecret> {
        let key = |secret: &str| {
            let bytes = BASE64_STANDARD.decode(secret.strip_prefix("whsec_").ok_or(BadSecret)?);
            let bytes = bytes.map_err(|_| BadSecret)?;
            let fits = (24..=64).contains(&bytes.len());
            fits.then(|| hmac::Key::new(hmac::HMAC_SHA256, &bytes))
                .ok_or(BadSecret)
        };
        let secrets: Vec<hmac::Key> = secrets
            .split_whitespace()
            .map(key)
            .collect::<Result<_, _>>()?;
        if secrets.is_empty() {
            return Err(BadSecret);
        }
        Ok(Self { secrets })
    }

    /// Any signature by any secret is enough. `ring` compares in constant time.
    fn verify(&self, delivery: &Delivery<'_>) -> Result<(), Refusal> {
        let mut good = false;
        for signature in delivery
            .signatures
            .split(' ')
            .filter_map(|one| one.strip_prefix("v1,"))
        {
            let Ok(signature) = BASE64_STANDARD.decode(signature) else {
                continue;
            };
            for key in &self.secrets {
                good |= hmac::verify(key, &delivery.signed, &signature).is_ok();
            }
        }
        if good {
            Ok(())
        } else {
            Err(Refusal::BadSignature)
        }
    }
}

/// The workspaces that take deliveries of Growbots, by their secrets.
#[derive(Default)]
pub struct GrowbotsReceivers(Vec<(usize, GrowbotsWebhooks)>);

impl GrowbotsReceivers {
    /// Puts the workspace at this place among them.
    pub fn add(&mut self, at: usize, webhooks: GrowbotsWebhooks) {
        self.0.push((at, webhooks));
    }

    /// The workspace whose secret signed a delivery, and what it tells; `None` where it is nothing that is synced. Of
    /// a body that no secret signed nothing is read.
    pub fn hint(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: Millis,
    ) -> Result<(usize, Option<Hint>), Refusal> {
        if self.0.is_empty() {
            return Err(Refusal::NotConfigured);
        }
        let delivery = Delivery::new(headers, body)?;
        let mut all = self.0.iter();
        let found = all.find(|(_, webhooks)| webhooks.verify(&delivery).is_ok());
        let (at, _) = found.ok_or(Refusal::BadSignature)?;
        Ok((*at, delivery.hint(body, now)?))
    }
}

/// What is signed of a delivery, and by what.
struct Delivery<'a> {
    id: &'a str,
    at: &'a str,
    signatures: &'a str,
    signed: Vec<u8>,
}

impl<'a> Delivery<'a> {
    fn new(headers: &'a HeaderMap, body: &[u8]) -> Result<Self, Refusal> {
        let header = |name: &str| {
            headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .ok_or(Refusal::Unsigned)
        };
        let (id, at) = (header("webhook-id")?, header("webhook-timestamp")?);
        Ok(Self {
            id,
            at,
            signatures: header("webhook-signature")?,
            signed: [id.as_bytes(), b".", at.as_bytes(), b".", body].concat(),
        })
    }

    /// What it tells.
    fn hint(&self, body: &[u8], now: Millis) -> Result<Option<Hint>, Refusal> {
        let at: u32 = self.at.parse().map_err(|_| Refusal::Shape)?;
        if now.since(Millis(i64::from(at) * 1000)).abs() > AWAY_MS {
            return Err(Refusal::Stale);
        }
        let event: Value = serde_json::from_slice(body).map_err(|_| Refusal::Shape)?;
        let kind = event["type"].as_str().ok_or(Refusal::Shape)?;
        if kind == "ping" {
            return Ok(None);
        }
        let data = &event["data"];
        let kind = match data["kind"].as_str().ok_or(Refusal::Shape)? {
            "leads" => Kind::Contact,
            "companies" => Kind::Business,
            "tasks" => Kind::Task,
            "notes" => Kind::Note,
            "meetings" => Kind::Appointment,
            _ => return Ok(None),
        };
        let own = data["id"]
            .as_str()
            .filter(|id| !id.is_empty())
            .ok_or(Refusal::Shape)?;
        Ok(Some(Hint {
            side: Side::Growbots,
            event: self.id.to_owned(),
            kind,
            id: RecordId::from(own),
            parent: data["record"]["lead_id"].as_str().map(RecordId::from),
            what: Happened::Moved,
        }))
    }
}
