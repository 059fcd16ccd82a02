//! couplet
fn main() {}
