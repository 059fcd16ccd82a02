//! `couplet demo`: both systems on loopback over real HTTP, a temporary database, and people who edit both sides.

use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::thread::JoinHandle;

use serde_json::Value;
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::config::{Flags, Workspaces};
use crate::engine::Once;
use crate::model::Businesses;
use crate::sandbox::{LimitSpec, Sandbox, Settings};

use super::args;
use super::assemble::Ready;
use super::context::{Context, env};
use super::dashboard;
use super::exit::{Exit, Problem};
use super::sandbox::faults;
use super::stop;
use super::sync::{exit, report};

/// How long lists of the demo's systems are behind their writes, in milliseconds.
const LAG_MS: u64 = 2_000;

/// Runs the demo; nothing of it stays.
pub fn run(args: &args::Demo, flags: Flags) -> Result<Exit, Problem> {
    let folder = tempfile::Builder::new()
        .prefix("couplet-demo-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir()?;
    let stage = Stage::start(args)?;
    let flags = Flags {
        data_dir: Some(folder.path().into()),
        workspace: Some("demo".into()),
        ..flags
    };
    let env = |name: &str| stage.env(name);
    let mut config = Workspaces::load(&flags, &env)?.beside("demo")?;
    config.turn_on_default_rules();
    let context = Context {
        config,
        clock: Clock::system(),
    };
    let ended = if args.headless {
        passes(&context, args.passes)
    } else {
        dashboard::show_demo(&context)
    };
    stage.end()?;
    folder.close()?;
    ended
}

/// Passes without a screen, one summary a line, until told to stop or `most` are done.
fn passes(context: &Context, most: Option<u64>) -> Result<Exit, Problem> {
    let mut engine = Ready::new(context)?.engine()?;
    let mut done = 0;
    stop::runtime()?.block_on(async {
        let mut told = std::pin::pin!(stop::asked());
        loop {
            let pass = tokio::select! {
                pass = engine.once(Once::default()) => pass?,
                told = &mut told => return told.map(|()| Exit::Done).map_err(Problem::from),
            };
            report(&pass, true, &Businesses::default())?;
            done += 1;
            if most.is_some_and(|most| done >= most) {
                return Ok(exit(pass.conflicts_open));
            }
            tokio::select! {
                () = tokio::time::sleep(dashboard::DEMO_POLL) => {}
                told = &mut told => return told.map(|()| exit(pass.conflicts_open)).map_err(Problem::from),
            }
        }
    })
}

/// Both systems on a thread of their own.
struct Stage {
    hello: Value,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<std::io::Result<()>>,
}

impl Stage {
    fn start(args: &args::Demo) -> Result<Self, Problem> {
        let sandbox = Sandbox::new(Settings {
            seed: args.seed,
            contacts: args.contacts,
            limit: LimitSpec::default(),
            lag_ms: LAG_MS,
            faults: args.faults.clone(),
            clock: Clock::system(),
        })
        .map_err(faults)?;
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let hello = sandbox.hello(listener.local_addr()?);
        let churn = args.churn;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("demo".into())
            .spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()?;
                runtime.block_on(async {
                    let listener = tokio::net::TcpListener::from_std(listener)?;
                    tokio::select! {
                        ended = sandbox.serve(listener, std::future::pending()) => ended,
                        () = sandbox.churn(churn) => Ok(()),
                        _ = stopped => Ok(()),
                    }
                })
            })?;
        Ok(Self {
            hello,
            stop,
            thread,
        })
    }

    /// The environment of somebody who uses these two systems.
    fn env(&self, name: &str) -> Option<String> {
        let ours = match name {
            "COUPLET_GHL_URL" => "ghl",
            "COUPLET_GHL_TOKEN" => "ghl_token",
            "COUPLET_GHL_LOCATION" => "location_id",
            "COUPLET_GROWBOTS_URL" => "growbots",
            "COUPLET_GROWBOTS_TOKEN" => "growbots_token",
            _ => return env(name),
        };
        self.hello[ours].as_str().map(str::to_owned)
    }

    fn end(self) -> Result<(), Problem> {
        drop(self.stop);
        match self.thread.join() {
            Ok(ended) => Ok(ended?),
            Err(_) => Err(Problem::failed(
                "the demo's two systems stopped with a fault",
                "run it again; `--seed` gives other people",
            )),
        }
    }
}
