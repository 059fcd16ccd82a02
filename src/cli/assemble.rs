//! Where the layers are joined: connectors over HTTP, with the store's slots and the rules of `merge`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use http::{HeaderName, HeaderValue};

use crate::clock::Clock;
use crate::config::{Config, KeySettings, SideSettings};
use crate::engine::{Engine, EngineError, LeaseGate, Parts};
use crate::merge::{FieldMap, normalise};
use crate::model::{BySide, FieldName, Holder, Kind, Record, Rule, Side, Value};
use crate::remote::{
    self, Auth, ClientSecret, Connector, Dialect, Flow, Ghl, Growbots, HttpTransport, OAuth, Sign,
    Source,
};
use crate::store::{Reader, SqliteSlots, StoreError, Writer};
use crate::tui::{self, ThemeChoice, book::Book, keymap::Keymap};

use super::context::Context;
use super::exit::Problem;

/// How long an answer may take: the lease counts on it.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What a workspace keeps of its database in memory, however many there are.
const LEAST_PAGES_KIB: u32 = 1024;

/// All that an engine needs but its writing connection, which is opened on the engine's thread.
pub struct Ready {
    database: PathBuf,
    sides: BySide<Arc<dyn Connector>>,
    clock: Clock,
    us: Holder,
    gate: LeaseGate,
    poll: Duration,
    map: FieldMap,
    rules: Vec<Rule>,
    keep_days: u32,
    /// KiB of the file that stay in memory, where that is not what the store takes by itself.
    pages_kib: Option<u32>,
}

impl Ready {
    /// Reads how to reach both sides; a setting that is missing is a usage problem.
    pub fn new(context: &Context) -> Result<Self, Problem> {
        let gate = LeaseGate::new(context.clock.clone());
        Ok(Self {
            sides: connectors(context, &gate)?,
            database: context.config.database()?,
            clock: context.clock.clone(),
            us: context.us(),
            poll: Duration::from_secs(context.config.poll_seconds()),
            map: super::mapping::field_map(&context.config)?,
            rules: super::rules::rules(&context.config)?,
            keep_days: context.config.keep_days(),
            pages_kib: None,
            gate,
        })
    }

    /// The same for one of so many workspaces of a process, which share what one alone takes for pages twice over.
    pub fn among(mut self, workspaces: usize) -> Self {
        const SHARED_KIB: u32 = 16 * 1024;
        let workspaces = u32::try_from(workspaces).unwrap_or(u32::MAX).max(1);
        if workspaces > 2 {
            self.pages_kib = Some((SHARED_KIB / workspaces).max(LEAST_PAGES_KIB));
        }
        self
    }

    /// The same with this pause between passes.
    pub const fn every(mut self, poll: Duration) -> Self {
        self.poll = poll;
        self
    }

    /// Opens the database; call it on the thread that keeps the engine.
    pub fn build(self) -> Result<Parts, EngineError> {
        let writer = Writer::open(&self.database, &self.clock)?;
        Ok(self.with(writer)?)
    }

    /// The same for a loop: while another program has the database in its hands (a process that was stopped in the
    /// middle of a write keeps its lock) it tries again, each time for as long as a lock is waited for, and tells
    /// once.
    pub fn build_in_time(self, tell: &dyn Fn(&str)) -> Result<Parts, EngineError> {
        let mut told = false;
        loop {
            match Writer::open(&self.database, &self.clock) {
                Err(error) if error.is_busy() => {
                    if !told {
                        tell("another program has the database in its hands; waiting for it");
                    }
                    told = true;
                }
                opened => return Ok(self.with(opened?)?),
            }
        }
    }

    fn with(self, writer: Writer) -> Result<Parts, StoreError> {
        if let Some(kib) = self.pages_kib {
            writer.keep_pages(kib)?;
        }
        Ok(Parts {
            writer,
            sides: self.sides,
            clock: self.clock,
            us: self.us,
            gate: self.gate,
            poll: self.poll,
            map: self.map,
            rules: self.rules,
            keep_days: self.keep_days,
        })
    }

    /// An engine on this thread.
    pub fn engine(self) -> Result<Engine, Problem> {
        Ok(Engine::new(self.build()?)?)
    }

    /// The same for a loop, which waits for the database.
    pub fn engine_in_time(self) -> Result<Engine, Problem> {
        Ok(Engine::new(self.build_in_time(&super::output::note)?)?)
    }
}

