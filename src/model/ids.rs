//! Ids as types of their own, so that arguments cannot be swapped.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! number_ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}

number_ids! {
    /// A link: the pair of a GHL record and a Growbots record that are the same thing.
    LinkId,
    /// A conflict.
    ConflictId,
    /// One remote write in the outbox.
    IntentId,
    /// Something that an operator asked for.
    ActionId,
    /// One run of the sync loop.
    PassId,
    /// A group of failures of one pattern.
    ErrorId,
    /// A trouble that somebody is told of.
    AlertId,
    /// A line of the sync log; also the number of the operation that can be undone.
    LogId,
    /// A policy that an operator chose to remember.
    PolicyId,
    /// The number that rises with each new holder of the lease.
    Fence,
}

/// The id that a side gave a record. Opaque, case-sensitive.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordId(pub Box<str>);

impl RecordId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl From<&str> for RecordId {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for RecordId {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}
