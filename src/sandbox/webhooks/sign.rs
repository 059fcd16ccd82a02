//! Signatures, with keys of the sandbox's own: made from the seed, or, for RSA, lying beside this file for all to see.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use fastrand::Rng;
use ring::{
    error::KeyRejected,
    hmac,
    rand::SystemRandom,
    rsa,
    signature::{Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256},
};
use serde::{Deserialize, Serialize};

/// Which signatures stand on GHL's webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Signatures {
    /// `X-GHL-Signature`.
    Ed25519,
    /// `X-WH-Signature`.
    Rsa,
    Both,
    None,
}

/// A test key in the source for all to see: it guards nothing.
const RSA_PRIVATE: &str = include_str!("sandbox-only-rsa.pem");
/// Its public half, as the hello line publishes it.
pub const RSA_PUBLIC: &str = include_str!("sandbox-only-rsa.pub.pem");
/// What stands before the 32 bytes of an Ed25519 key in SPKI.
const ED25519_SPKI: [u8; 12] = [48, 42, 48, 5, 6, 3, 43, 101, 112, 3, 33, 0];

/// The keys of GHL's side.
#[derive(Debug)]
pub struct Keys {
    ed25519: Ed25519KeyPair,
    rsa: rsa::KeyPair,
    /// A key that nobody trusts.
    forger: Ed25519KeyPair,
}

impl Keys {
    /// Keys made from the seed, and the RSA key of the source.
    pub fn new(seed: u64) -> Result<Self, KeyRejected> {
        let mut rng = Rng::with_seed(seed ^ 0x6b65_7973);
        let mut pair = || Ed25519KeyPair::from_seed_unchecked(&bytes(&mut rng));
        Ok(Self {
            ed25519: pair()?,
            forger: pair()?,
            rsa: rsa::KeyPair::from_pkcs8(&inside_pem(RSA_PRIVATE))?,
        })
    }

    /// The public key of `X-GHL-Signature`, as PEM of its SPKI.
    pub fn public_pem(&self) -> String {
        let spki = [&ED25519_SPKI, self.ed25519.public_key().as_ref()].concat();
        let coded = BASE64.encode(spki);
        format!("-----BEGIN PUBLIC KEY-----\n{coded}\n-----END PUBLIC KEY-----\n")
    }

    /// The headers of a GHL webhook.
    pub fn headers(
        &self,
        which: Signatures,
        body: &[u8],
        is_forged: bool,
    ) -> Vec<(&'static str, String)> {
        let mut headers = Vec::new();
        if matches!(which, Signatures::Ed25519 | Signatures::Both) {
            let key = if is_forged {
                &self.forger
            } else {
                &self.ed25519
            };
            headers.push(("x-ghl-signature", BASE64.encode(key.sign(body))));
        }
        if matches!(which, Signatures::Rsa | Signatures::Both) {
            let mut signature = vec![0; self.rsa.public().modulus_len()];
            let signed: &[u8] = if is_forged { b"something else" } else { body };
            let random = SystemRandom::new();
            let done = self
                .rsa
                .sign(&RSA_PKCS1_SHA256, &random, signed, &mut signature);
            // it fails only where the system has no randomness; then there is no signature
            if done.is_ok() {
                headers.push(("x-wh-signature", BASE64.encode(signature)));
            }
        }
        headers
    }
}

/// The bytes inside a PEM block.
fn inside_pem(pem: &str) -> Vec<u8> {
    let lines = pem.lines().filter(|line| !line.starts_with("-----"));
    BASE64.decode(lines.collect::<String>()).unwrap_or_default()
}

fn bytes(rng: &mut Rng) -> [u8; 32] {
    let mut bytes = [0; 32];
    rng.fill(&mut bytes);
    bytes
}

/// A new secret of a Growbots webhook.
pub fn secret(rng: &mut Rng) -> String {
    format!("whsec_{}", BASE64.encode(bytes(rng)))
}

/// The headers of Standard Webhooks: one signature a secret.
pub fn standard_headers<'a>(
    secrets: impl Iterator<Item = &'a str>,
    id: &str,
    at_s: i64,
    body: &[u8],
) -> Vec<(&'static str, String)> {
    let signed = [format!("{id}.{at_s}.").as_bytes(), body].concat();
    let one = |secret: &str| {
        let coded = secret.strip_prefix("whsec_").unwrap_or(secret);
        let key = BASE64.decode(coded).unwrap_or_default();
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), &signed);
        format!("v1,{}", BASE64.encode(tag))
    };
    let signatures: Vec<String> = secrets.map(one).collect();
    vec![
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", at_s.to_string()),
        ("webhook-signature", signatures.join(" ")),
    ]
}
