//! `couplet sandbox`: both systems, imitated, for as long as somebody wants them.

use tokio::net::TcpListener;

use crate::clock::Clock;
use crate::sandbox::{Sandbox, Settings};

use super::args;
use super::exit::{Exit, Problem};
use super::output::document;
use super::stop::{asked, runtime};

/// Serves both systems until told to stop.
pub fn run(args: &args::Sandbox) -> Result<Exit, Problem> {
    let sandbox = Sandbox::new(Settings {
        seed: args.seed,
        contacts: args.contacts,
        limit: args.limit,
        lag_ms: args.lag,
        faults: args.faults.clone(),
        clock: Clock::system(),
    })
    .map_err(faults)?;
    runtime()?.block_on(async {
        let listener = TcpListener::bind(&args.listen).await.map_err(|why| {
            Problem::failed(
                format!("cannot listen on `{}`: {why}", args.listen),
                "`--listen 127.0.0.1:0` takes a free port",
            )
        })?;
        document(&sandbox.hello(listener.local_addr()?))?;
        tokio::select! {
            ended = sandbox.serve(listener, std::future::pending()) => ended?,
            told = asked() => told?,
        }
        Ok(Exit::Done)
    })
}

/// Why a sandbox cannot start, for whoever wrote its faults.
pub fn faults(error: crate::sandbox::SandboxError) -> Problem {
    Problem::usage(
        format!("{:#}", anyhow::Error::from(error)),
        "such as `--faults '{\"ghl\": {\"http_500\": 0.1}}'`",
    )
}
