//! OAuth 2 as both sides speak it: addresses, forms and answers.
//!
//! By hand rather than with the crate `oauth2` (5): that takes 200 alone for a success, reads no numbers as strings,
//! and its errors do not tell a lost answer, which may have used up a refresh token, from one that never left.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use ring::{
    digest,
    rand::{SecureRandom, SystemRandom},
};
use serde::Deserialize;
use url::Url;

use crate::{
    model::{Lane, Side},
    remote::{
        Parts, RemoteError, Settings,
        client::Client,
        scalar::{Scalar, Words},
    },
    secrets::{self, Grant, Secret, SecretsFile},
};

use super::{TokenCall, grant::Keeper};

/// How a client comes to its tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Somebody signs in; later pairs come by refresh token.
    Code,
    /// The client's own secret is enough.
    ClientCredentials,
}

/// Where the client's secret can be had; failing both, it was typed at the sign-in.
#[derive(Clone, Debug, Default)]
pub struct ClientSecret {
    /// Given, as by the environment.
    pub given: Option<Secret<String>>,
    /// Printed by a command.
    pub command: Option<String>,
}

/// The client that couplet is to a side.
#[derive(Clone, Debug)]
pub struct OAuth {
    /// How it comes to tokens.
    pub flow: Flow,
    /// Its name.
    pub client_id: String,
    /// Its secret.
    pub client_secret: ClientSecret,
    /// Where somebody signs in.
    pub authorize_url: Url,
    /// Where tokens are had.
    pub token_url: Url,
    /// Where the side sends somebody who signed in.
    pub redirect_uri: Url,
    /// What is asked for, space between; empty leaves it to the side.
    pub scopes: String,
    /// GHL's `user_type`: `Location` or `Company`; empty is not sent.
    pub user_type: String,
    /// GHL: where a company's token gives one of a location, and which location.
    pub location: Option<(Url, String)>,
}

/// The secret that only the process which began a sign-in has, and the text that stands for it in the address.
#[derive(Clone, Debug)]
pub struct Pkce {
    /// What shows, at the exchange, that it is the same process.
    pub verifier: Secret<String>,
    /// Its SHA-256.
    pub challenge: String,
    /// Comes back with the code.
    pub state: String,
}

impl Pkce {
    /// A new one.
    pub fn new() -> Self {
        let verifier = random();
        let challenge = challenge(&verifier);
        Self {
            verifier: Secret::new(verifier),
            challenge,
            state: random(),
        }
    }
}

impl Default for Pkce {
    fn default() -> Self {
        Self::new()
    }
}

fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()))
}

/// 43 characters that nobody guesses.
fn random() -> String {
    let mut bytes = [0_u8; 32];
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("the system has randomness, or TLS would not work either");
    URL_SAFE_NO_PAD.encode(bytes)
}

