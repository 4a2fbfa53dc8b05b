//! Weights that nobody can read before a drand round: commit-reveal, version 4.

mod beacon;
mod payload;
mod round;

pub(crate) use beacon::Beacon;
pub(crate) use payload::payload;

/// The version of commit-reveal that this crate speaks.
pub(crate) const VERSION: u16 = 4;

#[cfg(test)]
mod tests;
