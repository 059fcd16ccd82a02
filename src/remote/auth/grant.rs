//! A sign-in and the tokens that follow one another: renewed by one process at a time, on disk before they are used.

use bytes::Bytes;

use crate::{
    clock::Clock,
    model::{Millis, Side},
    secrets::{Grant, Held, Kept, Lock, Secret, SecretsFile},
    text,
};

use super::{
    super::RemoteError,
    EARLY_MS, Key, Origin, TokenCall, Wire,
    oauth::{Flow, OAuth, TokenAnswer, TokenError},
    redacted, refuses_key,
};

/// What a token is worth without `expires_in`: an hour.
const UNSAID_S: i64 = 3_600;

/// Looks after the sign-in of one side.
pub struct Keeper<'a> {
    pub side: Side,
    pub file: &'a SecretsFile,
    pub oauth: &'a OAuth,
    pub wire: &'a dyn Wire,
    pub clock: &'a Clock,
}

impl Keeper<'_> {
    /// The token to send; renewed where it is about to end or was refused. `None` where a renewal was `vain` before.
    /// Where a renewal fails, the token that is about to end has its time still.
    pub async fn key(&self, refused: Option<&Key>, vain: bool) -> Result<Option<Key>, RemoteError> {
        if let Some(key) = self.usable(refused, EARLY_MS)? {
            return Ok(Some(key));
        }
        if vain {
            return Ok(None);
        }
        match self.new_key(refused).await {
            Err(RemoteError::SignIn { side, said }) => Err(RemoteError::SignIn { side, said }),
            Err(error) => self.usable(refused, 0)?.map(Some).ok_or(error),
            Ok(key) => Ok(Some(key)),
        }
    }

    async fn new_key(&self, refused: Option<&Key>) -> Result<Key, RemoteError> {
        let lock = self
            .file
            .lock()
            .await
            .map_err(|error| self.trouble(error))?;
        // Another process may have renewed it while we waited: then its token counts, and ours is not asked for.
        if let Some(key) = self.usable(refused, EARLY_MS)? {
            return Ok(key);
        }
        let grant = match self.kept()? {
            Some(grant) => self.renewed(&lock, grant, refused).await?,
            None => self.first(&lock).await?,
        };
        let held = in_use(&grant).ok_or_else(|| self.unfit("an answer without a token"))?;
        Ok(Key {
            text: held.token.clone(),
            origin: Origin::File,
            ends_at: Some(Millis(held.ends_ms)),
            stamp: self.file.stamp(),
            is_new: true,
        })
    }

    /// Swaps a code for a sign-in; a company's gets its location's token too. Nothing is kept.
    pub async fn sign_in(
        &self,
        form: Vec<(&'static str, Secret<String>)>,
    ) -> Result<Grant, RemoteError> {
        let grant = grant_of(self.ask(form).await?, self.clock.now());
        match grant.company.clone() {
            None => Ok(grant),
            Some(company) => {
                let made = self.of_location(grant, &company).await?;
                made.ok_or_else(|| self.no_location_token())
            }
        }
    }

    /// The token on disk, if it has more than `left_ms` left and was not refused.
    fn usable(&self, refused: Option<&Key>, left_ms: i64) -> Result<Option<Key>, RemoteError> {
        let stamp = self.file.stamp();
        let Some(grant) = self.kept()? else {
            return Ok(None);
        };
        let now = self.clock.now();
        let held = in_use(&grant)
            .filter(|held| held.ends_ms - now.0 > left_ms)
            .filter(|held| refused.is_none_or(|refused| refused.text != held.token));
        if held.is_none()
            && let Some(why) = grant.ended
        {
            return Err(self.ended(why));
        }
        Ok(held.map(|held| Key {
            text: held.token.clone(),
            origin: Origin::File,
            ends_at: Some(Millis(held.ends_ms)),
            stamp,
            is_new: false,
        }))
    }

    fn kept(&self) -> Result<Option<Grant>, RemoteError> {
        let kept = self.file.read(self.side.name());
        match kept.map_err(|error| self.trouble(error))? {
            Some(Kept::Grant(grant)) => Ok(Some(grant)),
            Some(Kept::Key { .. }) | None => Ok(None),
        }
    }

    /// The first token of client credentials, which nobody signs in for.
    async fn first(&self, lock: &Lock) -> Result<Grant, RemoteError> {
        if self.oauth.flow != Flow::ClientCredentials {
            return Err(self.ended("nobody is signed in".into()));
        }
        let secret = self.oauth.secret(self.side, None).await?;
        let form = self.oauth.client_form(secret.as_ref());
        let grant = grant_of(self.ask(form).await?, self.clock.now());
        self.put(lock, &grant)?;
        Ok(grant)
    }

    async fn renewed(
        &self,
        lock: &Lock,
        grant: Grant,
        refused: Option<&Key>,
    ) -> Result<Grant, RemoteError> {
        let Some(company) = grant.company.clone() else {
            return self.next_pair(lock, grant).await;
        };
        // A company's sign-in: the location's token is made anew, and the company's only where that does not do.
        let works = grant.access.ends_ms - self.clock.now().0 > EARLY_MS
            && refused.is_none_or(|refused| refused.text != grant.access.token);
        let mut made = None;
        if works {
            made = self.of_location(grant.clone(), &company).await?;
        }
        let made = if let Some(made) = made {
            made
        } else {
            let grant = self.next_pair(lock, grant).await?;
            let made = self.of_location(grant, &company).await?;
            made.ok_or_else(|| self.no_location_token())?
        };
        self.put(lock, &made)?;
        Ok(made)
    }

    /// Swaps the refresh token for the next pair, which is on disk when this returns.
    async fn next_pair(&self, lock: &Lock, grant: Grant) -> Result<Grant, RemoteError> {
        let secret = self
            .oauth
            .secret(self.side, grant.client_secret.as_ref())
            .await?;
        let form = match (&grant.refresh, self.oauth.flow) {
            (_, Flow::ClientCredentials) => self.oauth.client_form(secret.as_ref()),
            (Some(refresh), Flow::Code) => self.oauth.refresh_form(refresh, secret.as_ref()),
            (None, Flow::Code) => {
                return self.end(lock, grant, "it gave no refresh token".into());
            }
        };
        let answer = match self.ask(form).await {
            Ok(answer) => answer,
            Err(RemoteError::SignIn { said, .. }) => return self.end(lock, grant, said),
            Err(error) => return Err(error),
        };
        let next = grant_of(answer, self.clock.now());
        let next = Grant {
            refresh: next.refresh.or(grant.refresh),
            scope: if next.scope.is_empty() {
                grant.scope
            } else {
                next.scope
            },
            since_ms: grant.since_ms,
            company: grant.company,
            client_secret: grant.client_secret,
            ..next
        };
        self.put(lock, &next)?;
        Ok(next)
    }

    /// Makes the location's token from the company's; `None` where the company's is refused.
    async fn of_location(
        &self,
        mut grant: Grant,
        company: &str,
    ) -> Result<Option<Grant>, RemoteError> {
        let Some(call) = self.oauth.location_call(company, &grant.access.token) else {
            return Err(self
                .ended("the sign-in is a company's, and this side has no location tokens".into()));
        };
        let hidden = [grant.access.token.clone()];
        let (status, body) = self.wire.post(call).await?;
        if refuses_key(status, &body) {
            return Ok(None);
        }
        if !(200..300).contains(&status) {
            return Err(RemoteError::Forbidden {
                side: self.side,
                operation: "POST /oauth/locationToken".into(),
                said: words(status, &body, &hidden),
            });
        }
        let location = grant_of(self.read(&body)?, self.clock.now());
        grant.location = Some(location.access);
        if !location.scope.is_empty() {
            grant.scope = location.scope;
        }
        Ok(Some(grant))
    }

    fn no_location_token(&self) -> RemoteError {
        RemoteError::Unauthorised {
            side: self.side,
            said: "it gives no token of this location to the company's".into(),
        }
    }

    /// Asks for tokens. `RemoteError::SignIn` where the side wants somebody to sign in again.
    async fn ask(
        &self,
        form: Vec<(&'static str, Secret<String>)>,
    ) -> Result<TokenAnswer, RemoteError> {
        let hidden: Vec<_> = form.iter().map(|(_, secret)| secret.clone()).collect();
        let call = TokenCall {
            operation: "POST /oauth/token",
            url: self.oauth.token_url.clone(),
            form,
            bearer: None,
        };
        let (status, body) = self.wire.post(call).await?;
        if (200..300).contains(&status) {
            return self.read(&body);
        }
        let said = words(status, &body, &hidden);
        if TokenError::is_final(&body) {
            return Err(self.ended(said));
        }
        Err(RemoteError::Unauthorised {
            side: self.side,
            said: format!("its token endpoint says {said}"),
        })
    }

    /// Notes that the sign-in is over, so that no process asks again.
    fn end(&self, lock: &Lock, mut grant: Grant, why: String) -> Result<Grant, RemoteError> {
        grant.ended = Some(why.clone());
        self.put(lock, &grant)?;
        Err(self.ended(why))
    }

    fn put(&self, lock: &Lock, grant: &Grant) -> Result<(), RemoteError> {
        let kept = Kept::Grant(grant.clone());
        self.file
            .put(lock, self.side.name(), Some(&kept))
            .map_err(|error| self.trouble(error))
    }

    fn read(&self, body: &Bytes) -> Result<TokenAnswer, RemoteError> {
        // The parser's words are left out: they can quote a token.
        serde_json::from_slice(body).map_err(|_| self.unfit("an answer without `access_token`"))
    }

    const fn ended(&self, said: String) -> RemoteError {
        RemoteError::SignIn {
            side: self.side,
            said,
        }
    }

    fn unfit(&self, said: &str) -> RemoteError {
        RemoteError::Malformed {
            side: self.side,
            operation: "POST /oauth/token".into(),
            said: said.into(),
            field: None,
            maybe_applied: false,
        }
    }

    const fn trouble(&self, error: crate::secrets::SecretError) -> RemoteError {
        RemoteError::Secret {
            side: self.side,
            error,
        }
    }
}

/// The token that requests carry.
const fn in_use(grant: &Grant) -> Option<&Held> {
    match grant.company {
        Some(_) => grant.location.as_ref(),
        None => Some(&grant.access),
    }
}

/// What an answer of the token endpoint gives, as of now.
fn grant_of(answer: TokenAnswer, now: Millis) -> Grant {
    let span_s = answer.expires_in().unwrap_or(UNSAID_S);
    let company = answer.company();
    Grant {
        access: Held {
            token: Secret::new(answer.access_token),
            ends_ms: now.0 + span_s * 1_000,
        },
        refresh: answer.refresh_token.map(Secret::new),
        scope: answer.scope.unwrap_or_default(),
        since_ms: now.0,
        company,
        location: None,
        client_secret: None,
        ended: None,
    }
}

/// What the side says, without what it was sent.
fn words(status: u16, body: &Bytes, hidden: &[Secret<String>]) -> String {
    let said = redacted(&TokenError::words(status, body), hidden.iter());
    text::cut_end(&text::clean(&said), 200).into_owned()
}
