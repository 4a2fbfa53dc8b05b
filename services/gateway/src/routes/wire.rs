//! What the routes share: how a cycle, a time, a number and an answer kept ready look on the wire.

pub(crate) mod cycle;
pub(crate) mod document;
pub(crate) mod input;
pub(crate) mod time;
