//! Which contacts are made on a side because only the other has them.

use std::fmt;

use crate::merge::automation::{RuleError, Subject, contact_filter};
use crate::model::{BySide, Filter, Kind, Linked, Millis, Side};

use super::FieldMap;

/// Which contacts that only the other side has are made on a side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Creating {
    /// All of them.
    #[default]
    All,
    /// None: contacts are paired there, and never made.
    Off,
    /// Those that a filter lets through.
    Only(Filter),
}

impl Creating {
    /// Reads `all`, `off`, or a filter in the words of a rule.
    pub fn parse(key: &'static str, text: &str) -> Result<Self, RuleError> {
        Ok(match text.trim() {
            "" | "all" => Self::All,
            "off" => Self::Off,
            filter => Self::Only(contact_filter(key, filter)?),
        })
    }
}

/// As it is written in the settings.
impl fmt::Display for Creating {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Off => f.write_str("off"),
            Self::Only(filter) => filter.fmt(f),
        }
    }
}

impl FieldMap {
    /// Says which contacts are made on a side.
    pub fn set_creating(&mut self, side: Side, creating: Creating) {
        *self.creating.get_mut(side) = creating;
    }

    /// Which contacts are made on each side.
    pub const fn creating(&self) -> &BySide<Creating> {
        &self.creating
    }

    /// Whether a record that only one side has may be made on the other. What belongs to a contact goes with that.
    pub fn lets_make(&self, lone: &Linked, to: Side, now: Millis) -> bool {
        if lone.kind != Kind::Contact {
            return true;
        }
        match self.creating.get(to) {
            Creating::All => true,
            Creating::Off => false,
            Creating::Only(filter) => {
                let subject = Subject {
                    contact: lone,
                    appointment: None,
                    call: None,
                    now,
                };
                subject.passes(filter)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merge::support::{linked, record};
    use crate::model::End;

    #[test]
    fn all_none_or_those_of_a_filter_are_made() {
        for (text, tag, want) in [
            ("all", "vip", true),
            ("", "vip", true),
            ("off", "vip", false),
            ("tag:vip", "vip", true),
            ("tag:vip", "other", false),
            ("-tag:vip", "other", true),
        ] {
            let mut map = FieldMap::default();
            let creating = Creating::parse("create.growbots", text).expect(text);
            map.set_creating(Side::Growbots, creating);
            let ghl = record(&[("tags", tag)]);
            let mut lone = linked(Kind::Contact, None, ghl, record(&[]));
            lone.ends.growbots = End::Missing;
            assert_eq!(
                map.lets_make(&lone, Side::Growbots, Millis(0)),
                want,
                "{text} {tag}"
            );
            assert!(
                map.lets_make(&lone, Side::Ghl, Millis(0)),
                "the other way is open"
            );
        }
    }

    #[test]
    fn a_filter_of_no_field_is_told_with_what_looks_like_it() {
        let wrong = Creating::parse("create.ghl", "tga:vip").expect_err("no field");
        assert!(wrong.to_string().contains("tga"), "{wrong}");
    }
}
