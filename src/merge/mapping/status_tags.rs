//! The tag in GHL that says a lead's status follows the lead, whatever somebody does with it in GHL.

use crate::model::{FieldName, Kind, Linked, Record, Value, is_status_tag};

use super::FieldMap;

impl FieldMap {
    /// Says whether tags of GHL say the status of a lead.
    pub const fn set_status_tags(&mut self, on: bool) {
        self.status_tags = on;
    }

    /// Whether they do.
    pub const fn has_status_tags(&self) -> bool {
        self.status_tags
    }

    /// Makes the base have the status that GHL's tags say: it is no edit there, so that Growbots' own counts.
    pub(super) fn give_base_the_status_of_ghl(&self, linked: &mut Linked) {
        if !self.status_tags || linked.kind != Kind::Contact {
            return;
        }
        let (Some(base), Some(ghl)) = (&mut linked.base, linked.ends.ghl.last_seen()) else {
            return;
        };
        let own = words(base).filter(|tag| !is_status_tag(tag));
        let status = words(&ghl.record).filter(|tag| is_status_tag(tag));
        let both: Vec<Box<str>> = own.chain(status).map(Box::from).collect();
        base.set(FieldName::Tags, Value::set(both));
    }
}

fn words(record: &Record) -> impl Iterator<Item = &str> {
    let words = record.get(&FieldName::Tags).map_or(&[][..], Value::words);
    words.iter().map(|tag| &**tag)
}
