//! The built program from outside: arguments in, results and exit codes out.

mod bad_input;
mod passes;
mod records;
mod user;
