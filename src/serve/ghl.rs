//! Webhooks of GHL: `facts/highlevel.md` e.

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

/// What GHL's deliveries are checked against.
pub struct GhlWebhooks {
    ed25519: UnparsedPublicKey<Vec<u8>>,
    /// Set where the older signature is taken too.
    rsa: Option<UnparsedPublicKey<Vec<u8>>>,
    location: String,
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
            ed25519: UnparsedPublicKey::new(&ED25519, ed25519),
            rsa: rsa.map(|key| UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key)),
            location: location.to_owned(),
        })
    }

    /// What a delivery tells; `None` where it is nothing that is synced.
    pub fn hint(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: Millis,
    ) -> Result<Option<Hint>, Refusal> {
        self.verify(headers, body)?;
        let event: Value = serde_json::from_slice(body).map_err(|_| Refusal::Shape)?;
        let text = |name: &str| event[name].as_str().filter(|text| !text.is_empty());
        let kind = text("type").ok_or(Refusal::Shape)?;
        if text("locationId") != Some(&self.location) {
            return Err(Refusal::WrongLocation);
        }
        if let Some(at) = text("timestamp") {
            let at = Millis::parse(at).ok_or(Refusal::Shape)?;
            if now.since(at) > OLDEST_MS || at.since(now) > NEWEST_MS {
                return Err(Refusal::Stale);
            }
        }
        let id = text("webhookId").map_or_else(|| digest(body), str::to_owned);
        told(kind, &event, &id)
    }

    fn verify(&self, headers: &HeaderMap, body: &[u8]) -> Result<(), Refusal> {
        let signature = |name: &str| {
            let value = headers.get(name)?.to_str().ok()?;
            // What the sender writes where it did not sign.
            (value != "N/A").then(|| BASE64_STANDARD.decode(value.trim()).unwrap_or_default())
        };
        let (key, signature) = match (signature("x-ghl-signature"), &self.rsa) {
            (Some(signature), _) => (&self.ed25519, signature),
            (None, Some(rsa)) => (rsa, signature("x-wh-signature").ok_or(Refusal::Unsigned)?),
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
