//! The tabs: state, update and view of each.

pub mod bench_beside;
pub mod bench_records;
pub mod bench_view;
pub mod conflicts;
pub mod conflicts_view;
pub mod contact_forms;
pub mod contacts;
pub mod contacts_view;
pub mod detail;
pub mod detail_view;
pub mod errors;
pub mod errors_view;
pub mod policies;
pub mod put_off;
pub mod rates;
pub mod rates_view;
pub mod staging;
pub mod sync_log;
pub mod task_forms;
pub mod tasks;
pub mod tasks_view;
pub mod views;
pub mod workbench;
