use crate::{Error, Result};
use kinitro_proto::Uid;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Weights as the chain takes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quantised {
    /// The miners, ascending.
    pub uids: Vec<u16>,
    /// Their weights; the largest is 65535, none is 0.
    pub values: Vec<u16>,
}

/// Turns shares into what the chain takes.
///
/// # Errors
/// When a weight is negative or no number, or all are zero.
pub fn quantise(weights: &BTreeMap<Uid, f64>, max_weight: u16) -> Result<Quantised> {
    let _ = (weights, max_weight);
    Err(Error::Weights {
        reason: "not written yet".to_owned(),
    })
}
