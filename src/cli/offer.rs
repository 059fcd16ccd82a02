//! Custom fields that both sides have, offered as rows of the field map.

use std::collections::BTreeMap;

use crate::engine::LeaseGate;
use crate::model::{FieldName, Kind, Lane, Value};
use crate::remote::{CustomField, PageRequest, Read};
use crate::text;

use super::assemble::connectors;
use super::context::Context;
use super::exit::Problem;

/// Asks both sides for their custom fields: the lines that a config file may have for those that go together by key or
/// name. Writes nothing to either side. Cost: the setup of both, and one page of leads.
pub async fn custom_fields(context: &Context) -> Result<Vec<String>, Problem> {
    // The gate stays shut: nothing can be written.
    let sides = connectors(context, &LeaseGate::new(context.clock.clone()))?;
    let setup = sides.ghl.setup(Lane::Operator).await?;
    sides.growbots.setup(Lane::Operator).await?;
    let request = PageRequest {
        kind: Kind::Contact,
        read: Read::All,
        after: None,
    };
    let page = sides.growbots.page(Lane::Operator, &request).await?;
    let mut keys: BTreeMap<String, bool> = BTreeMap::new();
    for row in &page.rows {
        for (field, value) in row.snapshot.record.iter() {
            if let FieldName::Custom(key) = field {
                keys.insert(key.to_string(), matches!(value, Value::Set(_)));
            }
        }
    }
    Ok(offered(&setup.custom_fields, &keys))
}

/// The lines for fields of GHL and keys of Growbots, each with whether it holds a list.
fn offered(fields: &[CustomField], keys: &BTreeMap<String, bool>) -> Vec<String> {
    let mut lines = Vec::new();
    for (key, is_list) in keys {
        let by_key = fields.iter().find(|field| field.key == *key);
        let by_name = || fields.iter().find(|field| folded(&field.name) == *key);
        let Some(field) = by_key.or_else(by_name) else {
            continue;
        };
        let holds_list = matches!(&*field.data_type, "CHECKBOX" | "MULTIPLE_OPTIONS");
        let remark = if holds_list == *is_list {
            ""
        } else {
            "; a list on one side and a text on the other: try it with `couplet map check`"
        };
        lines.push(format!(
            "# \"{}\" of GHL ({}), `{key}` of Growbots{remark}",
            text::clean(&field.name),
            field.data_type
        ));
        lines.push(format!("# [map.contact.custom.{key}]"));
        if field.key != *key {
            lines.push(format!("# ghl = \"custom.{}\"", field.key));
        }
        lines.push(String::new());
    }
    lines
}

/// A name as a key would be: `Yearly budget` and `yearly_budget`.
fn folded(name: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() { c } else { '_' };
    name.trim().to_lowercase().chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_go_together_by_key_or_by_name_and_a_list_is_no_text() {
        let field = |key: &str, name: &str, data_type: &str| CustomField {
            id: key.into(),
            key: key.into(),
            name: name.into(),
            data_type: data_type.into(),
            options: vec![],
        };
        let fields = [
            field("budget", "Budget", "NUMERICAL"),
            field("yearly_1", "Yearly plan", "TEXT"),
            field("days", "Days", "CHECKBOX"),
            field("alone", "Alone", "TEXT"),
        ];
        let keys = ["budget", "days", "other", "yearly_plan"];
        let keys = keys.map(|key| (key.to_owned(), false));
        assert_eq!(
            offered(&fields, &BTreeMap::from(keys)),
            [
                "# \"Budget\" of GHL (NUMERICAL), `budget` of Growbots",
                "# [map.contact.custom.budget]",
                "",
                "# \"Days\" of GHL (CHECKBOX), `days` of Growbots; a list on one side and a text on the other: try it with `couplet map check`",
                "# [map.contact.custom.days]",
                "",
                "# \"Yearly plan\" of GHL (TEXT), `yearly_plan` of Growbots",
                "# [map.contact.custom.yearly_plan]",
                "# ghl = \"custom.yearly_1\"",
                "",
            ]
        );
    }
}
