//! `couplet config init`: asks, tries each answer, writes the file, and ends with a dry run.

mod custom;
mod first_plan;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use rustix::termios::tcgetwinsize;

use crate::clock::Clock;
use crate::config::{self, Config, CustomPair, Flags, Workspaces, default_file, key, variable_of};
use crate::merge::FieldMap;
use crate::model::{Lane, Side};
use crate::remote::{Connector, RemoteError, Setup};
use crate::secrets::{Kept, Secret};
use crate::text;
use crate::tui::widgets::help::wrap;

use super::args::Init;
use super::assemble;
use super::context::{Context, env};
use super::exit::{Exit, Problem};
use super::output::{self, print};
use super::{auth, map, stop};

/// How long a side may take to answer.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(15);

/// The settings that are asked for: key of the settings, and the variable that carries the answer.
const ASKED: [(&str, &str); 3] = [
    ("ghl.url", "COUPLET_GHL_URL"),
    ("ghl.location", "COUPLET_GHL_LOCATION"),
    ("growbots.url", "COUPLET_GROWBOTS_URL"),
];

/// Does it. Without a terminal, or with `--no-questions`, it writes what flags and environment say. A file that is there
/// gets the workspace that `--workspace` names.
pub fn run(flags: &Flags, args: &Init) -> Result<Exit, Problem> {
    let path = path(flags)?;
    let flags = &Flags {
        config: Some(path.clone()),
        ..flags.clone()
    };
    let adds = match &flags.workspace {
        _ if !path.exists() => None,
        Some(name) => Some(addable(flags, name)?),
        None => return Err(config::ConfigError::Exists { path }.into()),
    };
    let mut answers = Answers::given(flags, args, adds)?;
    let asks = !args.no_questions && std::io::stdin().is_terminal();
    let mut custom: Vec<CustomPair> = Vec::new();
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
        custom = custom::choose(&fields, &answers.keys_of_leads()?)?;
        keys = answers.typed();
    } else if args.check {
        for side in Side::BOTH {
            introduce(side, &answers.try_side(side)?)?;
        }
    }
    if let Some(name) = &answers.adds {
        config::add(&path, name, &answers.settings(), &custom)?;
    } else {
        let name = flags.workspace.as_deref().map(|name| ("workspace", name));
        let set: Vec<_> = name.into_iter().chain(answers.settings()).collect();
        config::init(&path, &set, &custom)?;
    }
    if asks {
        note("the settings are written, each with what it does; edit them as you like:");
    }
    print(&path.display().to_string())?;
    if !asks && !args.check {
        note(
            "written; put in what is missing, give the keys with `couplet auth login SIDE`, then run `couplet doctor`",
        );
        return Ok(Exit::Done);
    }
    let context = Context::load(flags)?;
    keep(&context, &keys)?;
    first_plan::preview(&context)
}

/// The name, where a workspace of this name can be put into the file that is there.
fn addable(flags: &Flags, name: &str) -> Result<String, Problem> {
    let others = Flags {
        workspace: None,
        ..flags.clone()
    };
    match Workspaces::load(&others, &|_| None)?.refuses(name) {
        None => Ok(name.to_owned()),
        Some(why) => Err(Problem::usage(
            why,
            "`couplet config show` lists what the file says; `couplet config init --workspace NAME` adds another",
        )),
    }
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
    /// The workspace that a file gets which is there; its variables end with its name.
    adds: Option<String>,
    by_variable: BTreeMap<&'static str, String>,
    /// Keys that were typed here, and so are to be kept.
    keys: BTreeMap<Side, Secret<String>>,
}

impl Answers {
    fn given(flags: &Flags, args: &Init, adds: Option<String>) -> Result<Self, Problem> {
        let mut answers = Self {
            flags: flags.clone(),
            adds,
            by_variable: BTreeMap::new(),
            keys: BTreeMap::new(),
        };
        let by_flag = [&args.ghl_url, &args.ghl_location, &args.growbots_url];
        for ((name, variable), given) in ASKED.into_iter().zip(by_flag) {
            let Some(text) = given.clone().or_else(|| env(&answers.variable(variable))) else {
                continue;
            };
            let text = tidied(name, &text);
            accepted(name, &text).map_err(|why| {
                Problem::usage(
                    format!("`{name}`: {why}"),
                    format!("`couplet config explain {name}` says what it can be"),
                )
            })?;
            answers.by_variable.insert(variable, text);
        }
        Ok(answers)
    }

