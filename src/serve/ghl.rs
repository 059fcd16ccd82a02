//! Webhooks of GHL: `facts/highlevel.md` e.

use std::collections::HashMap;

use axum::http::HeaderMap;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use ring::signature::{ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::Value;
use spki::der::Decode as _;
use spki::{Document, SubjectPublicKeyInfoRef};

use crate::model::{CallEnd, Happened, Hint, Kind, Millis, RecordId, Side};

use super::Refusal;

/// The key that the vendor publishes for `X-GHL-Signature`.
pub const VENDOR_KEY: &str = include_str!("ghl-ed25519.pem");
/// The key that the vendor publishes for the older `X-WH-Signature`.
pub const VENDOR_RSA_KEY: &str = include_str!("ghl-rsa.pem");

/// GHL sends an event again for about 70 minutes, with its first timestamp.
const OLDEST_MS: i64 = 2 * 3_600_000;
/// A clock may be that much before ours.
const NEWEST_MS: i64 = 10 * 60_000;

/// A public key that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("this is no {0} public key in PEM form (`-----BEGIN PUBLIC KEY-----`)")]
pub struct BadKey(&'static str);

/// The keys that GHL's deliveries are checked against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GhlKeys {
    ed25519: Vec<u8>,
    /// Set where the older signature is taken too.
    rsa: Option<Vec<u8>>,
}

/// The keys of a workspace's deliveries, and the location that they must be of.
#[derive(Clone, Debug)]
pub struct GhlWebhooks {
    /// The keys.
    pub keys: GhlKeys,
    /// The location.
    pub location: String,
}

impl GhlWebhooks {
    /// Takes keys in PEM form; `rsa` is only looked at where the newer signature is absent.
    pub fn new(ed25519: &str, rsa: Option<&str>, location: &str) -> Result<Self, BadKey> {
        let ed25519 = public_key(ed25519)
            .filter(|key| key.len() == 32)
            .ok_or(BadKey("Ed25519"))?;
        let rsa = rsa
            .map(|pem| public_key(pem).ok_or(BadKey("RSA")))
            .transpose()?;
        Ok(Self {
            keys: GhlKeys { ed25519, rsa },
            location: location.to_owned(),
        })
    }
}

/// The workspaces that take deliveries of GHL, by their keys and locations.
#[derive(Debug, Default)]
pub struct GhlReceivers(Vec<(GhlKeys, HashMap<String, usize>)>);

impl GhlReceivers {
    /// Puts the workspace at this place among them.
    pub fn add(&mut self, at: usize, webhooks: GhlWebhooks) {
        let GhlWebhooks { keys, location } = webhooks;
        match self.0.iter_mut().find(|(known, _)| *known == keys) {
            Some((_, places)) => drop(places.insert(location, at)),
            None => self.0.push((keys, HashMap::from([(location, at)]))),
        }
    }

    /// The workspace that a delivery is for, and what it tells; `None` where it is nothing that is synced.
    ///
    /// The signature is checked first, once for each key; of an unsigned body nothing is read. The workspace is the
    /// one of the event's location.
    pub fn hint(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: Millis,
    ) -> Result<(usize, Option<Hint>), Refusal> {
        let mut refused = Refusal::NotConfigured;
        for (keys, places) in &self.0 {
            match keys.verify(headers, body) {
                Ok(()) => match event(places, body, now) {
                    Err(Refusal::WrongLocation) => refused = Refusal::WrongLocation,
                    told => return told,
                },
                Err(why) if matches!(refused, Refusal::NotConfigured | Refusal::Unsigned) => {
                    refused = why;
                }
                Err(_) => {}
            }
        }
        Err(refused)
    }
}

/// What a body that was verified tells, and whom.
fn event(
    places: &HashMap<String, usize>,
    body: &[u8],
    now: Millis,
) -> Result<(usize, Option<Hint>), Refusal> {
    let event: Value = serde_json::from_slice(body).map_err(|_| Refusal::Shape)?;
    let text = |name: &str| event[name].as_str().filter(|text| !text.is_empty());
    let kind = text("type").ok_or(Refusal::Shape)?;
    let place = text("locationId").and_then(|location| places.get(location));
    let at = *place.ok_or(Refusal::WrongLocation)?;
    if let Some(at) = text("timestamp") {
        let at = Millis::parse(at).ok_or(Refusal::Shape)?;
        if now.since(at) > OLDEST_MS || at.since(now) > NEWEST_MS {
            return Err(Refusal::Stale);
        }
    }
    let id = text("webhookId").map_or_else(|| digest(body), str::to_owned);
    Ok((at, told(kind, &event, &id)?))
}

impl GhlKeys {
    fn verify(&self, headers: &HeaderMap, body: &[u8]) -> Result<(), Refusal> {
        let signature = |name: &str| {
            let value = headers.get(name)?.to_str().ok()?;
            // What the sender writes where it did not sign.
            (value != "N/A").then(|| BASE64_STANDARD.decode(value.trim()).unwrap_or_default())
        };
        let (key, signature) = match (signature("x-ghl-signature"), &self.rsa) {
            (Some(signature), _) => (UnparsedPublicKey::new(&ED25519, &self.ed25519), signature),
            (None, Some(rsa)) => (
                UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, rsa),
                signature("x-wh-signature").ok_or(Refusal::Unsigned)?,
            ),
            (None, None) => return Err(Refusal::Unsigned),
        };
        key.verify(body, &signature)
            .map_err(|_| Refusal::BadSignature)
    }
}

