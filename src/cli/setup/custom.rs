//! Custom fields of both sides, found by key and by name, and offered by `config init`.

use std::collections::BTreeSet;

use crate::config::CustomPair;
use crate::model::{FieldName, Kind, Lane};
use crate::remote::{Connector, CustomField, PageRequest, Read, RemoteError};
use crate::text;

use super::{Problem, note, yes};

/// The keys of the custom fields of the leads in a first page: Growbots has no list of them. Cost: 1 request.
pub async fn keys_of_leads(growbots: &dyn Connector) -> Result<BTreeSet<String>, RemoteError> {
    let request = PageRequest {
        kind: Kind::Contact,
        read: Read::All,
        after: None,
    };
    let page = growbots.page(Lane::Operator, &request).await?;
    let fields = page
        .rows
        .iter()
        .flat_map(|row| row.snapshot.record.iter().map(|(field, _)| field));
    let keys = fields.filter_map(|field| match field {
        FieldName::Custom(key) => Some(key.to_string()),
        _ => None,
    });
    Ok(keys.collect())
}

/// Which custom fields are to be kept in step.
pub fn choose(
    fields: &[CustomField],
    of_leads: &BTreeSet<String>,
) -> Result<Vec<CustomPair>, Problem> {
    if !of_leads.is_empty() {
        let keys = of_leads.iter().map(|key| text::clean(key).into_owned());
        let keys: Vec<_> = keys.collect();
        note(&format!("Growbots has custom fields: {}", keys.join(", ")));
    }
    if fields.is_empty() {
        return Ok(Vec::new());
    }
    let pairs = paired(fields, of_leads);
    let names = fields.iter().zip(&pairs).map(|(field, pair)| {
        let name = text::clean(&field.name);
        if of_leads.contains(&pair.growbots) {
            format!("{name} (`{}` in Growbots)", text::clean(&pair.growbots))
        } else {
            name.into_owned()
        }
    });
    let names: Vec<_> = names.collect();
    note(&format!("GHL has custom fields: {}", names.join(", ")));
    let words = "Keep all of GHL's in step? Those that Growbots lacks are made there; n leaves all alone, the file can be changed later; y or n";
    Ok(if yes(words)? { pairs } else { Vec::new() })
}

/// For each field of GHL the one of Growbots: with its key, else with a key that its name makes, else a new one.
fn paired(fields: &[CustomField], of_leads: &BTreeSet<String>) -> Vec<CustomPair> {
    let mut free: BTreeSet<&str> = of_leads.iter().map(String::as_str).collect();
    for field in fields {
        free.remove(field.key.as_str());
    }
    let pairs = fields.iter().map(|field| {
        let by_name = plain(&field.name);
        let found = free.iter().find(|key| plain(key) == by_name).copied();
        let growbots = match found {
            Some(key) if !of_leads.contains(&field.key) => {
                free.remove(key);
                key
            }
            _ => field.key.as_str(),
        };
        CustomPair {
            ghl: field.key.clone(),
            growbots: growbots.to_owned(),
        }
    });
    pairs.collect()
}

/// Letters and digits in lower case.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(|letter| letter.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_both_sides_are_found_by_key_then_by_name() {
        let field = |key: &str, name: &str| CustomField {
            id: key.into(),
            key: key.into(),
            name: name.into(),
            data_type: "TEXT".into(),
            options: vec![],
        };
        let fields = [
            field("budget", "Yearly budget"),
            field("best_days_2", "Best days"),
            field("plan", "Plan"),
            field("plan_b", "plan"),
        ];
        let leads = ["best_days", "budget", "plan", "yearly_budget"].map(str::to_owned);
        let pairs = paired(&fields, &leads.into_iter().collect());
        let pairs: Vec<_> = pairs
            .iter()
            .map(|pair| (&*pair.ghl, &*pair.growbots))
            .collect();
        assert_eq!(
            pairs,
            [
                ("budget", "budget"),
                ("best_days_2", "best_days"),
                ("plan", "plan"),
                ("plan_b", "plan_b"),
            ]
        );
    }
}
