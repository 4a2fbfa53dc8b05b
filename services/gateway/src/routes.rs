//! The routes, one module for each thing they are about.

pub(crate) mod cycles;
pub(crate) mod environments;
pub(crate) mod evidence;
pub(crate) mod health;
pub(crate) mod keys;
pub(crate) mod miners;
pub(crate) mod scores;
pub(crate) mod status;
pub(crate) mod tasks;
pub(crate) mod weights;
pub(crate) mod wire;
