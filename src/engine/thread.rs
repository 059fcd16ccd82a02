//! An engine on a thread and runtime of its own, as a dashboard and `serve` have it.

use std::thread::JoinHandle;

use tokio::sync::watch;

use crate::model::PassSummary;

use super::port::{Event, Port};
use super::{Engine, EngineError, Parts};

/// An engine on a thread of its own.
pub struct Handle {
    /// Where to ask it.
    pub port: Port,
    stop: watch::Sender<bool>,
    thread: JoinHandle<Result<(), EngineError>>,
}

impl Handle {
    /// Tells the engine to stop, and does not wait for it.
    pub fn ask_to_stop(&self) {
        // Fails only when the thread has ended by itself.
        let _ended = self.stop.send(true);
    }

    /// Stops the engine: the request in flight ends, the lease is given back. Waits for it.
    pub fn stop(self) -> Result<(), EngineError> {
        self.ask_to_stop();
        self.thread.join().unwrap_or_else(|_| {
            Err(EngineError::Start(std::io::Error::other(
                "the engine's thread panicked",
            )))
        })
    }

    /// Whether the engine has ended by itself.
    pub fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }
}

/// Starts an engine on a thread and runtime of its own; `build` runs on that thread.
pub fn spawn(
    build: impl FnOnce() -> Result<Parts, EngineError> + Send + 'static,
    tell: impl Fn(Event) + Send + Sync + 'static,
    done: impl Fn(&PassSummary) + Send + Sync + 'static,
) -> Result<Handle, EngineError> {
    let (port, asks) = Port::new();
    let (stop, stopping) = watch::channel(false);
    let thread = std::thread::Builder::new()
        .name("engine".into())
        .spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            let result = runtime.block_on(async {
                let mut engine = Engine::new(build()?)?;
                engine.run(asks, stopping, &tell, &done).await
            });
            if let Err(error) = &result {
                tell(Event::Trouble {
                    words: format!("the sync loop ended: {}", error.in_one_line()),
                });
            }
            result
        })?;
    Ok(Handle { port, stop, thread })
}
