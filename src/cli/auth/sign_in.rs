//! Somebody signs in with a browser, maybe on another machine: the code comes to a port of this machine or is pasted.

use std::future::pending;
use std::io::BufRead as _;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::RawQuery;
use axum::response::Html;
use http::StatusCode;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use url::{Host, Url};

use crate::cli::exit::Problem;
use crate::cli::output::note;
use crate::model::Side;
use crate::remote::{OAuth, Pkce};
use crate::secrets::Secret;
use crate::text;

/// How long somebody has.
const PATIENCE: Duration = Duration::from_mins(15);

/// The code of a sign-in, from whichever comes first: the browser on this machine, or a pasted address.
pub async fn code(side: Side, oauth: &OAuth, pkce: &Pkce) -> Result<Secret<String>, Problem> {
    let listener = listen(&oauth.redirect_uri).await;
    note(&format!(
        "open this address in a browser, sign in to {side}, and choose the account:\n\n  {}\n",
        oauth.authorize_url(pkce)
    ));
    note(if listener.is_some() {
        "a browser on this machine ends it by itself; from another machine, paste the address here that it then shows:"
    } else {
        "then paste the address here that the browser shows afterwards:"
    });
    let (tell, mut told) = mpsc::channel(4);
    let called = called_back(listener, &oauth.redirect_uri, &pkce.state, tell.clone());
    paste(pkce.state.clone(), tell)?;
    let first = async {
        // The channel ends when nobody can paste any more and nothing listens.
        told.recv().await.unwrap_or_else(|| {
            Err(Problem::usage(
                "nobody gave the address that the browser showed",
                "run it again in a terminal, and paste it",
            ))
        })
    };
    tokio::select! {
        biased;
        code = first => code,
        never = called => match never {},
        () = tokio::time::sleep(PATIENCE) => Err(Problem::failed(
            format!("nobody signed in within {} minutes", PATIENCE.as_secs() / 60),
            format!("run `couplet auth login {}` again", side.name()),
        )),
    }
}

/// A port of this machine, where the address of the client names one.
async fn listen(redirect: &Url) -> Option<TcpListener> {
    let loopback = match redirect.host()? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(_) => false,
    };
    if !loopback || redirect.scheme() != "http" {
        return None;
    }
    TcpListener::bind(("127.0.0.1", redirect.port_or_known_default()?))
        .await
        .ok()
}

/// Answers the browser; ends never.
async fn called_back(
    listener: Option<TcpListener>,
    redirect: &Url,
    state: &str,
    tell: mpsc::Sender<Result<Secret<String>, Problem>>,
) -> std::convert::Infallible {
    let Some(listener) = listener else {
        drop(tell);
        return pending().await;
    };
    let state: Arc<str> = state.into();
    let answer = move |RawQuery(query): RawQuery| {
        let (state, tell) = (Arc::clone(&state), tell.clone());
        async move {
            match read(query.as_deref().unwrap_or(""), &state) {
                Ok(code) => {
                    drop(tell.try_send(Ok(code)));
                    (
                        StatusCode::OK,
                        Html("<p>couplet has it. You can close this window."),
                    )
                }
                Err(Wrong::Refused(why)) => {
                    drop(tell.try_send(Err(refused(&why))));
                    (
                        StatusCode::OK,
                        Html("<p>The sign-in was refused. You can close this window."),
                    )
                }
                // Somebody else's: the one that is waited for may still come.
                Err(Wrong::State | Wrong::NoCode) => (
                    StatusCode::BAD_REQUEST,
                    Html("<p>This is not the sign-in that couplet began."),
                ),
            }
        }
    };
    let router = Router::new().route(redirect.path(), axum::routing::get(answer));
    // A server that fails leaves the other way.
    drop(axum::serve(listener, router).await);
    pending().await
}

/// Reads a pasted line on a thread of its own, which ends with the process.
fn paste(
    state: String,
    tell: mpsc::Sender<Result<Secret<String>, Problem>>,
) -> Result<(), Problem> {
    std::thread::Builder::new()
        .name("paste".into())
        .spawn(move || {
            for line in std::io::stdin().lock().lines() {
                let Ok(line) = line else { return };
                let line = line.trim();
                if line.is_empty() {
                    continue;
                }
                let query = match Url::parse(line) {
                    Ok(url) => url.query().unwrap_or("").to_owned(),
                    Err(_) if line.contains('=') => line.trim_start_matches('?').to_owned(),
                    // The code alone.
                    Err(_) => format!("code={line}"),
                };
                let found = match read(&query, &state) {
                    Ok(code) => Ok(code),
                    Err(Wrong::Refused(why)) => Err(refused(&why)),
                    Err(Wrong::NoCode) => {
                        note("there is no `code` in it; paste the whole address:");
                        continue;
                    }
                    Err(Wrong::State) => {
                        note("it belongs to another sign-in; open the address above, and paste what comes then:");
                        continue;
                    }
                };
                drop(tell.blocking_send(found));
                return;
            }
        })?;
    Ok(())
}

/// What is wrong with an address that came back.
#[derive(Debug, PartialEq, Eq)]
enum Wrong {
    /// It belongs to another sign-in.
    State,
    NoCode,
    /// The side, or who signed in, said no.
    Refused(String),
}

/// The code of a query. A `state` that comes back must be ours; GHL's documents do not say that one does.
fn read(query: &str, state: &str) -> Result<Secret<String>, Wrong> {
    let value = |name: &str| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        let (_, value) = pairs.find(|(key, value)| key == name && !value.is_empty())?;
        Some(value.into_owned())
    };
    if value("state").is_some_and(|came| came != state) {
        return Err(Wrong::State);
    }
    if let Some(why) = value("error") {
        let more = value("error_description").unwrap_or_default();
        return Err(Wrong::Refused(format!("{why} {more}")));
    }
    value("code").map(Secret::new).ok_or(Wrong::NoCode)
}

fn refused(why: &str) -> Problem {
    Problem::failed(
        format!("the sign-in was refused: {}", text::clean(why.trim())),
        "run it again, and let couplet in",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_taken_with_our_state_or_without_one_and_with_no_other() {
        for (query, want) in [
            ("code=a%2Fb&state=mine", Ok("a/b")),
            ("code=abc", Ok("abc")),
            ("code=abc&state=other", Err(Wrong::State)),
            ("state=mine", Err(Wrong::NoCode)),
            ("", Err(Wrong::NoCode)),
            (
                "error=access_denied&state=mine",
                Err(Wrong::Refused("access_denied ".into())),
            ),
            ("error=x&state=other", Err(Wrong::State)),
        ] {
            let read = read(query, "mine").map(|code| code.expose().clone());
            assert_eq!(read, want.map(str::to_owned), "{query}");
        }
    }
}
