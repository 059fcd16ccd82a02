//! `couplet auth`: keys and sign-ins, kept only after the side has taken them.

mod sign_in;
mod status;

use std::io::{IsTerminal as _, Read as _};
use std::sync::Arc;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::config::SideSettings;
use crate::model::Side;
use crate::remote::{self, Access, Auth, OAuth, Scopes, Source};
use crate::secrets::{Grant, Kept, Secret, SecretError};

use super::args::{self, Credential};
use super::assemble;
use super::context::Context;
use super::exit::{Exit, Problem};
use super::output::{Page, note, print};
use super::stop;

pub use status::missing;

/// The longest key that is read.
const LONGEST: u64 = 16 * 1024;

/// Does what `couplet auth …` asks for.
pub fn run(context: &Context, command: &args::Auth) -> Result<Exit, Problem> {
    match command {
        args::Auth::Login(credential) | args::Auth::Rotate(credential) => put(context, credential),
        args::Auth::Status { side, form } => status::show(context, *side, form.json),
        args::Auth::Logout { side } => logout(context, *side),
    }
}

impl From<SecretError> for Problem {
    fn from(error: SecretError) -> Self {
        Self::from(crate::config::ConfigError::from(error))
    }
}

/// Takes a key or a sign-in, tries it, and keeps it.
fn put(context: &Context, credential: &Credential) -> Result<Exit, Problem> {
    let side = credential.side;
    let settings = context.config.side(side)?;
    let file = context.config.secrets()?;
    // Says at once what is wrong with the file, before anybody types.
    let old = file.read(side.name())?;
    let runtime = stop::runtime()?;
    let kept = match assemble::client(&settings) {
        Some(oauth) => {
            let typed = typed_before(old.as_ref());
            by_oauth(context, credential, &settings, &oauth, typed, &runtime)?
        }
        None => Kept::Key {
            key: key(side, credential.stdin)?,
            since_ms: context.clock.now().0,
        },
    };
    let (text, told) = match &kept {
        Kept::Key { key, .. } => (key.clone(), None),
        Kept::Grant(grant) => {
            let held = grant.location.as_ref().unwrap_or(&grant.access);
            (held.token.clone(), Some(grant.scope.as_str()))
        }
    };
    let auth = Auth::new(
        assemble::sign(&settings.key)?,
        vec![Source::Given(text.clone())],
        context.clock.clone(),
    );
    let given = settings.key.given.is_some();
    let found = runtime.block_on(async {
        let access = access(context, side, settings, auth, told).await?;
        let lock = file.lock().await?;
        file.put(&lock, side.name(), Some(&kept))?;
        Ok::<_, Problem>(access)
    })?;
    print(&format!(
        "{side} takes the key {}; it is kept in `{}`",
        text.tail(),
        file.path().display()
    ))?;
    if given {
        note(&stands_over(side));
    }
    let mut page = Page::default();
    status::list_missing(&mut page, &found);
    page.print_if_any()?;
    Ok(Exit::Done)
}

fn stands_over(side: Side) -> String {
    format!(
        "`COUPLET_{}_TOKEN` is set and stands over the kept key, which is used when that one is refused",
        side.name().to_uppercase()
    )
}

/// The client's secret that was typed at an earlier sign-in.
fn typed_before(old: Option<&Kept>) -> Option<Secret<String>> {
    match old {
        Some(Kept::Grant(grant)) => grant.client_secret.clone(),
        Some(Kept::Key { .. }) | None => None,
    }
}

fn by_oauth(
    context: &Context,
    credential: &Credential,
    settings: &SideSettings,
    oauth: &OAuth,
    typed: Option<Secret<String>>,
    runtime: &tokio::runtime::Runtime,
) -> Result<Kept, Problem> {
    let side = credential.side;
    let refresh = if credential.stdin {
        Some(from_stdin()?)
    } else {
        None
    };
    if let Some(key) = refresh
        .as_ref()
        .filter(|key| key.expose().starts_with("pit-"))
    {
        return Ok(Kept::Key {
            key: key.clone(),
            since_ms: context.clock.now().0,
        });
    }
    let has_secret = oauth.client_secret.given.is_some() || oauth.client_secret.command.is_some();
    let typed = match typed {
        None if !has_secret && needs_secret(side, settings) => {
            let words = format!("{side}: the client's secret (not shown): ");
            Some(prompt(
                &words,
                "set `COUPLET_GHL_CLIENT_SECRET` or `COUPLET_GROWBOTS_CLIENT_SECRET`",
            )?)
        }
        typed => typed,
    };
    let nobody = Auth::new(
        assemble::sign(&settings.key)?,
        vec![],
        context.clock.clone(),
    );
    let desk = remote::SignIn::new(
        side,
        assemble::with_key(settings.clone(), nobody),
        &parts(context)?,
        oauth.clone(),
    );
    let grant = runtime.block_on(async {
        let typed = typed.as_ref();
        Ok::<Grant, Problem>(match (&refresh, oauth.flow) {
            (_, remote::Flow::ClientCredentials) => desk.of_client(typed).await?,
            (Some(refresh), remote::Flow::Code) => desk.refresh(refresh, typed).await?,
            (None, remote::Flow::Code) => {
                let pkce = remote::Pkce::new();
                let code = sign_in::code(side, oauth, &pkce).await?;
                desk.exchange(&code, &pkce, typed).await?
            }
        })
    })?;
    Ok(Kept::Grant(Grant {
        client_secret: typed,
        ..grant
    }))
}

