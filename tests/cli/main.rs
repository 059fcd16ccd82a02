//! The built program from outside: arguments in, results and exit codes out.

#![expect(clippy::unwrap_used, reason = "a helper fails with its test")]

mod auth;
mod bad_input;
mod canary;
mod passes;
mod records;
mod user;
