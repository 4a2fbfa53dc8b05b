//! How the mock miner acts: a function of what it sees now and, for `random`, of chance. Nothing is kept between calls,
//! so any number of episodes may be mixed on one miner.

mod sweep;

use rand::Rng;
use serde::Serialize;
use serde_json::Value;
use std::f64::consts::TAU;

/// A way to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Policy {
    /// Zeros.
    Still,
    /// Small random twists and a coin for the gripper, as v2's mock.
    Random,
    /// Leads the hand blindly over the places where goals, drawers and buttons can be.
    Sweep,
}

/// What a policy looks at in an observation; the rest is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Seen {
    /// Where the hand is, in metres.
    pub ee_pos: Option<[f64; 3]>,
    /// How open the gripper is, 0 … 1.
    pub gripper: Option<f64>,
}

/// What a policy wants.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Act {
    /// Motion of the hand: three of place, three of angle, each in ±1.
    pub ee_twist: [f64; 6],
    /// 0 opens, 1 closes.
    pub gripper: [f64; 1],
}

impl Seen {
    /// Reads an observation that is well-formed as the miner protocol says.
    pub(crate) fn in_observation(observation: &Value) -> Self {
        let numbers = |name: &str| -> Option<Vec<f64>> {
            let values = observation.get("proprio")?.get(name)?.as_array()?;
            values
                .iter()
                .map(|value| value.as_f64().filter(|x| x.is_finite()))
                .collect()
        };
        Self {
            ee_pos: numbers("ee_pos").and_then(|values| values.try_into().ok()),
            gripper: numbers("gripper").and_then(|values| values.first().copied()),
        }
    }
}

impl Policy {
    /// Decides on an action.
    #[must_use]
    pub fn act(self, seen: &Seen) -> Act {
        match self {
            Self::Still => Act::default(),
            Self::Random => random(&mut rand::rng()),
            Self::Sweep => sweep::act(seen),
        }
    }
}

/// v2's: N(0, 1)·0.1 as 32-bit floats, and a fair coin.
fn random(rng: &mut impl Rng) -> Act {
    let gripper = f64::from(u8::from(rng.random_bool(0.5)));
    Act {
        ee_twist: std::array::from_fn(|_| f64::from(narrow(normal(rng) * 0.1))),
        gripper: [gripper],
    }
}

/// Box–Muller.
fn normal(rng: &mut impl Rng) -> f64 {
    // 1 − x is over 0, so that its logarithm is finite.
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    radius * (TAU * rng.random::<f64>()).cos()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "32-bit floats are what v2's mock sends"
)]
fn narrow(x: f64) -> f32 {
    x as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};
    use serde_json::json;

    #[test]
    fn random_twists_are_normal_and_the_coin_is_fair() {
        let mut rng = StdRng::seed_from_u64(7);
        let acts: Vec<Act> = (0..4000).map(|_| random(&mut rng)).collect();
        let twists: Vec<f64> = acts.iter().flat_map(|act| act.ee_twist).collect();
        let count = twists.len() as f64;
        let mean = twists.iter().sum::<f64>() / count;
        let deviation = (twists.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count).sqrt();
        assert!(
            mean.abs() < 0.003 && (deviation - 0.1).abs() < 0.003,
            "{mean} {deviation}"
        );
        let within = twists.iter().filter(|x| x.abs() < 0.1).count() as f64 / count;
        assert!((within - 0.683).abs() < 0.01, "{within}");
        assert!(
            twists
                .iter()
                .all(|&x| f64::from(narrow(x)).to_bits() == x.to_bits())
        );
        let heads = acts.iter().filter(|act| act.gripper == [1.0]).count();
        assert!(
            acts.iter()
                .all(|act| act.gripper == [0.0] || act.gripper == [1.0])
                && (1850..2150).contains(&heads)
        );
    }

    #[test]
    fn only_whole_finite_readings_are_seen() {
        let seen = Seen::in_observation(&json!({"proprio": {"ee_pos": [0.0, 0.6, 1], "gripper": [0.5]}}));
        assert_eq!(
            seen,
            Seen {
                ee_pos: Some([0.0, 0.6, 1.0]),
                gripper: Some(0.5)
            }
        );
        for odd in [
            json!({}),
            json!({"proprio": {"ee_pos": [0, 1], "gripper": []}}),
            json!({"proprio": {"ee_pos": ["0", 1, 2]}}),
        ] {
            assert_eq!(Seen::in_observation(&odd), Seen::default(), "{odd}");
        }
    }
}