/// Both sides over HTTP. Writes go only while `gate` is open.
pub fn connectors(
    context: &Context,
    gate: &LeaseGate,
) -> Result<BySide<Arc<dyn Connector>>, Problem> {
    let BySide { ghl, growbots } = context.config.sides()?;
    let gate = gate.clone();
    let parts = parts(context, Arc::new(move || gate.is_open()))?;
    Ok(BySide {
        ghl: Arc::new(Ghl::new(settings(context, ghl)?, of_ghl(parts.clone()))),
        growbots: Arc::new(speaking(context, growbots, parts)?),
    })
}

/// One side over HTTP, to be asked who it is; nothing is written to it.
pub fn connector(context: &Context, side: Side) -> Result<Arc<dyn Connector>, Problem> {
    let reached = context.config.side(side)?;
    let parts = parts(context, Arc::new(|| false))?;
    Ok(match side {
        Side::Ghl => Arc::new(Ghl::new(settings(context, reached)?, of_ghl(parts))),
        Side::Growbots => Arc::new(speaking(context, reached, parts)?),
    })
}

/// GHL over HTTP, for an operator who writes without the lease: what is written is no part of the sync.
pub fn ghl(context: &Context) -> Result<Ghl, Problem> {
    let side = context.config.sides()?.ghl;
    Ok(Ghl::new(
        settings(context, side)?,
        of_ghl(parts(context, Arc::new(|| true))?),
    ))
}

/// What every connector of this process works with.
pub fn parts(context: &Context, gate: remote::Gate) -> Result<remote::Parts, Problem> {
    Ok(remote::Parts {
        transport: Arc::new(HttpTransport::new(TIMEOUT).context("HTTPS cannot be used")?),
        clock: context.clock.clone(),
        slots: Arc::new(
            SqliteSlots::open(&context.config.slots()?).map_err(remote::RemoteError::from)?,
        ),
        normalise: Arc::new(normalise::record),
        gate,
    })
}

/// Growbots, or a server near its contract.
fn speaking(
    context: &Context,
    side: SideSettings,
    parts: remote::Parts,
) -> Result<Growbots, Problem> {
    let own = context.config.growbots();
    let usage = |why: String| {
        let hint = "`couplet config explain growbots.wire` shows the form";
        Problem::usage(format!("`[growbots]` in the settings: {why}"), hint)
    };
    let dialect = Dialect {
        prefix: own.api_prefix,
        page_rows: own.page_size,
        batch_rows: own.batch_size,
        user_agent: own.user_agent.and_then(|agent| agent.parse().ok()),
        capabilities: own.capabilities,
        paths: own.paths,
        wire: own.wire,
        status_tags: own.status_tags,
    };
    dialect.check().map_err(|why| usage(why.to_string()))?;
    let settings = remote::Settings {
        timeout: own.timeout,
        ..settings(context, side)?
    };
    Ok(Growbots::speaking(dialect, settings, parts))
}

fn of_ghl(parts: remote::Parts) -> remote::Parts {
    remote::Parts {
        normalise: Arc::new(canonical_of_ghl),
        ..parts
    }
}

/// Notes and appointments written in GHL's web app hold HTML; everywhere else they are plain text.
fn canonical_of_ghl(kind: Kind, country: &str, mut record: Record) -> Record {
    if matches!(kind, Kind::Note | Kind::Appointment) {
        for field in [FieldName::Body, FieldName::Description] {
            let plain = Value::text(normalise::html_to_text(record.text(&field)));
            record.set(field, plain);
        }
    }
    normalise::record(kind, country, record)
}

fn settings(context: &Context, side: SideSettings) -> Result<remote::Settings, Problem> {
    let auth = auth(context, &side)?;
    Ok(with_key(side, auth))
}

/// The key of a side, from wherever the settings say.
pub fn auth(context: &Context, side: &SideSettings) -> Result<Auth, Problem> {
    let sources = sources(context, side)?;
    Ok(Auth::new(sign(&side.key)?, sources, context.clock.clone()))
}

/// How to reach a side with this key.
pub fn with_key(side: SideSettings, auth: Auth) -> remote::Settings {
    remote::Settings {
        base_url: side.url,
        auth,
        location: side.location,
        timeout: TIMEOUT,
    }
}

/// How a side wants its key sent.
pub fn sign(key: &KeySettings) -> Result<Sign, Problem> {
    let name = |text: &str| HeaderName::from_bytes(text.as_bytes()).map_err(anyhow::Error::from);
    let account = key.account.as_ref().map(|(header, id)| {
        let id = HeaderValue::from_str(id).map_err(anyhow::Error::from);
        Ok::<_, anyhow::Error>((name(header)?, id?))
    });
    Ok(Sign {
        header: name(&key.header)?,
        scheme: key.scheme.clone(),
        account: account.transpose()?,
    })
}

