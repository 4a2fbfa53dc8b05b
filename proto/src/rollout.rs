//! What passes between simulator, executor and policy in an episode. The wire shapes are those of
//! `environments/PROTOCOL.md`; the JSON a miner sees is made from these by `crates/policy`.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a miner may see of an environment. All floats are finite.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Observation {
    /// Colour images by camera.
    pub rgb: BTreeMap<String, Image>,
    /// Depth images by camera.
    pub depth: BTreeMap<String, Image>,
    /// The robot's own state by name.
    pub proprio: BTreeMap<String, Vec<f64>>,
    /// Camera matrices by camera.
    pub cam_intrinsics: BTreeMap<String, Vec<Vec<f64>>>,
    /// Camera poses by camera.
    pub cam_extrinsics: BTreeMap<String, Vec<Vec<f64>>>,
    /// Whatever else the family's README names.
    pub extra: BTreeMap<String, Extra>,
}

/// A picture: raw bytes in C order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// The raw bytes, rows first.
    #[serde(with = "serde_bytes")]
    pub data: Vec<u8>,
    /// `[height, width, channels]` or `[height, width]`.
    pub shape: Vec<u32>,
    /// `uint8` or `float32`.
    pub dtype: String,
}

/// A value in an observation's `extra`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Extra {
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A finite number.
    Float(f64),
    /// Text.
    Text(String),
    /// Several values.
    List(Vec<Extra>),
}

/// What a policy wants done. All floats are finite and fit a 32-bit float.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Action {
    /// Numbers by channel, e.g. `ee_twist` (6) and `gripper` (1).
    pub continuous: BTreeMap<String, Vec<f64>>,
    /// Choices by channel.
    pub discrete: BTreeMap<String, i64>,
}

/// What a simulator answers to an action.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The world after the action.
    pub observation: Observation,
    /// This step's reward; finite.
    pub reward: f64,
    /// Whether the episode has ended.
    pub done: bool,
    /// Whether the environment's goal was reached at this or an earlier step.
    pub success: bool,
}
