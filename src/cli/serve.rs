//! `couplet serve`: the loop as a service, with webhooks, health and metrics.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use futures_util::{StreamExt as _, stream};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::config::Flags;
use crate::engine::port::Event;
use crate::engine::{self, EngineError, Watching};
use crate::model::PassSummary;
use crate::serve::{
    self, Face, GhlReceivers, GhlWebhooks, GrowbotsReceivers, GrowbotsWebhooks, Inbox, Workspace,
};

use super::alerts;
use super::args::Serve;
use super::assemble::Ready;
use super::context::Context;
use super::exit::{Exit, Problem};
use super::stop::{self, Signals, Told};
use super::sync::{not_yet, waits_for_yes};

/// How often loops that ended, or could not start, are looked after, where no watchdog asks for more.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// Loops that are started at a time.
const START_AT_ONCE: usize = 4;

/// Serves until SIGTERM or Ctrl-C; SIGHUP reads the settings again.
pub fn run(flags: &Flags, args: &Serve) -> Result<Exit, Problem> {
    let mut contexts = Context::all(flags)?;
    contexts.iter().try_for_each(checked)?;
    room_for_files();
    stop::runtime()?.block_on(async {
        let mut signals = Signals::new()?;
        let mut is_new = true;
        loop {
            let mut service = Service::start(contexts, args).await?;
            tracing::info!("listening on http://{}", service.address);
            if is_new {
                tell_systemd(&[sd_notify::NotifyState::Ready]);
                is_new = false;
            }
            let next = loop {
                let told = tokio::select! {
                    told = signals.next() => told,
                    problem = service.look_after() => return Err(problem),
                };
                match told {
                    Told::Stop => break None,
                    Told::Reload => match read_again(flags) {
                        Ok(contexts) => break Some(contexts),
                        Err(problem) => {
                            tracing::error!("the settings are as they were: {}", problem.message());
                        }
                    },
                }
            };
            if next.is_none() {
                tell_systemd(&[sd_notify::NotifyState::Stopping]);
            }
            service.stop().await?;
            match next {
                None => return Ok(Exit::Done),
                Some(next) => contexts = next,
            }
            tracing::info!("the settings were read again");
        }
    })
}

/// Settings that a service can go on with.
fn read_again(flags: &Flags) -> Result<Vec<Context>, Problem> {
    let contexts = Context::all(flags)?;
    contexts.iter().try_for_each(checked)?;
    if let [only] = contexts.as_slice() {
        Ready::new(only)?;
    }
    Ok(contexts)
}

/// What of the settings is wrong for a service. That a key is missing is not: where there are several workspaces, the
/// others go on.
fn checked(context: &Context) -> Result<(), Problem> {
    super::mapping::field_map(&context.config)?;
    super::rules::rules(&context.config)?;
    ghl_webhooks(context)?;
    growbots_webhooks(context)?;
    alerts::settings(context)?;
    Ok(())
}

/// Each workspace has some ten files open, and systems often allow no more than 1,024 to who does not ask.
fn room_for_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::debug!(%error, "the limit of open files stays as it is");
    }
}

/// Nobody listens where systemd did not start us.
fn tell_systemd(state: &[sd_notify::NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "systemd was not told");
    }
}

/// How GHL's deliveries for a workspace are checked; `None` where its location is not set.
fn ghl_webhooks(context: &Context) -> Result<Option<GhlWebhooks>, Problem> {
    let Some(location) = context.config.location() else {
        return Ok(None);
    };
    let (key, takes_rsa) = context.config.ghl_webhooks();
    let rsa = takes_rsa.then_some(serve::VENDOR_RSA_KEY);
    let webhooks = GhlWebhooks::new(key.unwrap_or(serve::VENDOR_KEY), rsa, location);
    webhooks.map(Some).map_err(|error| {
        Problem::usage(
            format!("`ghl.webhook_key`: {error}"),
            "leave it unset for the key that GHL publishes",
        )
    })
}

/// How those of Growbots are; `None` where no secret is set.
fn growbots_webhooks(context: &Context) -> Result<Option<GrowbotsWebhooks>, Problem> {
    let secret = context.config.growbots_webhook_secret();
    let webhooks = secret.map(|secret| GrowbotsWebhooks::new(secret.expose()));
    webhooks.transpose().map_err(|error| {
        Problem::usage(
            format!("`COUPLET_GROWBOTS_WEBHOOK_SECRET`: {error}"),
            "it was shown once, when the webhook was made",
        )
    })
}

