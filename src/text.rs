//! Remote text.
