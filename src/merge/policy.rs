//! How a field is decided that both sides changed apart.

use std::{fmt, str::FromStr};

use crate::model::{FieldName, UnknownName};

/// What decides between two changes of one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Policy {
    /// An operator.
    Manual,
    /// GHL's value stands.
    Ghl,
    /// Growbots' value stands.
    Growbots,
    /// The value of the record that changed later; an operator where that is not known to 5 s.
    Newest,
    /// Sets: the adds and removes of both.
    Union,
    /// Long texts: GHL's, a blank line, Growbots'.
    Append,
    /// Yes goes over at once; only an operator takes it back.
    Restrictive,
}

/// What stands over the map's policy for one field of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Which field.
    pub field: FieldName,
    /// What decides.
    pub policy: Policy,
    /// Its name in the log.
    pub name: String,
}

impl Policy {
    /// All, in the order in which screens list them.
    pub const ALL: [Self; 7] = [
        Self::Manual,
        Self::Ghl,
        Self::Growbots,
        Self::Newest,
        Self::Union,
        Self::Append,
        Self::Restrictive,
    ];

    /// The name in the config, JSON and the log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Ghl => "ghl",
            Self::Growbots => "growbots",
            Self::Newest => "newest",
            Self::Union => "union",
            Self::Append => "append",
            Self::Restrictive => "restrictive",
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Policy {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL
            .into_iter()
            .find(|policy| policy.name() == text)
            .ok_or_else(|| UnknownName(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back() {
        for policy in Policy::ALL {
            assert_eq!(policy.name().parse(), Ok(policy), "{policy}");
        }
        assert_eq!(
            "latest".parse::<Policy>(),
            Err(UnknownName("latest".into()))
        );
    }
}
