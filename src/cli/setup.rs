//! `couplet config init`: asks, tries each answer, writes the file, and ends with a dry run.

use std::collections::BTreeMap;
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::PathBuf;

use crate::clock::Clock;
use crate::config::{self, Config, Flags, default_file, key};
use crate::merge::FieldMap;
use crate::model::{Kind, Lane, Op, PassSummary, Side};
use crate::remote::{CustomField, Setup};
use crate::secrets::{Kept, Secret};
use crate::text;

use super::args::Init;
use super::assemble::{self, Ready};
use super::context::{Context, env};
use super::exit::{Exit, Problem};
use super::output::{Page, note, print};
use super::plan::costs;
use super::progress::Progress;
use super::{auth, map, stop};

/// How long a side may take to answer.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(15);

/// The settings that are asked for: key of the settings, and the variable that carries the answer.
const ASKED: [(&str, &str); 3] = [
    ("ghl.url", "COUPLET_GHL_URL"),
    ("ghl.location", "COUPLET_GHL_LOCATION"),
    ("growbots.url", "COUPLET_GROWBOTS_URL"),
];

/// Does it. Without a terminal, or with `--no-questions`, it writes what flags and environment say.
pub fn run(flags: &Flags, args: &Init) -> Result<Exit, Problem> {
    let path = path(flags)?;
    if path.exists() {
        return Err(config::ConfigError::Exists { path }.into());
    }
    let mut answers = Answers::given(flags, args)?;
    let asks = !args.no_questions && std::io::stdin().is_terminal();
    let mut custom: Vec<String> = Vec::new();
    let mut keys = Vec::new();
    if asks {
        note(&format!(
            "Sets up `{}`. Enter takes what stands in [brackets]; Ctrl-C leaves all as it is.",
            path.display()
        ));
        let mut fields = Vec::new();
        for side in Side::BOTH {
            let setup = answers.until_it_works(side)?;
            introduce(side, &setup)?;
            fields.extend(map::offered(&FieldMap::default(), &setup));
        }
        custom = choose(fields)?;
        keys = answers.typed();
    } else if args.check {
        for side in Side::BOTH {
            introduce(side, &answers.try_side(side)?)?;
        }
    }
    config::init(&path, &answers.settings(), &custom)?;
    print(&path.display().to_string())?;
    let flags = Flags {
        config: Some(path),
        ..flags.clone()
    };
    if !asks && !args.check {
        note(
            "written; put in what is missing, give the keys with `couplet auth login SIDE`, then run `couplet doctor`",
        );
        return Ok(Exit::Done);
    }
    let context = Context::load(&flags)?;
    keep(&context, &keys)?;
    preview(&context)
}

/// Where the file goes.
fn path(flags: &Flags) -> Result<PathBuf, Problem> {
    let named = flags.config.clone();
    match named.or_else(|| env("COUPLET_CONFIG").map(Into::into)) {
        Some(path) => Ok(path),
        None => Ok(default_file()?),
    }
}

/// What is known so far: by variable, as the environment would say it.
struct Answers {
    flags: Flags,
    by_variable: BTreeMap<&'static str, String>,
    /// Keys that were typed here, and so are to be kept.
    keys: BTreeMap<Side, Secret<String>>,
}

impl Answers {
    fn given(flags: &Flags, args: &Init) -> Result<Self, Problem> {
        let by_flag = [&args.ghl_url, &args.ghl_location, &args.growbots_url];
        let mut by_variable = BTreeMap::new();
        for ((name, variable), given) in ASKED.into_iter().zip(by_flag) {
            let Some(text) = given.clone().or_else(|| env(variable)) else {
                continue;
            };
            let text = tidied(name, &text);
            accepted(name, &text).map_err(|why| {
                Problem::usage(
                    format!("`{name}`: {why}"),
                    format!("`couplet config explain {name}` says what it can be"),
                )
            })?;
            by_variable.insert(variable, text);
        }
        Ok(Self {
            flags: Flags {
                config: None,
                ..flags.clone()
            },
            by_variable,
            keys: BTreeMap::new(),
        })
    }

    /// What the file is to say.
    fn settings(&self) -> Vec<(&'static str, &str)> {
        let set = ASKED
            .iter()
            .filter_map(|(name, variable)| Some((*name, self.by_variable.get(variable)?.as_str())));
        set.collect()
    }

    fn typed(&mut self) -> Vec<(Side, Secret<String>)> {
        std::mem::take(&mut self.keys).into_iter().collect()
    }

