//! `couplet alerts`: what somebody was told of, and whether they can be told.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;

use crate::engine::port::Event;
use crate::engine::{Alerts as Settings, Quiet, Watch, Watching, notice, shown};
use crate::model::{Alert, AlertId, AlertState};
use crate::remote::{Channel, HttpTransport};

use super::args::{Alerts, Form, Listing};
use super::context::Context;
use super::exit::{Exit, Problem};
use super::moment;
use super::output::{Column, Page, Rows, document};
use super::stop;

const COLUMNS: &[Column] = &[
    ("ID", 6),
    ("STATE", 12),
    ("SINCE", 16),
    ("COUNT", 8),
    ("NAME", 20),
    ("TEXT", 0),
];
/// As long as a channel may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Does what `couplet alerts …` asks for.
pub fn run(context: &Context, command: &Alerts) -> Result<Exit, Problem> {
    match command {
        Alerts::List(listing) => list(context, listing),
        Alerts::Test(form) => test(context, *form),
        Alerts::Ack { ids, form } => acknowledge(context, ids, *form),
    }
}

fn list(context: &Context, listing: &Listing) -> Result<Exit, Problem> {
    let zone = context.config.zone();
    let mut rows = Rows::new(listing, COLUMNS, &context.clock)?;
    for alert in context.reader()?.alerts()? {
        rows.offer(
            || Ok(shown(&alert)),
            || {
                vec![
                    alert.id.to_string(),
                    alert.state.name().into(),
                    moment::shown(Some(alert.since), &zone),
                    alert.count.to_string(),
                    alert.name.clone(),
                    alert.text.clone(),
                ]
            },
        )?;
    }
    rows.end()?;
    Ok(Exit::Done)
}

fn test(context: &Context, form: Form) -> Result<Exit, Problem> {
    let settings = settings(context)?;
    if settings.channels.is_empty() {
        return Err(Problem::usage(
            "nobody would be told: there is neither a command nor a webhook",
            "set `alerts.command`, or `COUPLET_ALERTS_WEBHOOK` in the environment; `couplet config explain alerts.command`",
        ));
    }
    let now = context.clock.now();
    let alert = Alert {
        id: AlertId(0),
        name: "test".into(),
        state: AlertState::Open,
        since: now,
        count: 1,
        text: "this is a test: alerts arrive".into(),
    };
    let notice = notice(&settings.workspace, &[alert]);
    let mut failed = None;
    let (mut page, mut ends) = (Page::default(), Vec::new());
    for channel in &settings.channels {
        let ended = stop::runtime()?.block_on(channel.deliver(&notice));
        let name = channel.name();
        let why = ended
            .err()
            .map(|error| format!("{:#}", anyhow::Error::from(error)));
        page.line(format!("{name}: {}", why.as_deref().unwrap_or("delivered")));
        ends.push(serde_json::json!({"channel": name, "delivered": why.is_none(), "why": why}));
        failed = failed.or(why.map(|why| format!("{name}: {why}")));
    }
    if form.json {
        document(&ends.into())?;
    } else {
        page.print()?;
    }
    match failed {
        None => Ok(Exit::Done),
        Some(why) => Err(Problem::failed(
            format!("a test alert was not delivered: {why}"),
            "`couplet config show` says where alerts go",
        )),
    }
}

fn acknowledge(context: &Context, ids: &[AlertId], form: Form) -> Result<Exit, Problem> {
    // Refuses to make a database.
    context.reader()?;
    let mut writer = context.writer()?;
    for id in ids {
        if !writer.acknowledge(*id)? {
            return Err(Problem::failed(
                format!("no alert {id} holds"),
                "`couplet alerts list` shows them",
            ));
        }
    }
    let all = context.reader()?.alerts()?;
    let known = all.iter().filter(|alert| ids.contains(&alert.id));
    if form.json {
        document(&known.map(shown).collect())?;
    } else {
        let mut page = Page::default();
        known.for_each(|alert| page.line(format!("{} {} is acknowledged", alert.id, alert.name)));
        page.print()?;
    }
    Ok(Exit::Done)
}

/// When somebody is told, and how, as the settings say.
pub fn settings(context: &Context) -> Result<Settings, Problem> {
    let given = context.config.alerts();
    let mut channels: Vec<Channel> = given.command.map(Channel::Command).into_iter().collect();
    if let Some(url) = given.webhook {
        channels.push(Channel::Webhook {
            url,
            slack: given.slack,
            transport: Arc::new(HttpTransport::new(TIMEOUT).context("HTTPS cannot be used")?),
        });
    }
    Ok(Settings {
        workspace: context.config.workspace().to_owned(),
        rules: given.rules,
        channels,
        bell: given.bell,
        quiet: given.quiet.map(|(from, to)| Quiet {
            from,
            to,
            zone: context.config.zone(),
        }),
        settle_ms: given.settle_ms,
    })
}

/// Looks after each pass and from time to time, for as long as what it gives is kept. `tell` gets the place of the
/// workspace.
pub fn watch<'a>(
    contexts: impl IntoIterator<Item = &'a Context>,
    tell: impl Fn(usize, Event) + Send + Sync + 'static,
) -> Result<Watching, Problem> {
    let watches = contexts.into_iter().map(once);
    Ok(Watching::start(watches.collect::<Result<_, _>>()?, tell)?)
}

/// A watch for a command that runs one pass.
pub fn once(context: &Context) -> Result<Watch, Problem> {
    Ok(Watch::new(
        settings(context)?,
        context.config.database()?,
        context.clock.clone(),
    ))
}
