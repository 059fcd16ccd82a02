//! `couplet serve`: the loop as a service, with webhooks, health and metrics.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::config::Flags;
use crate::engine::port::Event;
use crate::engine::{self, EngineError, Watching};
use crate::model::PassSummary;
use crate::serve::{self, Face, GhlWebhooks, GrowbotsWebhooks, Inbox};

use super::alerts;
use super::args::Serve;
use super::assemble::Ready;
use super::context::Context;
use super::exit::{Exit, Problem};
use super::stop::{self, Signals, Told};
use super::sync::{not_yet, waits_for_yes};

/// Serves until SIGTERM or Ctrl-C; SIGHUP reads the settings again.
pub fn run(flags: &Flags, args: &Serve) -> Result<Exit, Problem> {
    let mut context = Context::load(flags)?;
    if !args.start && waits_for_yes(&context)? {
        return Err(not_yet(&context));
    }
    stop::runtime()?.block_on(async {
        let mut signals = Signals::new()?;
        let mut is_new = true;
        loop {
            let service = Service::start(&context, args).await?;
            tracing::info!("listening on http://{}", service.address);
            if is_new {
                tell_systemd(&[sd_notify::NotifyState::Ready]);
                is_new = false;
            }
            let next = loop {
                let told = tokio::select! {
                    told = signals.next() => told,
                    () = alive(&service) => {
                        return Err(Problem::failed(
                            "the sync loop ended by itself",
                            "the log says why; systemd starts couplet again",
                        ));
                    }
                };
                match told {
                    Told::Stop => break None,
                    Told::Reload => match checked(flags) {
                        Ok(context) => break Some(context),
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
                Some(next) => context = next,
            }
            tracing::info!("the settings were read again");
        }
    })
}

/// Settings that a service can start with.
fn checked(flags: &Flags) -> Result<Context, Problem> {
    let context = Context::load(flags)?;
    Ready::new(&context)?;
    face(&context, None)?;
    alerts::settings(&context)?;
    Ok(context)
}

/// Tells systemd's watchdog, twice in its time, that the loop's thread lives; ends when it does not. Where no watchdog
/// is set, looks every 30 s.
async fn alive(service: &Service) {
    let within = sd_notify::watchdog_enabled().unwrap_or(Duration::from_mins(1));
    loop {
        tokio::time::sleep(within / 2).await;
        if service.engine.is_finished() {
            return;
        }
        tell_systemd(&[sd_notify::NotifyState::Watchdog]);
    }
}

/// Nobody listens where systemd did not start us.
fn tell_systemd(state: &[sd_notify::NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "systemd was not told");
    }
}

/// Which webhooks are taken; `inbox` is `None` where only the keys are checked.
fn face(context: &Context, inbox: Option<Inbox>) -> Result<Option<Face>, Problem> {
    let config = &context.config;
    let sides = config.sides()?;
    let (key, takes_rsa) = config.ghl_webhooks();
    let rsa = takes_rsa.then_some(serve::VENDOR_RSA_KEY);
    let ghl = GhlWebhooks::new(key.unwrap_or(serve::VENDOR_KEY), rsa, &sides.ghl.location);
    let ghl = ghl.map_err(|error| {
        Problem::usage(
            format!("`ghl.webhook_key`: {error}"),
            "leave it unset for the key that GHL publishes",
        )
    })?;
    let secret = config.growbots_webhook_secret();
    let growbots = secret
        .map(|secret| GrowbotsWebhooks::new(secret.expose()))
        .transpose();
    let growbots = growbots.map_err(|error| {
        Problem::usage(
            format!("`COUPLET_GROWBOTS_WEBHOOK_SECRET`: {error}"),
            "it was shown once, when the webhook was made",
        )
    })?;
    let database = config.database()?;
    Ok(inbox.map(|inbox| Face {
        database,
        clock: context.clock.clone(),
        inbox,
        ghl: Some(ghl),
        growbots,
    }))
}

/// An engine on its thread, and the listener.
struct Service {
    engine: engine::Handle,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
    stop: watch::Sender<bool>,
    _alerts: Watching,
    address: SocketAddr,
}

impl Service {
    async fn start(context: &Context, args: &Serve) -> Result<Self, Problem> {
        let ready = Ready::new(context)?;
        context.prepare()?;
        let (inbox, _thread) = Inbox::open(context.config.database()?, context.clock.clone())?;
        let face = face(context, Some(inbox))?.context("a service has an inbox")?;
        let address = args.listen.unwrap_or_else(|| context.config.listen());
        let listener = TcpListener::bind(address).await.map_err(|error| {
            Problem::failed(
                format!("cannot listen on `{address}`: {error}"),
                "another service may have the port: choose one with `--listen` or `serve.listen`",
            )
        })?;
        let address = listener.local_addr()?;
        let watching = alerts::watch(context, |_| {})?;
        let (failed, ended) = (watching.poke(), watching.poke());
        let tell = move |event| {
            tell(event);
            failed();
        };
        let done = move |pass: &PassSummary| {
            say(pass);
            ended();
        };
        let engine = engine::spawn(move || ready.build_in_time(&|_| {}), tell, done)?;
        let (stop, mut stopped) = watch::channel(false);
        let until = async move {
            // Ends also when the sender is gone.
            drop(stopped.wait_for(|stop| *stop).await);
        };
        let server = axum::serve(listener, serve::router(face)).with_graceful_shutdown(until);
        Ok(Self {
            engine,
            server: tokio::spawn(async move { server.await }),
            stop,
            _alerts: watching,
            address,
        })
    }

    /// Deliveries in hand are answered, the request in flight ends, the lease is given back.
    async fn stop(self) -> Result<(), Problem> {
        self.stop.send_replace(true);
        let engine = self.engine;
        let ended = tokio::task::spawn_blocking(move || engine.stop()).await;
        // A client that keeps its connection open does not keep the service.
        self.server.abort();
        ended
            .context("the engine could not be stopped")?
            .or_else(|error| match error {
                // It was on the way out already; the error rows say why.
                EngineError::Remote(_) => Ok(()),
                error => Err(error.into()),
            })
    }
}

/// What happened, without a word of a side: those may hold a customer's values, and stand among the errors.
fn tell(event: Event) {
    match event {
        Event::Lease { ours: true } => tracing::info!("this process runs the loop now"),
        Event::Lease { ours: false } => {
            tracing::info!("another process runs the loop; waiting to take over");
        }
        Event::PassFailed { unauthorised, .. } => {
            tracing::warn!(
                unauthorised,
                "a pass ended early: `couplet errors list` says why"
            );
        }
        Event::Trouble { words } => tracing::error!("{words}"),
        Event::Alert { .. } | Event::Ended { .. } => {}
    }
}

/// A pass in numbers; an idle one only for who asks for more.
fn say(pass: &PassSummary) {
    if pass.did_something() {
        tracing::info!(
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
        tracing::debug!(pass = pass.pass.0, "an idle pass ended");
    }
}
