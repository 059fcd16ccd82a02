//! What passes between the engine's thread and an interface: asks in, events out. Both are plain data.

use tokio::sync::mpsc;

use crate::model::{Action, ActionOutcome, AlertId, Answer, ConflictId, FieldName, LinkId};
use crate::store::Barred;

/// What an interface asks of the engine's thread. Each is made durable in the store at once, also when another
/// process holds the lease; that one carries actions out then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Store an action and see to it.
    Act(Action),
    /// Keep an answer to a conflict until it is applied.
    Stage {
        /// Which conflict.
        conflict: ConflictId,
        /// The answer.
        answer: Answer,
        /// The revision that the operator saw.
        revision: i64,
    },
    /// Say of an alert that somebody knows.
    Acknowledge(AlertId),
    /// Read these records again on both sides, and run a pass.
    ReadAgain(Vec<LinkId>),
    /// Tell colleagues which conflict is open on this screen; `None`: none.
    Look(Option<ConflictId>),
    /// Take staged answers back: of one field, or all.
    Unstage {
        /// Which conflict.
        conflict: ConflictId,
        /// Which field; `None` for all.
        field: Option<FieldName>,
    },
}

/// What the engine's thread tells. The state of the loop is not among it: everybody reads that from the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// An action that this process asked for has ended.
    Ended {
        /// The action.
        action: Action,
        /// How.
        outcome: ActionOutcome,
    },
    /// This process holds the lease now, or not any more.
    Lease {
        /// Whether we hold it.
        ours: bool,
    },
    /// A pass ended early because a side could not be used; the next one tries again. Its error row says it too.
    PassFailed {
        /// What, why, what next.
        words: String,
        /// Whether the side does not authorise us, so that trying again will not help.
        unauthorised: bool,
    },
    /// Something happened that the settings want to be told; in words for the operator.
    Alert {
        /// What.
        words: String,
    },
    /// The database takes no writes, and why; `None`: it takes them again.
    Barred {
        /// Why.
        why: Option<Barred>,
    },
    /// Something could not be stored or done; in words for the operator.
    Trouble {
        /// What, why, what next.
        words: String,
    },
}

/// The interface's end. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Port {
    asks: mpsc::UnboundedSender<Ask>,
}

impl Port {
    /// A port, and the engine's end of it.
    pub fn new() -> (Self, mpsc::UnboundedReceiver<Ask>) {
        let (asks, engine) = mpsc::unbounded_channel();
        (Self { asks }, engine)
    }

    /// A port to nobody: every ask is refused, in words for a viewer. Nothing is stored.
    pub fn refusing(tell: impl Fn(Event) + Send + 'static) -> std::io::Result<Self> {
        let (port, mut asks) = Self::new();
        std::thread::Builder::new()
            .name("viewer".into())
            .spawn(move || {
                while asks.blocking_recv().is_some() {
                    tell(Event::Trouble {
                        words: "a viewer changes nothing: nothing was stored".into(),
                    });
                }
            })?;
        Ok(port)
    }

    /// Asks the engine. Never waits; false when the engine has ended.
    pub fn ask(&self, ask: Ask) -> bool {
        self.asks.send(ask).is_ok()
    }
}
