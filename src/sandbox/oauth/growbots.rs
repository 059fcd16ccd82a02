//! Growbots' OAuth (facts, 3.2): PKCE on codes, refresh tokens that rotate with a minute's grace, errors as RFC 6749
//! has them.

use std::collections::{BTreeMap, BTreeSet};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ring::digest;
use serde_json::{Value, json};

use super::{Desk, form, grants::Refreshed, redirect};
use crate::model::{Millis, Side};
use crate::sandbox::{
    http::{Answer, Call},
    tokens::{Grant, all_scopes},
};

/// How long an access token is good for, in seconds.
const EXPIRES_IN: i64 = 3_600;
/// How long a used refresh token gets the same answer again, so that a lost one is not fatal.
const GRACE_MS: i64 = 60_000;

fn error(status: u16, error: &str, what: &str) -> Answer {
    let answer = Answer::json(status, json!({"error": error, "error_description": what}));
    let answer = answer.with("cache-control", "no-store");
    if status == 401 {
        answer.with("www-authenticate", "Basic realm=\"growbots\"")
    } else {
        answer
    }
}

/// The scopes asked for, all that may be given where none are; `None` if one of them may not.
fn asked(scope: Option<&str>, may: &BTreeSet<String>) -> Option<BTreeSet<String>> {
    let Some(scope) = scope.filter(|scope| !scope.trim().is_empty()) else {
        return Some(may.clone());
    };
    let asked: BTreeSet<String> = scope.split_whitespace().map(str::to_owned).collect();
    asked.is_subset(may).then_some(asked)
}