    /// Asks for all that a side needs, until it lets us in.
    fn until_it_works(&mut self, side: Side) -> Result<Setup, Problem> {
        loop {
            self.ask(side)?;
            match self.try_side(side) {
                Ok(setup) => return Ok(setup),
                Err(problem) => {
                    note(&format!("that does not work: {}", problem.message()));
                    if side == Side::Ghl {
                        note(
                            "check the address, the key, and that the key is one of this location",
                        );
                    }
                    self.keys.remove(&side);
                }
            }
        }
    }

    fn ask(&mut self, side: Side) -> Result<(), Problem> {
        match side {
            Side::Ghl => {
                let usual = key("ghl.url").map_or("", |key| key.example.trim_matches('"'));
                self.ask_for(0, "GHL: address of the API", Some(usual))?;
                self.ask_for(
                    1,
                    "GHL: location id, or the address of its page in the web app",
                    None,
                )?;
            }
            Side::Growbots => {
                self.ask_for(2, "Growbots: address of the adapter (see README)", None)?;
            }
        }
        let variable = variable_of_key(side);
        if env(variable).is_some() {
            note(&format!("{side}: the key comes from `{variable}`"));
        } else {
            let what = match side {
                Side::Ghl => "private integration token",
                Side::Growbots => "key",
            };
            let typed = auth::prompt_key(&format!("{side}: {what} (not shown): "))?;
            self.keys.insert(side, typed);
        }
        Ok(())
    }

    fn ask_for(&mut self, at: usize, words: &str, usual: Option<&str>) -> Result<(), Problem> {
        let (name, variable) = ASKED[at];
        let known = self.by_variable.get(variable).cloned();
        let before = known.or_else(|| usual.map(str::to_owned));
        loop {
            let text = tidied(name, &question(words, before.as_deref())?);
            match accepted(name, &text) {
                Ok(()) => {
                    self.by_variable.insert(variable, text);
                    return Ok(());
                }
                Err(why) => note(&why),
            }
        }
    }

    /// Whether a side takes what was said. Cost: 2 or 3 requests.
    fn try_side(&self, side: Side) -> Result<Setup, Problem> {
        let said = |name: &str| {
            let typed = Side::BOTH
                .into_iter()
                .find(|side| variable_of_key(*side) == name)
                .and_then(|side| self.keys.get(&side))
                .map(|key| key.expose().clone());
            typed
                .or_else(|| self.by_variable.get(name).cloned())
                .or_else(|| env(name))
        };
        // The file in the usual place, should there be one, is not this workspace's.
        let context = Context {
            config: Config::from_environment(&self.flags, &said)?,
            clock: Clock::system(),
        };
        let connector = assemble::connector(&context, side)?;
        stop::runtime()?.block_on(async {
            let setup = tokio::time::timeout(PATIENCE, connector.setup(Lane::Operator)).await;
            Ok(setup.map_err(|_| {
                Problem::failed(
                    format!("{side} does not answer within {} s", PATIENCE.as_secs()),
                    "check the address and the network",
                )
            })??)
        })
    }
}

const fn variable_of_key(side: Side) -> &'static str {
    match side {
        Side::Ghl => "COUPLET_GHL_TOKEN",
        Side::Growbots => "COUPLET_GROWBOTS_TOKEN",
    }
}

/// The id in the address of a location's page: `…/location/ID/…`. Addresses without the slash at their end.
fn tidied(name: &str, text: &str) -> String {
    let text = text.trim();
    if name != "ghl.location" {
        return text.trim_end_matches('/').to_owned();
    }
    let after = text
        .split_once("/location/")
        .map_or(text, |(_, after)| after);
    after
        .split(['/', '?', '#'])
        .next()
        .unwrap_or(after)
        .to_owned()
}

fn accepted(name: &str, text: &str) -> Result<(), String> {
    key(name).map_or(Ok(()), |key| key.accepts(text))
}

fn question(words: &str, usual: Option<&str>) -> Result<String, Problem> {
    let stopped = || {
        Problem::usage(
            "nothing more was answered, so nothing was written",
            "`couplet config init` asks again",
        )
    };
    let usual = usual.filter(|usual| !usual.is_empty());
    let shown = usual.map_or(String::new(), |usual| format!(" [{usual}]"));
    let mut to = std::io::stderr().lock();
    write!(to, "{words}{shown}: ")
        .and_then(|()| to.flush())
        .map_err(|_| stopped())?;
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    if !matches!(read, Ok(1..)) {
        return Err(stopped());
    }
    match (line.trim(), usual) {
        ("", Some(usual)) => Ok(usual.to_owned()),
        (text, _) => Ok(text.to_owned()),
    }
}

/// Says who answered.
fn introduce(side: Side, setup: &Setup) -> Result<(), Problem> {
    let more = match side {
        Side::Ghl => format!(
            "{}, {}, {} custom fields",
            setup.country,
            setup.time_zone,
            setup.custom_fields.len()
        ),
        Side::Growbots => format!("can: {}", setup.capabilities.join(", ")),
    };
    print(&format!(
        "ok: {side} is `{}` ({}), {} users",
        text::clean(&setup.name),
        text::clean(more.trim_start_matches(", ")),
        setup.users.len()
    ))
}

