//! Arguments in, results out.
