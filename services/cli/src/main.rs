//! The one binary. fn main() {}
fn main() {}
