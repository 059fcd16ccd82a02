//! Why a webhook is not taken.

/// Why a delivery is refused. Nothing in it is believed, and nothing of it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// No key or secret is set, so nothing can be verified.
    NotConfigured,
    /// It carries no signature that is accepted here.
    Unsigned,
    /// The signature is not that of the body.
    BadSignature,
    /// It is too old, or from the future.
    Stale,
    /// It is of another location.
    WrongLocation,
    /// It is no event as the side documents it.
    Shape,
    /// The body is longer than any event.
    TooLarge,
    /// The body did not arrive in time.
    Slow,
    /// More arrives than can be stored.
    Overload,
    /// The database could not take it.
    NotStored,
}

impl Refusal {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::NotConfigured,
        Self::Unsigned,
        Self::BadSignature,
        Self::Stale,
        Self::WrongLocation,
        Self::Shape,
        Self::TooLarge,
        Self::Slow,
        Self::Overload,
        Self::NotStored,
    ];

    /// The HTTP status. Only 429 makes GHL send an event again (`facts/highlevel.md` e), so that is what a full or
    /// busy receiver answers, never a 5xx.
    pub const fn status(self) -> u16 {
        match self {
            Self::Unsigned | Self::BadSignature | Self::Stale => 401,
            Self::WrongLocation => 403,
            Self::NotConfigured => 404,
            Self::Slow => 408,
            Self::TooLarge => 413,
            Self::Shape => 422,
            Self::Overload | Self::NotStored => 429,
        }
    }

    /// Its name in metrics and in the answer.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotConfigured => "not_configured",
            Self::Unsigned => "unsigned",
            Self::BadSignature => "bad_signature",
            Self::Stale => "stale",
            Self::WrongLocation => "wrong_location",
            Self::Shape => "wrong_shape",
            Self::TooLarge => "too_large",
            Self::Slow => "slow",
            Self::Overload => "overload",
            Self::NotStored => "not_stored",
        }
    }
}