/// The key within a PEM of a `SubjectPublicKeyInfo`.
fn public_key(pem: &str) -> Option<Vec<u8>> {
    let (label, document) = Document::from_pem(pem.trim()).ok()?;
    let info = SubjectPublicKeyInfoRef::from_der(document.as_bytes()).ok()?;
    let key = info.subject_public_key.as_bytes()?;
    (label == "PUBLIC KEY").then(|| key.to_vec())
}

/// Names an event that has no id: the same body is the same event.
fn digest(body: &[u8]) -> String {
    BASE64_STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, body))
}

fn told(kind: &str, event: &Value, key: &str) -> Result<Option<Hint>, Refusal> {
    let id = |of: &Value, name: &str| {
        of[name]
            .as_str()
            .filter(|id| !id.is_empty())
            .map(RecordId::from)
    };
    let hint = |kind, id, parent, what| Hint {
        side: Side::Ghl,
        event: key.to_owned(),
        kind,
        id,
        parent,
        what,
    };
    let moved = |kind, of: &Value| {
        let parent = id(of, "contactId");
        let own = id(of, "id").ok_or(Refusal::Shape)?;
        Ok(Some(hint(kind, own, parent, Happened::Moved)))
    };
    match kind {
        "ContactCreate" | "ContactUpdate" | "ContactDelete" | "ContactTagUpdate"
        | "ContactDndUpdate" => moved(Kind::Contact, event),
        "TaskCreate" | "TaskComplete" | "TaskDelete" => moved(Kind::Task, event),
        "NoteCreate" | "NoteUpdate" | "NoteDelete" => moved(Kind::Note, event),
        "AppointmentCreate" | "AppointmentUpdate" | "AppointmentDelete" => {
            moved(Kind::Appointment, &event["appointment"])
        }
        "InboundMessage" | "OutboundMessage" if event["messageType"] == "CALL" => {
            // The documented example of an incoming call names the wrong type: the direction tells.
            if event["direction"] != "inbound" {
                return Ok(None);
            }
            let end = match (event["status"].as_str(), event["callStatus"].as_str()) {
                (Some("voicemail"), _) | (_, Some("voicemail")) => CallEnd::Voicemail,
                (_, Some("completed")) => CallEnd::Answered,
                _ => CallEnd::Missed,
            };
            let contact = id(event, "contactId").ok_or(Refusal::Shape)?;
            Ok(Some(hint(
                Kind::Contact,
                contact,
                None,
                Happened::Called(end),
            )))
        }
        _ => Ok(None),
    }
}