    /// The variable that answers for this workspace.
    fn variable(&self, plain: &str) -> String {
        match &self.adds {
            Some(name) => variable_of(plain, name),
            None => plain.to_owned(),
        }
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
                self.ask_for(
                    2,
                    "Growbots: address of the server that gives its API to couplet (the adapter)",
                    None,
                )?;
            }
        }
        let variable = self.variable(variable_of_key(side));
        if env(&variable).is_some() {
            note(&format!("{side}: the key comes from `{variable}`"));
        } else {
            let what = match side {
                Side::Ghl => {
                    "private integration token, from Settings, Private Integrations of the location"
                }
                Side::Growbots => "key of the adapter",
            };
            let words = fitted(&format!("{side}: {what} (not shown):"), 0);
            let typed = auth::prompt_key(&format!("{words} "))?;
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
        let connector = self.connector(side)?;
        stop::runtime()?.block_on(within(side, connector.setup(Lane::Operator)))
    }

    /// The keys of custom fields that leads of Growbots have.
    fn keys_of_leads(&self) -> Result<BTreeSet<String>, Problem> {
        let side = Side::Growbots;
        let connector = self.connector(side)?;
        stop::runtime()?.block_on(within(side, custom::keys_of_leads(&*connector)))
    }

    /// A connector that says what was said.
    fn connector(&self, side: Side) -> Result<Arc<dyn Connector>, Problem> {
        let said = |name: &str| {
            let key = Side::BOTH
                .into_iter()
                .find(|side| variable_of_key(*side) == name);
            let typed = key.and_then(|side| self.keys.get(&side));
            let typed = typed.map(|key| key.expose().clone());
            let known = typed.or_else(|| self.by_variable.get(name).cloned());
            // What the environment says plainly is of the workspace that is there.
            let is_own = key.is_some() || ASKED.iter().any(|(_, variable)| *variable == name);
            known.or_else(|| {
                if is_own {
                    env(&self.variable(name))
                } else {
                    env(name)
                }
            })
        };
        // The file in the usual place, should there be one, is not this workspace's, unless it is put there.
        let config = match &self.adds {
            Some(name) => Workspaces::load(&self.flags, &said)?.beside(name)?,
            None => Config::from_environment(&self.flags, &said)?,
        };
        let context = Context {
            config,
            clock: Clock::system(),
        };
        assemble::connector(&context, side)
    }
}

/// What a side answers, in time.
async fn within<T>(
    side: Side,
    answer: impl Future<Output = Result<T, RemoteError>>,
) -> Result<T, Problem> {
    let answer = tokio::time::timeout(PATIENCE, answer).await;
    Ok(answer.map_err(|_| {
        Problem::failed(
            format!("{side} does not answer within {} s", PATIENCE.as_secs()),
            "check the address and the network",
        )
    })??)
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

/// Columns that are left after a question for what is typed.
const ANSWER: usize = 24;

/// Words in lines that the terminal has room for, so that none is broken, with `left` columns free; as they are where
/// there is no terminal.
fn fitted(words: &str, left: usize) -> String {
    let size = tcgetwinsize(std::io::stderr());
    match size.map_or(0, |size| usize::from(size.ws_col)) {
        columns if columns > left + 20 => wrap(words, columns - 1 - left).join("\n"),
        _ => words.to_owned(),
    }
}

fn note(words: &str) {
    output::note(&fitted(words, 0));
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
    write!(to, "{} ", fitted(&format!("{words}{shown}:"), ANSWER))
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
    print(&fitted(
        &format!(
            "ok: {side} is `{}` ({}), {} users",
            text::clean(&setup.name),
            text::clean(more.trim_start_matches(", ")),
            setup.users.len()
        ),
        0,
    ))
}

/// Asks until somebody says yes or no; enter is no.
fn yes(words: &str) -> Result<bool, Problem> {
    loop {
        match question(words, Some("n"))?.to_lowercase().as_str() {
            "y" | "yes" => return Ok(true),
            "n" | "no" => return Ok(false),
            _ => note("say `y` or `n`"),
        }
    }
}

/// Shows what the first pass would do, and asks whether it is to do it.
pub fn says_yes(context: &Context) -> Result<bool, Problem> {
    note("the first plan waits for your yes");
    first_plan::plan(context)?.print()?;
    yes("Carry it out, and open the dashboard? y or n")
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
