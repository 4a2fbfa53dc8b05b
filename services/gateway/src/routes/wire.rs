//! What the routes share: how a cycle, what it is checked by, a time, a number and an answer kept ready look on
//! the wire, and in which form a client takes it.

pub(crate) mod cycle;
pub(crate) mod encoding;
pub(crate) mod input;
pub(crate) mod kept;
pub(crate) mod signed;
pub(crate) mod time;
