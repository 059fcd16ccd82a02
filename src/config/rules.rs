//! The `[[rules.rule]]` tables of the file, as written: what they mean is the rules'.

use std::path::Path;

use toml::de::{DeArray, DeTable, DeValue};

use super::{ConfigError, MapValue, Source};

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleTable {
    /// Where it stands.
    pub from: Source,
    /// What is set in it, in the order of the file, but for its steps.
    pub values: Vec<MapValue>,
    /// Its steps; `None` where it names none.
    pub then: Option<Vec<Vec<MapValue>>>,
}

impl RuleTable {
    /// Its name as written; empty where it has none.
    pub fn name(&self) -> &str {
        let name = self.values.iter().find(|value| value.key == "name");
        name.map_or("", |value| &value.text)
    }
}

/// Reads the array `rules.rule` of a file. `at` gives the line of a place in it.
pub fn read(
    path: &Path,
    place: usize,
    given: &DeValue<'_>,
    at: &dyn Fn(usize) -> usize,
) -> Result<Vec<RuleTable>, ConfigError> {
    let reader = Reader { path, at };
    let DeValue::Array(rules) = given else {
        return Err(reader.wrong(place, "`rule`", given));
    };
    let mut all = Vec::new();
    for rule in rules {
        let place = rule.span().start;
        let DeValue::Table(table) = rule.get_ref() else {
            return Err(reader.wrong(place, "`rule`", rule.get_ref()));
        };
        all.push(reader.rule(place, table)?);
    }
    Ok(all)
}

struct Reader<'a> {
    path: &'a Path,
    at: &'a dyn Fn(usize) -> usize,
}

impl Reader<'_> {
    fn source(&self, place: usize) -> Source {
        Source::File {
            path: self.path.into(),
            line: (self.at)(place),
        }
    }

    fn wrong(&self, place: usize, name: &str, has: &DeValue<'_>) -> ConfigError {
        ConfigError::Map {
            from: self.source(place),
            subject: "`rules.rule`".into(),
            why: format!("{name} cannot be of type `{}`", has.type_str()).into(),
            hint: "a rule begins with a line `[[rules.rule]]`, then come lines such as `name = \"vip-call\"`"
                .into(),
        }
    }

    fn rule(&self, place: usize, table: &DeTable<'_>) -> Result<RuleTable, ConfigError> {
        let mut rule = RuleTable {
            from: self.source(place),
            values: Vec::new(),
            then: None,
        };
        for (key, value) in table {
            if key.get_ref() == "then" {
                rule.then = Some(self.steps(key.span().start, value.get_ref())?);
            }
        }
        rule.values = self.values(table, "then")?;
        Ok(rule)
    }

    /// One step, or several in a list.
    fn steps(&self, place: usize, given: &DeValue<'_>) -> Result<Vec<Vec<MapValue>>, ConfigError> {
        let several = |steps: &DeArray<'_>| {
            let steps = steps.iter().map(|step| match step.get_ref() {
                DeValue::Table(table) => self.values(table, ""),
                other => Err(self.wrong(step.span().start, "`then`", other)),
            });
            steps.collect()
        };
        match given {
            DeValue::Array(steps) => several(steps),
            DeValue::Table(table) => Ok(vec![self.values(table, "")?]),
            other => Err(self.wrong(place, "`then`", other)),
        }
    }

    fn values(&self, table: &DeTable<'_>, but: &str) -> Result<Vec<MapValue>, ConfigError> {
        let mut values = Vec::new();
        for (key, value) in table.iter().filter(|(key, _)| key.get_ref() != but) {
            let start = key.span().start;
            let name = key.get_ref();
            let text = super::file::plain(value.get_ref())
                .ok_or_else(|| self.wrong(start, &format!("`{name}`"), value.get_ref()))?;
            let value = MapValue {
                key: name.to_string(),
                text,
                from: self.source(start),
            };
            values.push((start, value));
        }
        values.sort_by_key(|(start, _)| *start);
        Ok(values.into_iter().map(|(_, value)| value).collect())
    }
}
