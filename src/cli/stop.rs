//! The runtime of a command, and how it is asked to stop.

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

use super::exit::Problem;

/// A runtime on this thread.
pub fn runtime() -> Result<Runtime, Problem> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

/// Waits for SIGTERM, SIGHUP or Ctrl-C. Call it inside the runtime; from then on they do not kill the process.
pub async fn asked() -> std::io::Result<()> {
    let mut term = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = term.recv() => {}
        _ = hang_up.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
