//! The routes, one module for each thing they are about; in front of them what they share.

pub(crate) mod cycle;
pub(crate) mod document;
pub(crate) mod environments;
pub(crate) mod health;
pub(crate) mod input;
pub(crate) mod miners;
pub(crate) mod scores;
pub(crate) mod status;
pub(crate) mod tasks;
pub(crate) mod time;
pub(crate) mod weights;
