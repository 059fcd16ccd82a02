//! GHL's OAuth (facts, section a, and S25): form bodies only, codes and refresh tokens of single use, tokens of an
//! agency that mint those of a location.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Desk, form, grants::Refreshed, redirect};
use crate::model::{Millis, Side};
use crate::sandbox::{
    http::{Answer, Call},
    tokens::{COMPANY_SCOPES, Grant, Level, Worth, all_scopes},
};

/// How long an access token is good for, in seconds: a day but for one.
const EXPIRES_IN: i64 = 86_399;
/// How long a refresh token is good for while it is not used.
const YEAR_MS: i64 = 365 * 86_400_000;

fn refusal(status: u16, message: impl Into<Value>, error: &str) -> Answer {
    Answer::json(
        status,
        json!({"statusCode": status, "message": message.into(), "error": error}),
    )
}

/// As RFC 6749 says it, with the members of GHL's other errors.
fn invalid(status: u16, error: &str, what: &str) -> Answer {
    let body = json!({
        "error": error, "error_description": what, "statusCode": status, "message": what,
    });
    Answer::json(status, body)
}

fn missing<'a>(names: impl Iterator<Item = &'a str>) -> Answer {
    let messages: Vec<String> = names
        .map(|name| format!("{name} must be a string"))
        .collect();
    refusal(422, messages, "Unprocessable Entity")
}

fn lacking<'a>(form: &BTreeMap<String, String>, needed: &[&'a str]) -> Vec<&'a str> {
    let absent = needed.iter().filter(|name| !form.contains_key(**name));
    absent.copied().collect()
}

/// POST /oauth/token
pub fn token(desk: &mut Desk, call: &Call) -> Answer {
    let form = form(call);
    let get = |name: &str| form.get(name).map(String::as_str);
    let grant_type = get("grant_type").unwrap_or_default();
    let mut needed = vec!["client_id", "client_secret", "grant_type"];
    match grant_type {
        "authorization_code" => needed.push("code"),
        "refresh_token" => needed.push("refresh_token"),
        _ => {}
    }
    let absent = lacking(&form, &needed);
    if !absent.is_empty() {
        return missing(absent.into_iter());
    }
    let level = match get("user_type") {
        None | Some("Location") => Level::Location,
        Some("Company") => Level::Company,
        Some(_) => {
            let message = ["user_type must be one of the following values: Company, Location"];
            return refusal(422, json!(message), "Unprocessable Entity");
        }
    };
    let app = &desk.grants.apps.ghl;
    if get("client_id") != Some(&app.client_id) || get("client_secret") != Some(&app.client_secret)
    {
        return invalid(401, "invalid_client", "the client credentials are invalid");
    }
    let now = desk.world.now();
    match grant_type {
        "authorization_code" => {
            let code = get("code").unwrap_or_default();
            let found = desk.grants.redeem(Side::Ghl, code, now).filter(|code| {
                let sent = get("redirect_uri");
                sent.is_none()
                    || code.redirect_uri.is_none()
                    || sent == code.redirect_uri.as_deref()
            });
            match found {
                None => invalid(400, "invalid_grant", "the authorization code is invalid"),
                Some(code) => {
                    let grant = at_level(code.grant, level);
                    Answer::json(200, issue(desk, grant, true, now))
                }
            }
        }
        "refresh_token" => {
            let token = get("refresh_token").unwrap_or_default();
            let grace_ms = desk.world.switches.refresh_grace_ms.into();
            match desk.grants.refreshed(Side::Ghl, token, now, grace_ms) {
                Refreshed::Dead => invalid(400, "invalid_grant", "the refresh token is invalid"),
                Refreshed::Again(answer) => Answer::json(200, answer),
                Refreshed::Fresh(grant) => {
                    let answer = issue(desk, grant, true, now);
                    desk.grants.spend(token, now, &answer);
                    Answer::json(200, answer)
                }
            }
        }
        "client_credentials" => {
            let grant = at_level(Grant::company(), level);
            Answer::json(200, issue(desk, grant, false, now))
        }
        _ => invalid(400, "unsupported_grant_type", "the grant type is not known"),
    }
}

/// The same scopes at a level: only an agency has those about tokens.
fn at_level(mut grant: Grant, level: Level) -> Grant {
    grant.level = level;
    match level {
        Level::Company => grant.scopes.extend(COMPANY_SCOPES.map(str::to_owned)),
        Level::Location => grant
            .scopes
            .retain(|scope| !COMPANY_SCOPES.contains(&scope.as_str())),
    }
    grant
}

fn issue(desk: &mut Desk, grant: Grant, refreshable: bool, now: Millis) -> Value {
    let place = &desk.world.place;
    let ends = now.plus(EXPIRES_IN * 1000);
    let mut body = json!({
        "access_token": desk.tokens.add(desk.rng, grant.clone(), Some(ends)),
        "token_type": "Bearer", "expires_in": EXPIRES_IN, "scope": grant.scope(),
        "userType": grant.level.name(), "companyId": place.company_id,
        "approvedLocations": [place.location_id], "userId": place.users[0].ids.ghl, "planId": Value::Null,
        "isBulkInstallation": grant.level == Level::Company, "installToFutureLocations": false,
        "approveAllLocations": false,
    });
    if grant.level == Level::Location {
        body["locationId"] = place.location_id.clone().into();
    }
    if refreshable {
        let token = desk
            .grants
            .refresh_token(desk.rng, grant, Some(now.plus(YEAR_MS)));
        body["refresh_token"] = token.into();
    }
    body
}

