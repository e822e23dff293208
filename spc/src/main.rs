//! The `spc` command.
fn main() {}