impl OAuth {
    /// The address at which somebody signs in. GHL knows no PKCE and gets none.
    pub fn authorize_url(&self, pkce: &Pkce) -> Url {
        let mut url = self.authorize_url.clone();
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("response_type", "code")
                .append_pair("redirect_uri", self.redirect_uri.as_str())
                .append_pair("client_id", &self.client_id);
            if !self.scopes.is_empty() {
                query.append_pair("scope", &self.scopes);
            }
            query.append_pair("state", &pkce.state);
            if self.location.is_none() {
                query
                    .append_pair("code_challenge", &pkce.challenge)
                    .append_pair("code_challenge_method", "S256");
            }
        }
        url
    }

    /// The client's secret; `typed` where no other source has it.
    pub async fn secret(
        &self,
        side: Side,
        typed: Option<&Secret<String>>,
    ) -> Result<Option<Secret<String>>, RemoteError> {
        let ClientSecret { given, command } = &self.client_secret;
        if let Some(given) = given {
            return Ok(Some(given.clone()));
        }
        match command {
            Some(line) => secrets::run(line)
                .await
                .map(Some)
                .map_err(|error| RemoteError::Secret { side, error }),
            None => Ok(typed.cloned()),
        }
    }

    fn form(
        &self,
        grant_type: &str,
        secret: Option<&Secret<String>>,
    ) -> Vec<(&'static str, Secret<String>)> {
        let mut form = vec![
            ("grant_type", Secret::new(grant_type.to_owned())),
            ("client_id", Secret::new(self.client_id.clone())),
        ];
        form.extend(secret.map(|secret| ("client_secret", secret.clone())));
        if !self.user_type.is_empty() {
            form.push(("user_type", Secret::new(self.user_type.clone())));
        }
        form
    }

    /// For the first pair after somebody signed in.
    pub fn code_form(
        &self,
        code: &Secret<String>,
        pkce: &Pkce,
        secret: Option<&Secret<String>>,
    ) -> Vec<(&'static str, Secret<String>)> {
        let mut form = self.form("authorization_code", secret);
        form.push(("code", code.clone()));
        form.push(("redirect_uri", Secret::new(self.redirect_uri.to_string())));
        if self.location.is_none() {
            form.push(("code_verifier", pkce.verifier.clone()));
        }
        form
    }

    /// For the next pair.
    pub fn refresh_form(
        &self,
        refresh: &Secret<String>,
        secret: Option<&Secret<String>>,
    ) -> Vec<(&'static str, Secret<String>)> {
        let mut form = self.form("refresh_token", secret);
        form.push(("refresh_token", refresh.clone()));
        form
    }

    /// For a token of the client itself.
    pub fn client_form(
        &self,
        secret: Option<&Secret<String>>,
    ) -> Vec<(&'static str, Secret<String>)> {
        let mut form = self.form("client_credentials", secret);
        if !self.scopes.is_empty() {
            form.push(("scope", Secret::new(self.scopes.clone())));
        }
        form
    }

    /// For a token of the location; `None` on a side that has no such thing.
    pub fn location_call(&self, company: &str, token: &Secret<String>) -> Option<TokenCall> {
        let (url, location) = self.location.as_ref()?;
        Some(TokenCall {
            operation: "POST /oauth/locationToken",
            url: url.clone(),
            form: vec![
                ("companyId", Secret::new(company.to_owned())),
                ("locationId", Secret::new(location.clone())),
            ],
            bearer: Some(token.clone()),
        })
    }
}

/// What a token endpoint gives.
#[derive(Deserialize)]
pub struct TokenAnswer {
    pub access_token: String,
    #[serde(default)]
    expires_in: serde_json::Value,
    #[serde(default)]
    pub refresh_token: Option<String>,
    #[serde(default)]
    pub scope: Option<String>,
    #[serde(default, rename = "userType")]
    user_type: Option<String>,
    #[serde(default, rename = "companyId")]
    company_id: Option<String>,
}

impl TokenAnswer {
    /// Seconds, which some servers write as text.
    pub fn expires_in(&self) -> Option<i64> {
        match &self.expires_in {
            serde_json::Value::String(text) => text.trim().parse().ok(),
            number => number.as_i64(),
        }
    }

    /// The company, where the token is a company's.
    pub fn company(&self) -> Option<String> {
        let is_company = self
            .user_type
            .as_deref()
            .is_some_and(|kind| kind.eq_ignore_ascii_case("company"));
        self.company_id.clone().filter(|_| is_company)
    }
}

/// What a token endpoint says instead.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct TokenError<'a> {
    #[serde(borrow)]
    error: Scalar<'a>,
    #[serde(borrow)]
    error_description: Scalar<'a>,
    #[serde(borrow)]
    message: Words<'a>,
}

impl TokenError<'_> {
    /// Whether nothing but a new sign-in helps: `invalid_grant`, wherever it stands.
    pub fn is_final(body: &Bytes) -> bool {
        let body: TokenError<'_> = serde_json::from_slice(body).unwrap_or_default();
        body.parts().any(|part| part.contains("invalid_grant"))
    }

    /// Its words.
    pub fn words(status: u16, body: &Bytes) -> String {
        let body: TokenError<'_> = serde_json::from_slice(body).unwrap_or_default();
        let words: Vec<&str> = body.parts().collect();
        if words.is_empty() {
            return format!("status {status}");
        }
        words.join(": ")
    }

    fn parts(&self) -> impl Iterator<Item = &str> {
        [self.error.text(), self.error_description.text()]
            .into_iter()
            .chain(self.message.texts())
            .filter(|part| !part.is_empty())
    }
}