/// Client id and secret: from the header of Basic authentication, else from the form.
fn client(call: &Call, form: &BTreeMap<String, String>) -> (Option<String>, Option<String>) {
    let basic = call
        .header("authorization")
        .and_then(|value| value.strip_prefix("Basic "))
        .and_then(|coded| STANDARD.decode(coded.trim()).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    match basic.as_deref().and_then(|pair| pair.split_once(':')) {
        Some((id, secret)) => (Some(id.to_owned()), Some(secret.to_owned())),
        None => (
            form.get("client_id").cloned(),
            form.get("client_secret").cloned(),
        ),
    }
}

/// POST /oauth/token
pub fn token(desk: &mut Desk, call: &Call) -> Answer {
    let form = form(call);
    let get = |name: &str| form.get(name).map(String::as_str);
    let Some(grant_type) = get("grant_type") else {
        return error(400, "invalid_request", "a form with `grant_type` is needed");
    };
    let (id, secret) = client(call, &form);
    let app = &desk.grants.apps.growbots;
    // without a secret a client is a public one, whom PKCE and the rotation protect
    let is_ours = id.as_deref() == Some(&app.client_id)
        && match &secret {
            Some(secret) => *secret == app.client_secret,
            None => grant_type != "client_credentials",
        };
    if !is_ours {
        return error(401, "invalid_client", "the client is not known");
    }
    let now = desk.world.now();
    match grant_type {
        "client_credentials" => {
            let all = Grant::all(Side::Growbots);
            match asked(get("scope"), &all.scopes) {
                None => error(400, "invalid_scope", "there is no such scope"),
                Some(scopes) => given(&issue(desk, &Grant { scopes, ..all }, None, now)),
            }
        }
        "authorization_code" => {
            let Some(code) = get("code") else {
                return error(400, "invalid_request", "`code` is needed");
            };
            let found = desk.grants.redeem(Side::Growbots, code, now);
            let found = found.filter(|code| {
                get("redirect_uri") == code.redirect_uri.as_deref()
                    && code.challenge == get("code_verifier").and_then(challenge_of)
            });
            match found {
                None => error(400, "invalid_grant", "the code or its verifier is not good"),
                Some(code) => {
                    let refresh = desk
                        .grants
                        .refresh_token(desk.rng, code.grant.clone(), None);
                    given(&issue(desk, &code.grant, Some(refresh), now))
                }
            }
        }
        "refresh_token" => {
            let Some(token) = get("refresh_token") else {
                return error(400, "invalid_request", "`refresh_token` is needed");
            };
            match desk.grants.refreshed(Side::Growbots, token, now, GRACE_MS) {
                Refreshed::Dead => error(400, "invalid_grant", "the refresh token is not good"),
                Refreshed::Again(answer) => given(&answer),
                Refreshed::Fresh(grant) => {
                    let Some(scopes) = asked(get("scope"), &grant.scopes) else {
                        return error(400, "invalid_scope", "the scope was not granted");
                    };
                    let next = desk.grants.refresh_token(desk.rng, grant.clone(), None);
                    let answer = issue(desk, &Grant { scopes, ..grant }, Some(next), now);
                    desk.grants.spend(token, now, &answer);
                    given(&answer)
                }
            }
        }
        _ => error(400, "unsupported_grant_type", "the grant type is not known"),
    }
}

fn given(answer: &Value) -> Answer {
    Answer::json(200, answer.clone()).with("cache-control", "no-store")
}

fn issue(desk: &mut Desk, grant: &Grant, refresh: Option<String>, now: Millis) -> Value {
    let ends = now.plus(EXPIRES_IN * 1000);
    let mut body = json!({
        "access_token": desk.tokens.add(desk.rng, grant.clone(), Some(ends)),
        "token_type": "Bearer", "expires_in": EXPIRES_IN, "scope": grant.scope(),
    });
    if let Some(refresh) = refresh {
        body["refresh_token"] = refresh.into();
    }
    body
}

/// The S256 challenge of a verifier; none of one that is not as RFC 7636 has it.
fn challenge_of(verifier: &str) -> Option<String> {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    let is_verifier = (43..=128).contains(&verifier.len()) && verifier.bytes().all(is_allowed);
    is_verifier.then(|| {
        let hash = digest::digest(&digest::SHA256, verifier.as_bytes());
        URL_SAFE_NO_PAD.encode(hash)
    })
}

/// GET /oauth/authorize: nobody is asked, the answer is yes.
pub fn authorize(desk: &mut Desk, call: &Call) -> Answer {
    if call.param("client_id") != Some(&desk.grants.apps.growbots.client_id) {
        return error(400, "invalid_client", "the client is not known");
    }
    let Some(to) = call.param("redirect_uri").filter(|to| may_go(to)) else {
        return error(400, "invalid_request", "`redirect_uri` cannot be used");
    };
    let state = call.param("state").unwrap_or_default();
    let scopes = all_scopes(Side::Growbots)
        .iter()
        .map(ToString::to_string)
        .collect();
    let scopes = asked(call.param("scope"), &scopes);
    let challenge = call.param("code_challenge").filter(|challenge| {
        challenge.len() == 43 && call.param("code_challenge_method") == Some("S256")
    });
    let wrong = match (call.param("response_type"), &scopes, challenge) {
        (Some("code"), Some(_), Some(_)) => None,
        (Some("code"), None, _) => Some("invalid_scope"),
        (Some("code"), Some(_), None) => Some("invalid_request"),
        _ => Some("unsupported_response_type"),
    };
    let answer = if let Some(wrong) = wrong {
        redirect(to, &[("error", wrong), ("state", state)])
    } else {
        let grant = Grant {
            scopes: scopes.unwrap_or_default(),
            ..Grant::all(Side::Growbots)
        };
        let now = desk.world.now();
        let code = desk.grants.code(
            desk.rng,
            grant,
            Some(to.to_owned()),
            challenge.map(str::to_owned),
            now,
        );
        redirect(to, &[("code", &code), ("state", state)])
    };
    answer.unwrap_or_else(|| error(400, "invalid_request", "`redirect_uri` cannot be used"))
}

/// `https`, or a loopback where a command waits.
fn may_go(to: &str) -> bool {
    let Ok(url) = url::Url::parse(to) else {
        return false;
    };
    let is_loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    url.scheme() == "https" || url.scheme() == "http" && is_loopback
}