/// What the listener knows of all workspaces.
fn face(contexts: &[Arc<Context>]) -> Result<Face, Problem> {
    let mut face = Face {
        clock: Clock::system(),
        workspaces: Vec::new(),
        ghl: GhlReceivers::default(),
        growbots: GrowbotsReceivers::default(),
    };
    for (at, context) in contexts.iter().enumerate() {
        let database = context.config.database()?;
        face.workspaces.push(Workspace {
            name: context.config.workspace().to_owned(),
            inbox: Inbox::new(database.clone(), context.clock.clone()),
            database,
        });
        if let Some(webhooks) = ghl_webhooks(context)? {
            face.ghl.add(at, webhooks);
        }
        if let Some(webhooks) = growbots_webhooks(context)? {
            face.growbots.add(at, webhooks);
        }
    }
    Ok(face)
}

/// The loop of one workspace, on a thread of its own: whatever becomes of it, the others go on.
struct Loop {
    context: Arc<Context>,
    /// `None` where it could not start.
    engine: Option<engine::Handle>,
}

impl Loop {
    /// Opens the database and starts the engine, one of so many. Waits for the disk.
    fn start(
        context: &Context,
        among: usize,
        says_yes: bool,
        look: impl Fn() + Send + Sync + Clone + 'static,
    ) -> Result<engine::Handle, Problem> {
        if !says_yes && waits_for_yes(context)? {
            return Err(not_yet(context));
        }
        let ready = Ready::new(context)?.among(among);
        context.prepare()?;
        let (name, of) = (context.config.workspace(), context.config.workspace());
        let (name, of, failed) = (name.to_owned(), of.to_owned(), look.clone());
        let tell = move |event| {
            tell(&name, event);
            failed();
        };
        let done = move |pass: &PassSummary| {
            say(&of, pass);
            look();
        };
        Ok(engine::spawn(
            move || ready.build_in_time(&|_| {}),
            tell,
            done,
        )?)
    }

    fn name(&self) -> &str {
        self.context.config.workspace()
    }

    fn has_ended(&self) -> bool {
        self.engine.as_ref().is_none_or(engine::Handle::is_finished)
    }
}

/// An engine for each workspace, and the listener for all.
struct Service {
    loops: Vec<Loop>,
    says_yes: bool,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
    stop: watch::Sender<bool>,
    alerts: Watching,
    address: SocketAddr,
}

impl Service {
    async fn start(contexts: Vec<Context>, args: &Serve) -> Result<Self, Problem> {
        let address = args.listen;
        let address = address.unwrap_or_else(|| contexts[0].config.listen());
        let listener = TcpListener::bind(address).await.map_err(|error| {
            Problem::failed(
                format!("cannot listen on `{address}`: {error}"),
                "another service may have the port: choose one with `--listen` or `serve.listen`",
            )
        })?;
        let address = listener.local_addr()?;
        let contexts: Vec<_> = contexts.into_iter().map(Arc::new).collect();
        let face = face(&contexts)?;
        let alerts = alerts::watch(contexts.iter().map(Arc::as_ref), |_, _| {})?;
        let (stop, mut stopped) = watch::channel(false);
        let until = async move {
            // Ends also when the sender is gone.
            drop(stopped.wait_for(|stop| *stop).await);
        };
        let server = axum::serve(listener, serve::router(face)).with_graceful_shutdown(until);
        let loops = contexts.into_iter().map(|context| Loop {
            context,
            engine: None,
        });
        let mut service = Self {
            loops: loops.collect(),
            says_yes: args.start,
            server: tokio::spawn(async move { server.await }),
            stop,
            alerts,
            address,
        };
        let mut problems = service.start_loops().await;
        if problems.len() == service.loops.len()
            && let Some(first) = problems.pop()
        {
            return Err(first);
        }
        Ok(service)
    }

