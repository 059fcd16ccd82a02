//! Pure functions from model to model: normalise, map fields, match identities, merge three ways, plan. No clock,
//! no I/O, no async.
//!
//! Everything but [`normalise`] works on canonical values: two values that mean the same are equal.

pub mod automation;
pub mod blame;
pub mod due;
pub mod field;
mod html;
pub mod identity;
pub mod lifecycle;
pub mod mapping;
pub mod normalise;
mod phone;
pub mod planner;
pub mod policy;
pub mod record;
pub mod set;
#[cfg(test)]
mod support;
pub mod transform;
pub mod undo;

pub use blame::{Blame, blame};
pub use field::{Merged, merge_field};
pub use identity::{
    Candidate, Identity, Near, match_appointments, match_contact, match_notes, match_tasks,
};
pub use lifecycle::{DeleteStep, create_fields, delete_step, is_as_agreed};
pub use mapping::{Direction, FieldMap, MapEntry};
pub use planner::{cost, cost_at, group_writes, order, plan, plan_at};
pub use policy::{Policy, Standing as StandingPolicy};
pub use record::{RecordMerge, SideWrite, merge_record, merge_record_under};
pub use set::merge_set;
pub use transform::{Transform, TransformError};
pub use undo::{Known, NotUndone, UndoPlan, UndoStep, undo};
