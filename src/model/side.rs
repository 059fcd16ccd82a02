//! The two systems and the five kinds of record, with the names that they have everywhere.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// One of the two systems. GHL always comes first, and stands left on every screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// HighLevel, the CRM.
    Ghl,
    /// Growbots, outbound sales.
    Growbots,
}

impl Side {
    /// Both, in their order.
    pub const BOTH: [Self; 2] = [Self::Ghl, Self::Growbots];

    /// The opposite side.
    pub const fn other(self) -> Self {
        match self {
            Self::Ghl => Self::Growbots,
            Self::Growbots => Self::Ghl,
        }
    }

    /// The name in commands, JSON and the database: `ghl`, `growbots`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ghl => "ghl",
            Self::Growbots => "growbots",
        }
    }

    /// The name on the screen: `GHL`, `Growbots`.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Ghl => "GHL",
            Self::Growbots => "Growbots",
        }
    }
}

/// Writes the screen name, see [`Side::label`].
impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.label())
    }
}

impl FromStr for Side {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::BOTH
            .into_iter()
            .find(|side| side.name() == text)
            .ok_or_else(|| UnknownName(text.into()))
    }
}

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A person: a contact in GHL, a lead in Growbots.
    Contact,
    /// Something to do for a contact.
    Task,
    /// A text on a contact.
    Note,
    /// A meeting with a contact; a meeting in Growbots.
    Appointment,
    /// A firm: a business in GHL, a company in Growbots.
    Business,
}

impl Kind {
    /// All kinds, parents before children.
    pub const ALL: [Self; 5] = [
        Self::Contact,
        Self::Task,
        Self::Note,
        Self::Appointment,
        Self::Business,
    ];

    /// The name in commands, JSON and the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Task => "task",
            Self::Note => "note",
            Self::Appointment => "appointment",
            Self::Business => "business",
        }
    }

    /// The name of more than one.
    pub const fn many(self) -> &'static str {
        match self {
            Self::Contact => "contacts",
            Self::Task => "tasks",
            Self::Note => "notes",
            Self::Appointment => "appointments",
            Self::Business => "businesses",
        }
    }

    /// Whether a record of this kind belongs to a contact.
    pub const fn is_child(self) -> bool {
        matches!(self, Self::Task | Self::Note | Self::Appointment)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Kind {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| UnknownName(text.into()))
    }
}

/// A name that is none of ours; holds what was given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown name `{0}`")]
pub struct UnknownName(pub String);

/// One value for each side; in JSON `{"ghl": …, "growbots": …}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BySide<T> {
    /// GHL's.
    pub ghl: T,
    /// Growbots'.
    pub growbots: T,
}

impl<T> BySide<T> {
    /// A pair made by asking for each side in turn.
    pub fn from_fn(mut make: impl FnMut(Side) -> T) -> Self {
        Self {
            ghl: make(Side::Ghl),
            growbots: make(Side::Growbots),
        }
    }

    /// The value of one side.
    pub const fn get(&self, side: Side) -> &T {
        match side {
            Side::Ghl => &self.ghl,
            Side::Growbots => &self.growbots,
        }
    }

    /// The value of one side, to change.
    pub const fn get_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Ghl => &mut self.ghl,
            Side::Growbots => &mut self.growbots,
        }
    }

    /// The same pair, each value turned into another.
    pub fn map<U>(self, mut to: impl FnMut(T) -> U) -> BySide<U> {
        BySide {
            ghl: to(self.ghl),
            growbots: to(self.growbots),
        }
    }

    /// Both values by reference.
    pub const fn as_ref(&self) -> BySide<&T> {
        BySide {
            ghl: &self.ghl,
            growbots: &self.growbots,
        }
    }

    /// The pair with the sides exchanged.
    pub fn swapped(self) -> Self {
        Self {
            ghl: self.growbots,
            growbots: self.ghl,
        }
    }
}
