//! What comes to be known of records only after they were stored: the addresses of users, and businesses.

use std::collections::BTreeMap;

use rusqlite::params;

use crate::model::{Fence, FieldName, Side};

use super::{StoreError, Writer, convert::json};

impl Writer {
    /// Replaces how users are named in `fields` of a side's snapshots: each key of `names` becomes its value, as the
    /// next read of the record would have it. Links of which that changed an end are dirty. Cost: one scan of the
    /// snapshots a field.
    pub fn name_users(
        &mut self,
        fence: Fence,
        side: Side,
        names: &BTreeMap<String, String>,
        fields: &[FieldName],
    ) -> Result<(), StoreError> {
        self.fenced("name_users", fence, |tx| {
            let names = json(names)?;
            for field in fields {
                let path = path(field);
                tx.run(
                    "UPDATE link SET dirty = 1 WHERE dirty = 0 AND id IN (SELECT link FROM snapshot \
                     WHERE side = ?1 AND record ->> ?2 IN (SELECT key FROM json_each(?3)))",
                    params![side.name(), path, names],
                )?;
                tx.run(
                    "UPDATE snapshot SET record = json_set(record, ?2, \
                     (SELECT value FROM json_each(?3) WHERE key = record ->> ?2)) \
                     WHERE side = ?1 AND record ->> ?2 IN (SELECT key FROM json_each(?3))",
                    params![side.name(), path, names],
                )?;
            }
            Ok(())
        })
    }

    /// Makes links dirty of which an end has a value in one of `fields`. Cost: one scan of the snapshots a field.
    pub fn touch_naming(&mut self, fence: Fence, fields: &[FieldName]) -> Result<(), StoreError> {
        self.fenced("touch_naming", fence, |tx| {
            for field in fields {
                tx.run(
                    "UPDATE link SET dirty = 1 WHERE dirty = 0 AND id IN (SELECT link FROM snapshot \
                     WHERE record ->> ?1 IS NOT NULL)",
                    [path(field)],
                )?;
            }
            Ok(())
        })
    }
}

/// Where a field is in a record's JSON.
fn path(field: &FieldName) -> String {
    // the keys of custom fields are letters, digits and `_`
    format!("$.\"{field}\"")
}