/// Where a side's key is looked for: environment, command, secrets file.
fn sources(context: &Context, side: &SideSettings) -> Result<Vec<Source>, Problem> {
    let KeySettings { given, command, .. } = &side.key;
    let mut sources = Vec::new();
    sources.extend(given.clone().map(Source::Given));
    sources.extend(command.clone().map(Source::Command));
    sources.push(Source::File(
        context.config.secrets()?,
        client(side).map(Box::new),
    ));
    Ok(sources)
}

/// The OAuth 2 client of a side, where the settings name one.
pub fn client(side: &SideSettings) -> Option<OAuth> {
    let client = side.key.client.clone()?;
    Some(OAuth {
        flow: if client.by_itself {
            Flow::ClientCredentials
        } else {
            Flow::Code
        },
        client_id: client.id,
        client_secret: ClientSecret {
            given: client.secret,
            command: client.secret_command,
        },
        authorize_url: client.authorize_url,
        token_url: client.token_url,
        redirect_uri: client.redirect_uri,
        scopes: client.scopes,
        user_type: client.user_type,
        location: client
            .location_token_url
            .map(|url| (url, side.location.clone())),
    })
}

/// The field map and the rules as the dashboard shows them, with what is known of the location.
fn book(context: &Context) -> Result<Book, Problem> {
    let mut book = Book {
        map: super::mapping::field_map(&context.config)?,
        rules: super::rules::rules(&context.config)?,
        zone: context.config.zone(),
    };
    // A workspace that never ran has no database.
    if let Ok(reader) = context.reader() {
        book.map = super::mapping::resolved_map(&context.config, &reader)?;
        let setup = super::mapping::location(&reader)?;
        let zone = setup.and_then(|setup| jiff::tz::TimeZone::get(&setup.time_zone).ok());
        book.zone = zone.unwrap_or(book.zone);
    }
    Ok(book)
}

/// The editor that the dashboard may open, or why it may not.
fn editor(context: &Context) -> Result<String, &'static str> {
    if context.config.is_viewer() {
        return Err("a viewer changes nothing");
    }
    if context.config.is_without_shell() {
        return Err("`no_shell` in the settings lets no other program start here");
    }
    let set = |name: &str| std::env::var(name).ok().filter(|it| !it.trim().is_empty());
    let editor = set("VISUAL").or_else(|| set("EDITOR"));
    editor.ok_or("EDITOR is not set in your environment")
}

/// The keys of the dashboard.
pub fn keymap(config: &Config) -> Result<Keymap, Problem> {
    Keymap::with(config.bindings()).map_err(|bad| {
        Problem::usage(
            format!("the keys of the dashboard cannot be used\n{bad}"),
            "`docs/keys.md`, or `couplet config keys --dashboard`, lists commands and keys",
        )
    })
}

/// The theme that the settings name.
pub fn theme(config: &Config) -> ThemeChoice {
    match config.theme() {
        "dark" => ThemeChoice::Dark,
        "light" => ThemeChoice::Light,
        "contrast" => ThemeChoice::Contrast,
        "mono" => ThemeChoice::Mono,
        _ => ThemeChoice::Auto,
    }
}

/// What the dashboard must know of a workspace.
pub fn dashboard(context: &Context, demo: bool) -> Result<tui::Settings, Problem> {
    let theme = theme(&context.config);
    // Read here, so that a map that is none is said before the screen opens.
    let book = book(context)?;
    let (map, config) = (book.map.clone(), context.config.clone());
    Ok(tui::Settings {
        keymap: keymap(&context.config)?,
        book,
        workspace: context.config.workspace().to_owned(),
        operator: context.config.operator().to_owned(),
        database: context.config.database()?,
        clock: context.clock.clone(),
        zone: context.config.zone(),
        theme,
        ascii: context.config.is_ascii(),
        map: tui::MapSource(Arc::new(move |reader: &Reader| {
            super::mapping::resolved_map(&config, reader).unwrap_or_else(|_| map.clone())
        })),
        demo,
        looks_only: context
            .config
            .is_viewer()
            .then_some("a viewer looks and changes nothing"),
        // What the demo makes up has no page.
        pages: if demo {
            BySide::default()
        } else {
            context.config.pages()
        },
        editor: editor(context),
        state: context.config.state_file().filter(|_| !demo),
    })
}
