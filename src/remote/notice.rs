//! Telling somebody: a command that gets JSON on its stdin, or a webhook.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

use crate::secrets::Secret;

use super::Transport;
use super::transport::TransportError;

/// How long a channel may take.
const WITHIN: Duration = Duration::from_secs(10);

/// Where notices go.
#[derive(Clone)]
pub enum Channel {
    /// A command with its arguments, split as a shell would and run without one; the notice is JSON on its stdin.
    Command(String),
    /// An address that takes a POST.
    Webhook {
        /// Where. Chat services put a secret into it.
        url: Secret<String>,
        /// Whether only the words are sent, as `{"text": …}`, which Slack and those like it take.
        slack: bool,
        /// How it is sent.
        transport: Arc<dyn Transport>,
    },
}

/// Why a notice did not arrive.
#[derive(Debug, thiserror::Error)]
pub enum NoticeError {
    /// The command names no program.
    #[error("the command has no word")]
    NoCommand,
    /// The program is not there, or must not be run.
    #[error("`{program}` cannot be started")]
    NotStarted {
        /// Which.
        program: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It said that it failed.
    #[error("`{program}` failed ({status})")]
    Failed {
        /// Which.
        program: String,
        /// How it ended.
        status: String,
    },
    /// It took over 10 s.
    #[error("no end within 10 s")]
    TimedOut,
    /// The address cannot be used.
    #[error("the address of the webhook is no URL")]
    BadUrl,
    /// The webhook did not answer.
    #[error("the webhook did not answer")]
    NoAnswer(#[from] TransportError),
    /// The webhook refused it.
    #[error("the webhook answered {0}")]
    Refused(u16),
}

impl Channel {
    /// The name under which it is remembered what it was told.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Command(_) => "command",
            Self::Webhook { .. } => "webhook",
        }
    }

    /// Delivers a notice, an object with `text`; takes 10 s at most.
    pub async fn deliver(&self, notice: &Value) -> Result<(), NoticeError> {
        let sent = async {
            match self {
                Self::Command(line) => run(line, notice).await,
                Self::Webhook {
                    url,
                    slack,
                    transport,
                } => {
                    let body = if *slack {
                        json!({"text": notice["text"]})
                    } else {
                        notice.clone()
                    };
                    post(transport.as_ref(), url.expose(), &body).await
                }
            }
        };
        tokio::time::timeout(WITHIN, sent)
            .await
            .unwrap_or(Err(NoticeError::TimedOut))
    }
}

async fn post(transport: &dyn Transport, url: &str, body: &Value) -> Result<(), NoticeError> {
    let request = Request::post(url)
        .header("content-type", "application/json")
        .body(Bytes::from(body.to_string()))
        .map_err(|_| NoticeError::BadUrl)?;
    match transport.send(request).await?.status() {
        status if status.is_success() => Ok(()),
        status => Err(NoticeError::Refused(status.as_u16())),
    }
}

/// What the command prints goes nowhere: it may run beside a dashboard.
async fn run(line: &str, notice: &Value) -> Result<(), NoticeError> {
    let words = shell_words::split(line).map_err(|_| NoticeError::NoCommand)?;
    let (program, arguments) = words.split_first().ok_or(NoticeError::NoCommand)?;
    let not_started = |source| NoticeError::NotStarted {
        program: program.clone(),
        source,
    };
    let mut child = tokio::process::Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(not_started)?;
    if let Some(mut stdin) = child.stdin.take() {
        // A command that does not read still says by its end whether it was done.
        drop(stdin.write_all(format!("{notice}\n").as_bytes()).await);
    }
    let status = child.wait().await.map_err(not_started)?;
    if status.success() {
        return Ok(());
    }
    Err(NoticeError::Failed {
        program: program.clone(),
        status: status.to_string(),
    })
}
