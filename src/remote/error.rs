//! Everything that can go wrong with a side, by what the caller can do about it.

use crate::{
    model::{FieldName, Kind, Lane, Millis, RecordId, Side},
    secrets::SecretError,
    text::{clean, impersonal},
};

/// A failure of a side. Remote text in it is cleaned and holds no secret.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// The token is wrong, expired or revoked.
    #[error("{side} did not accept the token: {said}")]
    Unauthorised {
        /// Which side.
        side: Side,
        /// Its words.
        said: String,
    },
    /// There is no key, or the sign-in is over: nothing but a new one helps.
    #[error("{side} wants a new sign-in: {said}")]
    SignIn {
        /// Which side.
        side: Side,
        /// Why.
        said: String,
    },
    /// The key cannot be had from where it is kept.
    #[error("the key of {side} cannot be had")]
    Secret {
        /// Which side.
        side: Side,
        /// Why.
        #[source]
        error: SecretError,
    },
    /// The token may not do this (scope, location, account).
    #[error("{side} does not let this token do `{operation}`: {said}")]
    Forbidden {
        /// Which side.
        side: Side,
        /// What was asked.
        operation: String,
        /// Its words.
        said: String,
    },
    /// The side refused the values.
    #[error("{side} refused the {kind}: {said}")]
    Refused {
        /// Which side.
        side: Side,
        /// What was asked.
        operation: String,
        /// What was written.
        kind: Kind,
        /// The HTTP status.
        status: u16,
        /// The fields that it names; empty where it names none.
        fields: Vec<FieldName>,
        /// Its words.
        said: String,
    },
    /// Another record holds the e-mail or phone.
    // Ids are opaque, and nobody promises what is in one.
    #[error("{side} has another contact with this `{field}`: {}", impersonal(&clean(holder.as_str())))]
    Duplicate {
        /// Which side.
        side: Side,
        /// Who has it.
        holder: RecordId,
        /// `email`, `phone`, or an external id.
        field: FieldName,
    },
    /// The key of a write has an answer already, of a write with another body.
    #[error("{side} had another write under this key")]
    KeyReused {
        /// Which side.
        side: Side,
    },
    /// A cursor or listing must start anew.
    #[error("{side} does not know this cursor any more")]
    CursorExpired {
        /// Which side.
        side: Side,
    },
    /// The side is shut: breaker, a spent day, or a long Retry-After.
    #[error("{side} is shut until {until}")]
    Shut {
        /// Which side.
        side: Side,
        /// Until when.
        until: Millis,
    },
    /// What is left of the day is kept for more urgent lanes.
    #[error("what {side} allows a day is spent for the lane `{}` until {until}", lane.name())]
    Spent {
        /// Which side.
        side: Side,
        /// Which lane.
        lane: Lane,
        /// Until when.
        until: Millis,
    },
    /// The side failed (5xx).
    #[error("{side} failed with {status} on `{operation}`")]
    Server {
        /// Which side.
        side: Side,
        /// What was asked.
        operation: String,
        /// The HTTP status.
        status: u16,
        /// Whether a write may have been applied.
        maybe_applied: bool,
    },
    /// No connection: nothing was sent.
    #[error("{side} cannot be reached at `{at}`")]
    Unreachable {
        /// Which side.
        side: Side,
        /// Host and port.
        at: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The request was sent and no answer came.
    #[error("the answer of {side} to `{operation}` was lost")]
    Lost {
        /// Which side.
        side: Side,
        /// What was asked.
        operation: String,
        /// Whether the connection was closed (nothing is on its way any more) rather than timed out.
        closed: bool,
        /// Whether it was a write, which may have been applied.
        write: bool,
    },
    /// The answer cannot be read.
    #[error("{side} answered `{operation}` with something else than expected: {said}")]
    Malformed {
        /// Which side.
        side: Side,
        /// What was asked.
        operation: String,
        /// What is wrong with it.
        said: String,
        /// The field of a record that has something else than a value in it, where all else could be read: nothing is
        /// wrong but with this one record.
        field: Option<FieldName>,
        /// Whether a write may have been applied.
        maybe_applied: bool,
    },
    /// We may not send any more: the lease is lost, or couplet is stopping.
    #[error("stopped before `{operation}` was sent to {side}")]
    Stopped {
        /// Which side.
        side: Side,
        /// What was not asked.
        operation: String,
    },
    /// The limiter's shared record cannot be used.
    #[error(transparent)]
    Slots(#[from] crate::model::SlotsError),
}

/// What to do about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Nothing happened; try again later.
    Transient,
    /// Nothing happened; the side says until when.
    Throttled {
        /// When to try again.
        until: Millis,
    },
    /// It will fail again until something changes.
    Permanent,
    /// It may have happened.
    Unknown {
        /// Whether nothing is on its way any more, so that reading back tells at once.
        settled: bool,
    },
}