/// A public client of Growbots may do with PKCE alone.
fn needs_secret(side: Side, settings: &SideSettings) -> bool {
    let by_itself = settings
        .key
        .client
        .as_ref()
        .is_some_and(|client| client.by_itself);
    side == Side::Ghl || by_itself
}

fn logout(context: &Context, side: Side) -> Result<Exit, Problem> {
    let file = context.config.secrets()?;
    if file.read(side.name())?.is_none() {
        print(&format!("nothing is kept of {side}"))?;
    } else {
        stop::runtime()?.block_on(async {
            let lock = file.lock().await?;
            file.put(&lock, side.name(), None)
        })?;
        print(&format!(
            "the key of {side} is forgotten here; take it back at {side} too, or it still opens the door"
        ))?;
    }
    if context
        .config
        .side(side)
        .is_ok_and(|side| side.key.given.is_some())
    {
        note(&format!(
            "`COUPLET_{}_TOKEN` is set, and is used as before",
            side.name().to_uppercase()
        ));
    }
    Ok(Exit::Done)
}

/// What a key may do, asked of the side.
async fn access(
    context: &Context,
    side: Side,
    settings: SideSettings,
    auth: Auth,
    told: Option<&str>,
) -> Result<Vec<Access>, Problem> {
    let prefix = context.config.growbots().api_prefix;
    let settings = assemble::with_key(settings, auth);
    let scopes = Scopes::new(side, &prefix, settings, &parts(context)?);
    Ok(scopes.access(told.filter(|told| !told.is_empty())).await?)
}

/// Requests about keys change no record, so they need no lease.
fn parts(context: &Context) -> Result<remote::Parts, Problem> {
    assemble::parts(context, Arc::new(|| true))
}

fn key(side: Side, stdin: bool) -> Result<Secret<String>, Problem> {
    if stdin {
        return from_stdin();
    }
    prompt(
        &format!("{side}: the key (not shown): "),
        "give it with `--stdin`: `pass show couplet/ghl | couplet auth login ghl --stdin`",
    )
}

/// Asks for a key at the terminal, without echo.
pub fn prompt_key(words: &str) -> Result<Secret<String>, Problem> {
    prompt(
        words,
        "`couplet config init` needs a terminal for its questions",
    )
}

/// Asks at the terminal without echo.
fn prompt(words: &str, instead: &str) -> Result<Secret<String>, Problem> {
    let no_terminal = || Problem::usage("there is no terminal to ask at", instead);
    if !std::io::stdin().is_terminal() {
        return Err(no_terminal());
    }
    // Before the words are shown: who pastes as soon as they are there is not to see the key.
    let _unseen = Unseen::now();
    let typed = rpassword::prompt_password(words).map_err(|_| no_terminal())?;
    one_line(&Zeroizing::new(typed))
}

/// While it lives, the terminal shows nothing of what is typed.
struct Unseen(Option<Termios>);

impl Unseen {
    fn now() -> Self {
        let Ok(before) = tcgetattr(std::io::stdin()) else {
            return Self(None);
        };
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        let done = tcsetattr(std::io::stdin(), OptionalActions::Now, &quiet);
        Self(done.ok().map(|()| before))
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            // A terminal that is gone shows nothing either.
            let _gone = tcsetattr(std::io::stdin(), OptionalActions::Now, before);
        }
    }
}

fn from_stdin() -> Result<Secret<String>, Problem> {
    let mut text = Zeroizing::new(String::new());
    std::io::stdin()
        .take(LONGEST)
        .read_to_string(&mut text)
        .map_err(|_| no_key())?;
    one_line(&text)
}

fn one_line(text: &str) -> Result<Secret<String>, Problem> {
    let key = text.trim();
    let plain = key.chars().all(|c| c.is_ascii_graphic());
    if key.is_empty() || !plain {
        return Err(no_key());
    }
    Ok(Secret::new(key.to_owned()))
}

fn no_key() -> Problem {
    Problem::usage(
        "what was given is no key: one word of letters, digits and signs",
        "give the key alone, on one line",
    )
}
