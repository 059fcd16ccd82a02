//! `couplet auth status`: which key each side has, where from, how old, and what it may do.

use serde_json::{Value, json};

use crate::cli::assemble;
use crate::cli::context::Context;
use crate::cli::exit::{Exit, Problem};
use crate::cli::output::{Page, document};
use crate::cli::stop;
use crate::model::{Millis, Side};
use crate::remote::{Access, Auth, Origin};
use crate::secrets::Kept;
use crate::text;

use super::access;

const DAY_MS: i64 = 86_400_000;

/// What is known of a side's key.
#[derive(Default)]
struct Found {
    kind: &'static str,
    source: Option<Origin>,
    tail: Option<String>,
    since: Option<Millis>,
    /// Whether the key changes only when somebody changes it.
    is_fixed: bool,
    ends_at: Option<Millis>,
    scopes_from: &'static str,
    access: Vec<Access>,
    problem: Option<Problem>,
}

/// Prints it; the exit code is that of the gravest problem.
pub fn show(context: &Context, only: Option<Side>, as_json: bool) -> Result<Exit, Problem> {
    let sides: Vec<Side> = Side::BOTH
        .into_iter()
        .filter(|side| only.is_none_or(|only| only == *side))
        .collect();
    let runtime = stop::runtime()?;
    let mut found = Vec::new();
    for side in sides {
        found.push((side, runtime.block_on(look(context, side))));
    }
    if as_json {
        let object = found
            .iter()
            .map(|(side, found)| (side.name().to_owned(), as_object(context, found)))
            .collect();
        document(&Value::Object(object))?;
    } else {
        let mut page = Page::default();
        for (number, (side, found)) in found.iter().enumerate() {
            if number > 0 {
                page.gap();
            }
            list(context, &mut page, *side, found);
        }
        page.print()?;
    }
    let exits = found
        .iter()
        .filter_map(|(_, found)| Some(found.problem.as_ref()?.exit));
    Ok(crate::cli::doctor::gravest(exits))
}

/// What the key of a side may not do, in one line each.
pub async fn missing(context: &Context, side: Side) -> Result<Vec<String>, Problem> {
    let found = look(context, side).await;
    match found.problem {
        Some(problem) => Err(problem),
        None => Ok(lacking(&found.access).collect()),
    }
}

async fn look(context: &Context, side: Side) -> Found {
    let mut found = Found::default();
    if let Err(problem) = look_into(context, side, &mut found).await {
        found.problem = Some(problem);
    }
    found
}

async fn look_into(context: &Context, side: Side, found: &mut Found) -> Result<(), Problem> {
    let settings = context.config.side(side)?;
    let kept = context.config.secrets()?.read(side.name())?;
    let is_first = settings.key.given.is_none() && settings.key.command.is_none();
    let told = match (&kept, is_first) {
        (Some(Kept::Grant(grant)), true) if !grant.scope.is_empty() => Some(grant.scope.clone()),
        _ => None,
    };
    found.scopes_from = match (side, &told) {
        (Side::Growbots, _) => "account",
        (Side::Ghl, Some(_)) => "sign-in",
        (Side::Ghl, None) => "trying each",
    };
    let auth: Auth = assemble::auth(context, &settings)?;
    let answer = access(context, side, settings, auth.clone(), told.as_deref()).await;
    if let Some((origin, tail)) = auth.shown() {
        found.source = Some(origin);
        found.tail = Some(tail);
    }
    // Read again: a renewal may just have changed it.
    let kept = context.config.secrets()?.read(side.name())?;
    describe(found, kept.as_ref());
    found.access = answer?;
    Ok(())
}

fn describe(found: &mut Found, kept: Option<&Kept>) {
    match (found.source, kept) {
        (Some(Origin::File) | None, Some(Kept::Grant(grant))) => {
            let held = grant.location.as_ref().unwrap_or(&grant.access);
            found.kind = match (&grant.refresh, &grant.company) {
                (None, _) => "client credentials",
                (Some(_), Some(_)) => "OAuth 2 sign-in of a company",
                (Some(_), None) => "OAuth 2 sign-in",
            };
            found.since = Some(Millis(grant.since_ms));
            found.ends_at = Some(Millis(held.ends_ms));
        }
        (Some(Origin::File) | None, Some(Kept::Key { since_ms, .. })) => {
            found.kind = "key";
            found.is_fixed = true;
            found.since = Some(Millis(*since_ms));
        }
        (Some(_), _) => {
            found.kind = "key";
            found.is_fixed = true;
        }
        (None, None) => {}
    }
}