/// Which custom fields of GHL are to be kept in step.
fn choose(fields: Vec<CustomField>) -> Result<Vec<String>, Problem> {
    if fields.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<_> = fields
        .iter()
        .map(|field| text::clean(&field.name).into_owned())
        .collect();
    note(&format!("GHL has custom fields: {}", names.join(", ")));
    let words = "Keep them in step with custom fields of Growbots, under the same keys? y or n";
    let yes = loop {
        match question(words, Some("n"))?.to_lowercase().as_str() {
            "y" | "yes" => break true,
            "n" | "no" => break false,
            _ => note("say `y` or `n`"),
        }
    };
    if !yes {
        return Ok(Vec::new());
    }
    Ok(fields.into_iter().map(|field| field.key).collect())
}

/// Keeps the keys that were typed, which both sides have taken.
fn keep(context: &Context, keys: &[(Side, Secret<String>)]) -> Result<(), Problem> {
    if keys.is_empty() {
        return Ok(());
    }
    let file = context.config.secrets()?;
    stop::runtime()?.block_on(async {
        let lock = file.lock().await?;
        for (side, key) in keys {
            let kept = Kept::Key {
                key: key.clone(),
                since_ms: context.clock.now().0,
            };
            file.put(&lock, side.name(), Some(&kept))?;
        }
        Ok::<_, Problem>(())
    })?;
    note(&format!("the keys are kept in `{}`", file.path().display()));
    Ok(())
}

/// What the first pass would do.
fn preview(context: &Context) -> Result<Exit, Problem> {
    note("a dry run: reads both sides, writes to neither");
    let mut engine = Ready::new(context)?.engine()?;
    let progress = Progress::start(context)?;
    let pass = stop::runtime()?.block_on(async {
        tokio::select! {
            pass = engine.dry_run(crate::engine::Once::default()) => Ok(pass?),
            told = stop::asked() => {
                told?;
                Err(Problem::failed(
                    "the dry run was stopped; the file and the keys are in place",
                    "`couplet sync --once --dry-run` looks again",
                ))
            }
        }
    });
    progress.end();
    let mut page = Page::default();
    for line in first_sync(&pass?) {
        page.line(line);
    }
    page.gap();
    page.line("next: `couplet` opens the dashboard");
    page.line("      `couplet sync --start` says yes to this plan");
    page.print()?;
    Ok(Exit::Done)
}

/// A plan in a few lines: what, where, cost, time.
fn first_sync(pass: &PassSummary) -> Vec<String> {
    let mut lines = vec![format!(
        "read {} records of GHL and {} of Growbots",
        text::thousands(pass.pulled.ghl),
        text::thousands(pass.pulled.growbots)
    )];
    let Some(plan) = &pass.dry else { return lines };
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for write in &plan.writes {
        let what = format!("{} in {}", doing(write.op, write.kind), write.side);
        *counts.entry(what).or_default() += 1;
    }
    lines.push("the first sync would:".into());
    lines.extend(
        counts
            .into_iter()
            .map(|(what, n)| format!("  {:>7}  {what}", text::thousands(n))),
    );
    if plan.writes.is_empty() {
        lines.push("  write nothing: both sides are alike".into());
    }
    if pass.conflicts_open > 0 {
        lines.push(format!(
            "  {:>7}  conflicts wait for you",
            text::thousands(pass.conflicts_open)
        ));
    }
    lines.push(costs(&plan.cost));
    lines
}

fn doing(op: Op, kind: Kind) -> String {
    let records = match kind {
        Kind::Business => "businesses".to_owned(),
        kind => format!("{kind}s"),
    };
    match op {
        Op::Stamp => format!("link {records} (GHL's id is noted)"),
        op => format!("{} {records}", op.name()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_an_id_or_the_address_of_its_page() {
        for (said, id) in [
            ("ve9EPM428h8vShlRW1KT", "ve9EPM428h8vShlRW1KT"),
            (" ve9EPM428h8vShlRW1KT\n", "ve9EPM428h8vShlRW1KT"),
            (
                "https://app.gohighlevel.com/v2/location/ve9E/dashboard",
                "ve9E",
            ),
            ("https://app.gohighlevel.com/v2/location/ve9E?x=1", "ve9E"),
        ] {
            assert_eq!(tidied("ghl.location", said), id, "{said}");
        }
        assert_eq!(
            tidied("ghl.url", "https://a.example/x/ "),
            "https://a.example/x"
        );
    }
}