/// GET /oauth/chooselocation: nobody is asked, the only location is chosen.
pub fn choose_location(desk: &mut Desk, call: &Call) -> Answer {
    let page = |what: &str| refusal(400, what, "Bad Request");
    if call.param("response_type") != Some("code") {
        return page("response_type must be `code`");
    }
    if call.param("client_id") != Some(&desk.grants.apps.ghl.client_id) {
        return page("there is no app with this client_id");
    }
    let Some(to) = call.param("redirect_uri") else {
        return page("redirect_uri is needed");
    };
    let mut grant = Grant::all(Side::Ghl);
    if let Some(scope) = call.param("scope").filter(|scope| !scope.is_empty()) {
        grant.scopes = scope.split_whitespace().map(str::to_owned).collect();
        let known =
            |scope: &str| all_scopes(Side::Ghl).contains(&scope) || COMPANY_SCOPES.contains(&scope);
        if let Some(unknown) = grant.scopes.iter().find(|scope| !known(scope)) {
            return page(&format!("the app has no scope `{unknown}`"));
        }
    }
    let now = desk.world.now();
    let redirect_uri = Some(to.to_owned());
    let code = desk.grants.code(desk.rng, grant, redirect_uri, None, now);
    let state = call.param("state").unwrap_or_default();
    redirect(to, &[("code", &code), ("state", state)])
        .unwrap_or_else(|| page("redirect_uri is no URL"))
}

/// What the routes for agencies ask of their caller.
fn admit(desk: &mut Desk, call: &Call, scope: &str) -> Result<(), Answer> {
    let unauthorised = |message: &str| Err(refusal(401, message, "Unauthorized"));
    match call.header("version") {
        None => return unauthorised("version header was not found."),
        Some("legacy" | "2021-04-15" | "2021-07-28" | "2023-02-21" | "v3") => {}
        Some(_) => return unauthorised("version header is invalid"),
    }
    let now = desk.world.now();
    match desk.tokens.worth(Side::Ghl, call.bearer(), scope, now) {
        Worth::Good => Ok(()),
        Worth::Expired => unauthorised(&desk.world.switches.expired_token_message),
        Worth::LacksScope => unauthorised("The token is not authorized for this scope."),
        Worth::Unknown => unauthorised("Invalid JWT"),
    }
}

/// POST /oauth/locationToken: from an agency's token one of its location, without a refresh token.
pub fn location_token(desk: &mut Desk, call: &Call) -> Answer {
    if let Err(refused) = admit(desk, call, "oauth.write") {
        return refused;
    }
    let form = form(call);
    let absent = lacking(&form, &["companyId", "locationId"]);
    if !absent.is_empty() {
        return missing(absent.into_iter());
    }
    let place = &desk.world.place;
    if form["companyId"] != place.company_id || form["locationId"] != place.location_id {
        let message = "The token does not have access to this location.";
        return refusal(403, message, "Forbidden");
    }
    let mut grant = Grant::all(Side::Ghl);
    let held = desk.tokens.scopes(call.bearer());
    grant.scopes.retain(|scope| held.contains(scope));
    let now = desk.world.now();
    let mut body = issue(desk, grant, false, now);
    if let Some(body) = body.as_object_mut() {
        let named = [
            "access_token",
            "token_type",
            "expires_in",
            "scope",
            "locationId",
            "planId",
            "userId",
        ];
        body.retain(|name, _| named.contains(&name.as_str()));
        let app = desk.grants.apps.ghl.id();
        body.insert("appId".into(), app.into());
        body.insert("versionId".into(), app.into());
    }
    Answer::json(200, body)
}

/// GET /oauth/installedLocations
pub fn installed_locations(desk: &mut Desk, call: &Call) -> Answer {
    if let Err(refused) = admit(desk, call, "oauth.readonly") {
        return refused;
    }
    let absent: Vec<&str> = ["companyId", "appId"]
        .into_iter()
        .filter(|name| call.param(name).is_none())
        .collect();
    if !absent.is_empty() {
        return missing(absent.into_iter());
    }
    let app = desk.grants.apps.ghl.id();
    let place = &desk.world.place;
    let is_own = call.param("companyId") == Some(&place.company_id)
        && call.param("appId") == Some(app)
        && call.param("isInstalled") != Some("false")
        && call
            .param("locationId")
            .is_none_or(|id| id == place.location_id)
        && call.param("skip").is_none_or(|skip| skip == "0");
    let location = json!({
        "_id": place.location_id, "name": "Harbour Street Agency", "address": "1 Harbour Street",
        "isInstalled": true, "versionId": app, "installedAt": "2026-01-05T09:00:00.000Z",
    });
    let locations: Vec<Value> = is_own.then_some(location).into_iter().collect();
    let count = locations.len();
    Answer::json(
        200,
        json!({"locations": locations, "count": count, "installToFutureLocations": false}),
    )
}

/// POST /oauth/reconnect: a new code for an installation whose tokens were lost.
pub fn reconnect(desk: &mut Desk, call: &Call) -> Answer {
    let sent: Value = serde_json::from_slice(&call.body).unwrap_or_default();
    let app = &desk.grants.apps.ghl;
    let place = &desk.world.place;
    if sent["clientKey"] != *app.client_id || sent["clientSecret"] != *app.client_secret {
        return invalid(401, "invalid_client", "the client credentials are invalid");
    }
    let grant = if sent["locationId"] == *place.location_id {
        Grant::all(Side::Ghl)
    } else if sent["companyId"] == *place.company_id {
        Grant::company()
    } else {
        return refusal(400, "there is no such installation", "Bad Request");
    };
    let now = desk.world.now();
    let code = desk.grants.code(desk.rng, grant, None, None, now);
    let ends = super::Grants::code_ends(now).to_string();
    Answer::json(200, json!({"authorizationCode": code, "expiresAt": ends}))
}