    /// Starts the loops that do not run; says what hinders, and gives it.
    async fn start_loops(&mut self) -> Vec<Problem> {
        let (says_yes, among) = (self.says_yes, self.loops.len());
        let ended = self.loops.iter().enumerate();
        let starts = ended.filter(|(_, one)| one.has_ended()).map(|(at, one)| {
            let (context, look) = (Arc::clone(&one.context), Arc::new(self.alerts.poke(at)));
            async move {
                let start = tokio::task::spawn_blocking(move || {
                    Loop::start(&context, among, says_yes, move || look())
                });
                let gone = |_| Problem::from(anyhow::anyhow!("starting it ended in a fault"));
                (at, start.await.map_err(gone).and_then(|started| started))
            }
        });
        let starts: Vec<_> = starts.collect();
        let started: Vec<_> = stream::iter(starts)
            .buffer_unordered(START_AT_ONCE)
            .collect()
            .await;
        let mut problems = Vec::new();
        for (at, started) in started {
            match started {
                Ok(engine) => self.loops[at].engine = Some(engine),
                Err(problem) => {
                    if self.loops.len() > 1 {
                        let (workspace, why) = (self.loops[at].name(), problem.message());
                        tracing::error!(workspace, "it does not run: {why}");
                    }
                    problems.push(problem);
                }
            }
        }
        problems
    }

    /// Looks after the loops, and tells systemd's watchdog, twice in its time, that they are. One that ended is started
    /// again beside the others; gives up only where it was the only one, and then systemd starts couplet again.
    async fn look_after(&mut self) -> Problem {
        let within = sd_notify::watchdog_enabled().map(|within| within / 2);
        let pause = within.unwrap_or(LOOK_EVERY).min(LOOK_EVERY);
        loop {
            tokio::time::sleep(pause).await;
            if self.loops.iter().any(Loop::has_ended) {
                if self.loops.len() == 1 {
                    return Problem::failed(
                        "the sync loop ended by itself",
                        "the log says why; systemd starts couplet again",
                    );
                }
                self.start_loops().await;
            }
            tell_systemd(&[sd_notify::NotifyState::Watchdog]);
        }
    }

    /// Deliveries in hand are answered, the requests in flight end, the leases are given back.
    async fn stop(self) -> Result<(), Problem> {
        self.stop.send_replace(true);
        let engines: Vec<_> = self
            .loops
            .into_iter()
            .filter_map(|one| one.engine)
            .collect();
        engines.iter().for_each(engine::Handle::ask_to_stop);
        let ended = tokio::task::spawn_blocking(move || {
            let ends = engines.into_iter().map(engine::Handle::stop);
            ends.collect::<Vec<_>>()
        });
        let ended = ended.await;
        // A client that keeps its connection open does not keep the service.
        self.server.abort();
        for end in ended.context("the engines could not be stopped")? {
            match end {
                // It was on the way out already; the error rows say why.
                Ok(()) | Err(EngineError::Remote(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// What happened, without a word of a side: those may hold a customer's values, and stand among the errors.
fn tell(workspace: &str, event: Event) {
    match event {
        Event::Lease { ours: true } => tracing::info!(workspace, "this process runs the loop now"),
        Event::Lease { ours: false } => {
            tracing::info!(
                workspace,
                "another process runs the loop; waiting to take over"
            );
        }
        Event::PassFailed { unauthorised, .. } => {
            tracing::warn!(
                workspace,
                unauthorised,
                "a pass ended early: `couplet errors list` says why"
            );
        }
        Event::Trouble { words } => tracing::error!(workspace, "{words}"),
        Event::Alert { .. } | Event::Barred { .. } | Event::Ended { .. } => {}
    }
}

/// A pass in numbers; an idle one only for who asks for more.
fn say(workspace: &str, pass: &PassSummary) {
    if pass.did_something() {
        tracing::info!(
            workspace,
            pass = pass.pass.0,
            duration_ms = pass.duration_ms,
            pulled_ghl = pass.pulled.ghl,
            pulled_growbots = pass.pulled.growbots,
            created = pass.created.ghl + pass.created.growbots,
            updated = pass.updated.ghl + pass.updated.growbots,
            deleted = pass.deleted.ghl + pass.deleted.growbots,
            conflicts = pass.conflicts_open,
            errors = pass.errors,
            "a pass ended"
        );
    } else {
        tracing::debug!(workspace, pass = pass.pass.0, "an idle pass ended");
    }
}