const fn source(found: &Found) -> &'static str {
    match found.source {
        Some(Origin::Given) => "environment",
        Some(Origin::Command) => "token_command",
        Some(Origin::File) => "secrets file",
        None => "none",
    }
}

fn age_days(context: &Context, found: &Found) -> Option<i64> {
    let since = found.since?;
    Some(context.clock.now().since(since).max(0) / DAY_MS)
}

fn is_old(context: &Context, found: &Found) -> bool {
    let over = |days| days >= context.config.key_max_age_days();
    found.is_fixed && age_days(context, found).is_some_and(over)
}

fn state(found: &Found) -> &'static str {
    match &found.problem {
        None => "ok",
        Some(problem) if problem.exit == Exit::Unauthorised && found.tail.is_none() => "signed out",
        Some(problem) if problem.exit == Exit::Unauthorised => "refused",
        Some(problem) if problem.exit == Exit::Usage => "not set up",
        Some(_) => "not reached",
    }
}

fn as_object(context: &Context, found: &Found) -> Value {
    let features = found.access.iter().map(|(feature, held)| {
        json!({
            "feature": feature.name,
            "scope": feature.scope,
            "held": held,
            "without": feature.without,
        })
    });
    json!({
        "state": state(found),
        "said": found.problem.as_ref().map(|problem| text::clean(&problem.message()).into_owned()),
        "hint": found.problem.as_ref().and_then(Problem::hint),
        "kind": found.kind,
        "source": source(found),
        "key": found.tail,
        "since": found.since.map(|at| at.to_string()),
        "age_days": age_days(context, found),
        "old": is_old(context, found),
        "ends_at": found.ends_at.map(|at| at.to_string()),
        "scopes_from": found.scopes_from,
        "features": features.collect::<Vec<_>>(),
    })
}

fn list(context: &Context, page: &mut Page, side: Side, found: &Found) {
    page.line(format!("{side}: {}", state(found)));
    if let Some(problem) = &found.problem {
        page.line(format!("  {}", text::clean(&problem.message())));
        if let Some(hint) = problem.hint() {
            page.line(format!("  hint: {hint}"));
        }
    }
    if let Some(tail) = &found.tail {
        page.line(format!(
            "  {:<9}{tail}, a {} from the {}",
            "key",
            found.kind,
            source(found)
        ));
    }
    match age_days(context, found) {
        Some(days) if is_old(context, found) => page.line(format!(
            "  {:<9}{days} days; replace it: `couplet auth rotate {}`",
            "age",
            side.name()
        )),
        Some(days) => page.line(format!("  {:<9}{days} days", "age")),
        None if found.tail.is_some() => page.line(format!("  {:<9}not known here", "age")),
        None => {}
    }
    if let Some(ends) = found.ends_at {
        page.line(format!(
            "  {:<9}{ends}; renewed before that by itself",
            "ends"
        ));
    }
    for (feature, held) in &found.access {
        let mark = match held {
            Some(true) => "yes",
            Some(false) => "no",
            None => "?",
        };
        let without = match held {
            Some(true) => String::new(),
            Some(false) | None => format!("; without it, {}", feature.without),
        };
        page.line(format!(
            "  {mark:<9}{} (`{}`){without}",
            feature.name, feature.scope
        ));
    }
    if !found.access.is_empty() {
        page.line(format!("  {:<9}scopes found by {}", "", match found.scopes_from {
            "trying each" => "trying each (GHL lists those of a private integration nowhere); nothing was written",
            "account" => "what the account says",
            other => other,
        }));
    }
}

/// What these features lack, in one line each.
fn lacking(access: &[Access]) -> impl Iterator<Item = String> {
    access
        .iter()
        .filter(|(_, held)| *held == Some(false))
        .map(|(feature, _)| format!("`{}` is missing: {}", feature.scope, feature.without))
}

/// Says what the key may not do.
pub fn list_missing(page: &mut Page, access: &[Access]) {
    lacking(access).for_each(|line| page.line(line));
}