impl RemoteError {
    /// What the caller can do.
    pub const fn class(&self) -> Class {
        match self {
            Self::Unauthorised { .. }
            | Self::SignIn { .. }
            | Self::Forbidden { .. }
            | Self::Refused { .. }
            | Self::Duplicate { .. }
            | Self::KeyReused { .. }
            | Self::CursorExpired { .. } => Class::Permanent,
            Self::Shut { until, .. } | Self::Spent { until, .. } => {
                Class::Throttled { until: *until }
            }
            // A gateway gave up waiting: what it passed on may still be carried out.
            Self::Server {
                maybe_applied: true,
                status,
                ..
            } => Class::Unknown {
                settled: !matches!(*status, 502..=504),
            },
            Self::Malformed {
                maybe_applied: true,
                ..
            } => Class::Unknown { settled: true },
            Self::Lost {
                write: true,
                closed,
                ..
            } => Class::Unknown { settled: *closed },
            Self::Server { .. }
            | Self::Unreachable { .. }
            | Self::Lost { .. }
            | Self::Malformed { .. }
            | Self::Stopped { .. }
            | Self::Secret { .. }
            | Self::Slots(_) => Class::Transient,
        }
    }

    /// The HTTP status behind it, where there was one.
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::Unauthorised { .. } => Some(401),
            Self::Forbidden { .. } => Some(403),
            Self::Refused { status, .. } | Self::Server { status, .. } => Some(*status),
            Self::Duplicate { .. } => Some(409),
            Self::KeyReused { .. } => Some(422),
            _ => None,
        }
    }

    /// Whether it is about the one record that was asked for, so that others may be read all the same.
    pub const fn is_of_one_record(&self) -> bool {
        matches!(self, Self::Malformed { field: Some(_), .. })
    }

    /// Whether the side does not let us in: exit code 5.
    pub const fn is_unauthorised(&self) -> bool {
        matches!(
            self,
            Self::Unauthorised { .. } | Self::SignIn { .. } | Self::Forbidden { .. }
        )
    }

    /// What to do next, as a command that can be pasted, where there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unauthorised { side, .. } => Some(format!(
                "put another key in (`couplet auth rotate {}`, or `COUPLET_{}_TOKEN`), then run `couplet doctor`",
                side.name(),
                side.name().to_uppercase()
            )),
            Self::Forbidden { side, .. } => Some(format!(
                "`couplet auth status {}` says what the key may not do; put one with these scopes, of this \
                 location or account, in (`couplet auth rotate {0}`, or `COUPLET_{}_TOKEN`)",
                side.name(),
                side.name().to_uppercase()
            )),
            Self::SignIn { side, .. } => Some(format!(
                "sign in again: `couplet auth login {}`",
                side.name()
            )),
            Self::Secret { error, .. } => Some(error.hint()),
            Self::Unreachable { side, .. } => Some(format!(
                "check `COUPLET_{}_URL` and the network, then run `couplet doctor`",
                side.name().to_uppercase()
            )),
            Self::Slots(_) => Some(
                "make room on the disk of the database, and see that its folder is writable: nothing was sent".into(),
            ),
            _ => None,
        }
    }
}