/// Swaps what a sign-in gave for tokens, before there is anything to keep.
pub struct SignIn {
    client: Client,
    side: Side,
    oauth: OAuth,
}

impl SignIn {
    /// For a side with these settings, whose key is not used.
    pub fn new(side: Side, settings: Settings, parts: &Parts, oauth: OAuth) -> Self {
        Self {
            client: Client::new(side, settings, parts),
            side,
            oauth,
        }
    }

    /// The tokens for a code. `typed` is the client's secret where no other source has it. Keeps nothing.
    pub async fn exchange(
        &self,
        code: &Secret<String>,
        pkce: &Pkce,
        typed: Option<&Secret<String>>,
    ) -> Result<Grant, RemoteError> {
        let secret = self.oauth.secret(self.side, typed).await?;
        let form = self.oauth.code_form(code, pkce, secret.as_ref());
        self.sign_in(form).await
    }

    /// The next pair for a refresh token had elsewhere, which is used up by it. Keeps nothing.
    pub async fn refresh(
        &self,
        refresh: &Secret<String>,
        typed: Option<&Secret<String>>,
    ) -> Result<Grant, RemoteError> {
        let secret = self.oauth.secret(self.side, typed).await?;
        let form = self.oauth.refresh_form(refresh, secret.as_ref());
        let grant = self.sign_in(form).await?;
        Ok(Grant {
            refresh: grant.refresh.or_else(|| Some(refresh.clone())),
            ..grant
        })
    }

    /// The tokens of the client itself. Keeps nothing.
    pub async fn of_client(&self, typed: Option<&Secret<String>>) -> Result<Grant, RemoteError> {
        let secret = self.oauth.secret(self.side, typed).await?;
        self.sign_in(self.oauth.client_form(secret.as_ref())).await
    }

    async fn sign_in(
        &self,
        form: Vec<(&'static str, Secret<String>)>,
    ) -> Result<Grant, RemoteError> {
        let keeper = Keeper {
            side: self.side,
            file: &SecretsFile::new(std::path::PathBuf::new()),
            oauth: &self.oauth,
            wire: &self.client.wire(Lane::Operator),
            clock: self.client.clock(),
        };
        keeper.sign_in(form).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_the_standard() {
        // RFC 7636, appendix B
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(
            challenge(verifier),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
        assert_ne!(Pkce::new().state, Pkce::new().state);
        assert_eq!(Pkce::new().verifier.expose().len(), 43);
    }

    #[test]
    fn answers_are_read_in_every_spelling_that_was_seen() {
        for (body, seconds, company) in [
            (
                r#"{"access_token":"a","expires_in":86399,"userType":"Location","companyId":"c"}"#,
                Some(86_399),
                None,
            ),
            (
                r#"{"access_token":"a","expires_in":"60","userType":"Company","companyId":"c"}"#,
                Some(60),
                Some("c"),
            ),
            (r#"{"access_token":"a"}"#, None, None),
        ] {
            let answer: TokenAnswer = serde_json::from_str(body).unwrap();
            assert_eq!(answer.expires_in(), seconds, "{body}");
            assert_eq!(answer.company().as_deref(), company, "{body}");
        }
        for (body, is_final, words) in [
            (
                r#"{"error":"invalid_grant","error_description":"used before"}"#,
                true,
                "invalid_grant: used before",
            ),
            (
                r#"{"statusCode":401,"message":"invalid_grant","error":"Unauthorized"}"#,
                true,
                "Unauthorized: invalid_grant",
            ),
            (r#"{"error":"invalid_client"}"#, false, "invalid_client"),
            ("<html>", false, "status 400"),
        ] {
            let body = Bytes::from(body);
            assert_eq!(TokenError::is_final(&body), is_final, "{body:?}");
            assert_eq!(TokenError::words(400, &body), words, "{body:?}");
        }
    }
}
