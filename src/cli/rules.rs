//! `couplet rules`: the automation rules, and how often each fired.

use serde_json::{Value as Json, json};

use crate::config::Config;
use crate::model::{Rule, RuleCount, default_rules};
use crate::text;

use super::args;
use super::context::Context;
use super::exit::{Exit, Problem};
use super::output::{Page, document};

/// The rules that the settings ask for; those that are off are in it too.
pub fn rules(config: &Config) -> Vec<Rule> {
    let mut rules = default_rules();
    for rule in &mut rules {
        rule.on = config.has_default_rules();
    }
    rules
}

/// Does what `couplet rules …` asks for.
pub fn run(context: &Context, command: &args::Rules) -> Result<Exit, Problem> {
    let args::Rules::List(form) = command;
    let counts = if context.config.database()?.exists() {
        context.reader()?.rule_counts()?
    } else {
        std::collections::BTreeMap::new()
    };
    let rules = rules(&context.config);
    let counted = rules
        .iter()
        .map(|rule| (rule, counts.get(&rule.name).cloned().unwrap_or_default()));
    if form.json {
        document(&counted.map(|(rule, count)| row(rule, &count)).collect())?;
        return Ok(Exit::Done);
    }
    let mut page = Page::default();
    for (rule, count) in counted {
        let state = if rule.on { "on" } else { "off" };
        page.line(format!(
            "{} {}  fired {}, last {}",
            text::fit(&rule.name, 24),
            text::fit(state, 3),
            count.fired,
            count
                .last
                .map_or_else(|| "never".into(), |at| at.to_string())
        ));
        page.line(format!("    when {} {}", rule.when.name(), rule.filter));
        for step in &rule.then {
            page.line(format!("    then {step}"));
        }
        for (n, what) in [
            (count.waiting, "wait for the lead"),
            (count.held, "held: it fires too often"),
            (count.failed, "failed: `couplet errors list` says why"),
        ] {
            if n > 0 {
                page.line(format!("    ! {n} {what}"));
            }
        }
    }
    page.print()?;
    Ok(Exit::Done)
}

fn row(rule: &Rule, count: &RuleCount) -> Json {
    let then: Vec<String> = rule.then.iter().map(ToString::to_string).collect();
    json!({
        "name": rule.name,
        "when": rule.when.name(),
        "filter": rule.filter.to_string(),
        "then": then,
        "on": rule.on,
        "fired": count.fired,
        "last": count.last.map(|at| at.to_string()),
        "waiting": count.waiting,
        "held": count.held,
        "failed": count.failed,
        "origin": rule.origin,
    })
}
