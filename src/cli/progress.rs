//! What a long pass is doing, on stderr while it is a terminal.

use std::io::{IsTerminal as _, Write as _};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::model::LoopState;
use crate::store::Reader;
use crate::text::thousands;

use super::context::Context;
use super::exit::Problem;

/// A line that is rewritten until it ends.
pub struct Progress(Option<(Sender<()>, JoinHandle<()>)>);

impl Progress {
    /// Starts it, if somebody watches.
    pub fn start(context: &Context) -> Result<Self, Problem> {
        if !std::io::stderr().is_terminal() {
            return Ok(Self(None));
        }
        let path = context.config.database()?;
        let (end, ended) = channel::<()>();
        let thread = std::thread::Builder::new()
            .name("progress".into())
            .spawn(move || {
                let mut reader = None;
                while ended.recv_timeout(Duration::from_millis(250))
                    == Err(RecvTimeoutError::Timeout)
                {
                    // A database that is not there yet, or is busy, shows nothing this time.
                    reader = reader.or_else(|| Reader::open(&path).ok());
                    let status = reader.as_ref().and_then(|reader| reader.status().ok());
                    rewrite(&status.map_or(String::new(), |status| words(&status.state)));
                }
                rewrite("");
            })?;
        Ok(Self(Some((end, thread))))
    }

    /// Takes the line away.
    pub fn end(self) {
        if let Some((end, thread)) = self.0 {
            drop(end);
            // The line is a courtesy: a thread that failed has shown nothing worth an error.
            drop(thread.join());
        }
    }
}

fn rewrite(words: &str) {
    let mut to = std::io::stderr().lock();
    // With stderr closed there is nobody left to tell.
    drop(write!(to, "\r\x1b[K{words}").and_then(|()| to.flush()));
}

fn words(state: &LoopState) -> String {
    match state {
        LoopState::Pulling {
            side,
            kind,
            done,
            total,
        } => {
            let of = total.map_or(String::new(), |total| format!(" of {}", thousands(total)));
            format!(
                "reading {} from {side}: {}{of}",
                kind.many(),
                thousands(*done)
            )
        }
        LoopState::Pushing { done, total } => {
            format!("writing: {} of {}", thousands(*done), thousands(*total))
        }
        LoopState::Stopped | LoopState::Idle | LoopState::Paused => String::new(),
    }
}
