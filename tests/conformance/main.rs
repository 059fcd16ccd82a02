//! Every answer of the sandbox against the official specs of GHL.

#[path = "../support/spec.rs"]
mod spec;
