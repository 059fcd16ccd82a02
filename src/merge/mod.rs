//! Pure functions from model to model: normalise, map fields, match identities, merge three ways, plan. No clock,
//! no I/O, no async.
