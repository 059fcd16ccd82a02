//! The built program from outside: arguments in, results and exit codes out.

#![expect(clippy::unwrap_used, reason = "a helper fails with its test")]

mod auth;
mod backup;
mod bad_input;
mod bench;
mod canary;
mod control;
mod export;
mod forget;
mod golden;
mod links;
mod passes;
mod policies;
mod records;
mod user;
