//! `couplet rules`: the automation rules, how often each acted, and what one would do.

mod test;

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::config::{Config, ConfigError, MapValue, RuleTable};
use crate::merge::automation::{RuleRow, configure};
use crate::model::{Rule, RuleCount, default_rules};

use super::args;
use super::context::Context;
use super::exit::{Exit, Problem};
use super::mapping::wrong;
use super::moment::shown;
use super::output::{Column, Rows};

const COLUMNS: &[Column] = &[
    ("RULE", 22),
    ("ON", 3),
    ("ACTED", 5),
    ("LAST", 16),
    ("WAITS", 5),
    ("HELD", 4),
    ("FAILED", 6),
    ("WHAT", 0),
];

/// The rules that the settings ask for; those that are off are in it too. The first that is wrong is named with file
/// and line.
pub fn rules(config: &Config) -> Result<Vec<Rule>, ConfigError> {
    let mut rules = default_rules();
    for rule in &mut rules {
        rule.on = config.has_default_rules();
    }
    for table in config.rule_tables() {
        configure_one(&mut rules, table)?;
    }
    for rule in &mut rules {
        rule.per_hour = config.rules_per_hour();
    }
    Ok(rules)
}

fn configure_one(rules: &mut Vec<Rule>, table: &RuleTable) -> Result<(), ConfigError> {
    let origin = table.from.to_string();
    let row = RuleRow {
        values: pairs(&table.values),
        then: table
            .then
            .as_ref()
            .map(|then| then.iter().map(|step| pairs(step)).collect()),
        origin: &origin,
    };
    configure(rules, &row).map_err(|error| {
        let steps = table.then.iter().flatten().flatten();
        let values = table.values.iter().chain(steps);
        let at = (&table.from, format!("`rules.rule` `{}`", table.name()));
        wrong(at, values, error.key(), &error, error.hint())
    })
}

fn pairs(values: &[MapValue]) -> Vec<(&str, &str)> {
    let pairs = values.iter().map(|value| (&*value.key, &*value.text));
    pairs.collect()
}

/// Does what `couplet rules …` asks for.
pub fn run(context: &Context, command: &args::Rules) -> Result<Exit, Problem> {
    match command {
        args::Rules::List(listing) => list(context, listing),
        args::Rules::Test {
            rule,
            record,
            call,
            form,
        } => test::run(context, rule, record, call, form.json),
    }
}

fn list(context: &Context, listing: &args::Listing) -> Result<Exit, Problem> {
    let counts = if context.config.database()?.exists() {
        context.reader()?.rule_counts()?
    } else {
        BTreeMap::new()
    };
    let zone = context.config.zone();
    let mut rows = Rows::new(listing, COLUMNS, &context.clock)?;
    for rule in rules(&context.config)? {
        let count = counts.get(&rule.name).cloned().unwrap_or_default();
        rows.offer(
            || Ok(row(&rule, &count)),
            || {
                vec![
                    rule.name.clone(),
                    if rule.on { "on" } else { "off" }.into(),
                    count.fired.to_string(),
                    shown(count.last, &zone),
                    count.waiting.to_string(),
                    count.held.to_string(),
                    count.failed.to_string(),
                    what(&rule),
                ]
            },
        )?;
    }
    rows.end()?;
    Ok(Exit::Done)
}

/// What it waits for and does, in one line.
fn what(rule: &Rule) -> String {
    let steps: Vec<String> = rule.then.iter().map(ToString::to_string).collect();
    let filter = if rule.filter.is_empty() {
        String::new()
    } else {
        format!(" if {}", rule.filter)
    };
    format!("{}{filter}: {}", rule.when.name(), steps.join("; "))
}

fn row(rule: &Rule, count: &RuleCount) -> Json {
    let then: Vec<String> = rule.then.iter().map(ToString::to_string).collect();
    json!({
        "name": rule.name,
        "when": rule.when.name(),
        "filter": rule.filter.to_string(),
        "then": then,
        "on": rule.on,
        "per_hour": rule.per_hour,
        "fired": count.fired,
        "last": count.last.map(|at| at.to_string()),
        "waiting": count.waiting,
        "held": count.held,
        "failed": count.failed,
        "origin": rule.origin,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::mapping::field_map;
    use crate::cli::mapping::tests::config;
    use crate::merge::FieldMap;

    #[test]
    fn the_example_of_the_docs_has_a_rule() {
        let config = config(include_str!("../../docs/mapping.example.toml"));
        let rules = rules(&config).unwrap();
        assert_eq!(rules.len(), default_rules().len() + 1);
        assert!(rules.iter().all(|rule| rule.on && rule.per_hour == 100));
    }

    #[test]
    fn what_the_page_on_mapping_and_rules_shows_can_be_used() {
        let page = include_str!("../../docs/mapping.md");
        let shown: Vec<&str> = page.split("```toml").skip(1).collect();
        assert!(shown.len() >= 4, "{}", shown.len());
        for part in shown {
            let text = part.split("```").next().unwrap();
            let config = config(text);
            let map = field_map(&config).unwrap_or_else(|error| panic!("{error}: {text}"));
            let rules = rules(&config).unwrap_or_else(|error| panic!("{error}: {text}"));
            let changed = rules.iter().any(|rule| rule.origin != "default");
            assert!(changed || map != FieldMap::default(), "{text}");
        }
    }
}
