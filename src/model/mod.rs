//! Plain types that every layer speaks: no I/O, no async, no clock.

mod action;
mod alert;
mod businesses;
mod conflict;
mod exchange;
mod field;
mod filter;
mod hint;
mod ids;
mod listing;
pub mod look;
mod plan;
mod policy;
mod record;
mod rule;
mod side;
mod slots;
mod status;
mod status_tag;
mod time;
mod undo;

pub use action::{Action, ActionOutcome};
pub use alert::{Alert, AlertRule, AlertState, Reading};
pub use businesses::Businesses;
pub use conflict::{
    Answer, Candidate, Conflict, ConflictField, ConflictState, Looking, NoBoth, Reason, Settled,
    Staged, Take,
};
pub use exchange::Exchange;
pub use field::{BadValue, FieldName, FieldType, Value};
pub use filter::{Filter, FilterError, Misread};
pub use hint::{CallEnd, Happened, Hint, HintId};
pub use ids::{
    ActionId, AlertId, ConflictId, ErrorId, Fence, IntentId, LinkId, LogId, PassId, PolicyId,
    RecordId,
};
pub use listing::{
    ContactRow, ContactSort, Direction, ErrorRow, ErrorState, Failure, Held, LinkRow, LinkState,
    LogEntry, LogOp, NewLog, PageKey, TaskRow, TaskView, Why,
};
pub use plan::{Cause, Cost, Decided, FieldChange, Intent, IntentState, Op, Parked, Plan, Write};
pub use policy::{NewPolicy, PolicyUse, Remembered, Scope};
pub use record::{End, Linked, Record, Snapshot, Tombstone};
pub use rule::{
    Act, Due, Firing, FiringId, Occurrence, PER_HOUR, Rule, RuleCount, RuleMark, RuleWork, Step,
    TaskKind, TaskTemplate, When, default_rules,
};
pub use side::{BySide, Kind, Side, UnknownName};
pub use slots::{Sent, Slots, SlotsError, Taken};
pub use status::{
    Burst, Day, Health, Holder, Lane, LaneStatus, LoopState, LoopStatus, PassSummary, Paused,
    RateBar, SideStatus,
};
pub use status_tag::{is_status_tag, status_tag};
pub use time::Millis;
pub use undo::{Lost, Undo, WrittenLine};
