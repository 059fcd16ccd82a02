//! `couplet config`: check, show, explain, init.

use serde_json::json;

use crate::config::{Config, ConfigError, Flags, Workspaces, key, nearest};
use crate::text;

use super::args;
use super::context::{Context, env};
use super::exit::{Exit, Problem};
use super::output::{Page, document, print};

/// Does what `couplet config …` asks for.
pub fn run(flags: &Flags, command: &args::Config) -> Result<Exit, Problem> {
    match command {
        args::Config::Check => check(flags),
        args::Config::Show(form) => show(&Config::load(flags, &env)?, form.json),
        args::Config::Explain { key } => {
            explain(&Workspaces::load(flags, &env)?.chosen_or_first()?, key)
        }
        args::Config::Keys { dashboard } => {
            let page = match dashboard {
                true => crate::tui::keymap::reference(),
                false => crate::config::reference(),
            };
            print(page.trim_end())?;
            Ok(Exit::Done)
        }
        args::Config::Init(args) => super::setup::run(flags, args),
    }
}

/// Checks the workspace that flag or environment name, or else all.
fn check(flags: &Flags) -> Result<Exit, Problem> {
    for context in Context::all(flags)? {
        let config = &context.config;
        config.sides()?;
        config.database()?;
        super::mapping::field_map(config)?;
        super::rules::rules(config)?;
        super::assemble::keymap(config)?;
        let from = config.file.as_ref().map_or_else(
            || "the environment alone".into(),
            |path| format!("`{}` and the environment", path.display()),
        );
        print(&format!(
            "ok: workspace `{}` is set up by {from}",
            config.workspace()
        ))?;
    }
    Ok(Exit::Done)
}

fn show(config: &Config, as_json: bool) -> Result<Exit, Problem> {
    if as_json {
        let rows = config.all().map(|(key, setting)| {
            json!({
                "key": key.name,
                "value": Config::shown(key, setting),
                "from": setting.from.to_string(),
            })
        });
        document(&rows.collect())?;
        return Ok(Exit::Done);
    }
    for (key, setting) in config.all() {
        let value = Config::shown(key, setting).unwrap_or_else(|| "-".into());
        print(&format!(
            "{:<16}{}  {}",
            key.name,
            text::fit(&text::clean(&value), 44),
            setting.from
        ))?;
    }
    Ok(Exit::Done)
}

fn explain(config: &Config, name: &str) -> Result<Exit, Problem> {
    let Some(key) = key(name) else {
        return Err(ConfigError::NoSuchKey {
            key: name.into(),
            nearest: nearest(name),
        }
        .into());
    };
    let mut page = Page::default();
    page.line(key.name);
    page.line(key.help);
    let ways = [
        key.env.map(|env| format!("  environment  {env}")),
        key.flag.map(|flag| format!("  flag         {flag}")),
        key.default.map(|text| format!("  default      {text}")),
    ];
    ways.into_iter().flatten().for_each(|way| page.line(way));
    if let Some((_, setting)) = config.all().find(|(one, _)| one.name == name) {
        let value = Config::shown(key, setting).unwrap_or_else(|| "not set".into());
        let value = text::clean(&value);
        page.line(format!("  now          {value} ({})", setting.from));
    }
    page.print()?;
    Ok(Exit::Done)
}
