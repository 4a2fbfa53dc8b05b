//! The sweep: a path through the places where MetaWorld puts goals, drawers and buttons, followed by feedback alone.
//!
//! A miner is not told in `/act` which episode or environment an observation belongs to, and several are mixed on one
//! miner. So nothing is remembered: the hand's place says how far the path has come, and the gripper, which the tasks
//! solved here do not need, is the one bit of memory: it tells the two paths apart where they cross.
//!
//! * Open: down behind the drawer's handle, forward (closes the drawer), then line by line through the box of reach
//!   goals, once through its middle and once in front.
//! * Closed: over the button's box, pressing down at six places. Only an episode of the button starts so far back
//!   (y = 0.4) that it gets there.

use super::{Act, Seen};
use std::sync::LazyLock;

type Point = [f64; 3];

/// A straight piece of the way.
struct Leg {
    from: Point,
    to: Point,
    /// Command to the gripper on it: 0 opens, 1 closes.
    gripper: f64,
}

/// How hard the hand is pulled back to its line: full speed at 5 cm.
const PULL: f64 = 20.0;

/// Legs this much farther than the nearest count as equally near, in metres; the last of them is taken, so that
/// corners are left forwards.
const TIE: f64 = 0.003;

/// Under this reading the gripper counts as closed; closing takes it from 1 to about 0.65.
const CLOSED: f64 = 0.93;

/// From the start at (0, 0.6, 0.2) to the end of the second pass. MetaWorld draws reach goals from ±0.1 × 0.8…0.9 ×
/// 0.05…0.3 and measures at the fingers' middle, 4.5 cm under the hand; success is within 5 cm, so are the lines.
const DRAWER_AND_REACH: &[Point] = &[
    [0.0, 0.6, 0.2],
    [0.0, 0.52, 0.2],
    [0.0, 0.46, 0.12],
    [0.0, 0.72, 0.12],
    [0.08, 0.87, 0.12],
    [-0.08, 0.87, 0.12],
    [-0.08, 0.87, 0.17],
    [0.08, 0.87, 0.17],
    [0.08, 0.87, 0.22],
    [-0.08, 0.87, 0.22],
    [-0.08, 0.87, 0.27],
    [0.08, 0.87, 0.27],
    [0.08, 0.87, 0.32],
    [-0.08, 0.87, 0.32],
    [-0.08, 0.81, 0.32],
    [0.08, 0.81, 0.32],
    [0.08, 0.81, 0.27],
    [-0.08, 0.81, 0.27],
    [-0.08, 0.81, 0.22],
    [0.08, 0.81, 0.22],
    [0.08, 0.81, 0.17],
    [-0.08, 0.81, 0.17],
];

/// Straight up from the start of the button's episodes, while the gripper closes.
const RISE: &[Point] = &[[0.0, 0.4, 0.2], [0.0, 0.4, 0.42]];

/// Where to press, and where to come up again, away from where the button may still be: each x, y. The button's top
/// has a radius of 4.3 cm, its middle is in ±0.1 × 0.8…0.9.
const PRESSES: [([f64; 2], [f64; 2]); 6] = [
    ([-0.07, 0.82], [-0.07, 0.75]),
    ([0.0, 0.82], [0.0, 0.75]),
    ([0.07, 0.82], [0.15, 0.85]),
    ([0.07, 0.88], [0.07, 0.95]),
    ([0.0, 0.88], [0.0, 0.95]),
    ([-0.07, 0.88], [-0.07, 0.95]),
];

/// The hand's height over all buttons, in metres.
const OVER: f64 = 0.42;

/// The hand's height with the button pressed, in metres: the box under the button stops it here.
const PRESSED: f64 = 0.25;

static OPEN_LEGS: LazyLock<Vec<Leg>> =
    LazyLock::new(|| legs(DRAWER_AND_REACH, 0.0).chain(legs(RISE, 1.0)).collect());

static CLOSED_LEGS: LazyLock<Vec<Leg>> = LazyLock::new(|| {
    let press = |([x, y], [u, v]): ([f64; 2], [f64; 2])| [[x, y, OVER], [x, y, PRESSED], [u, v, OVER]];
    let start = std::iter::once([0.0, 0.4, OVER]);
    let points: Vec<Point> = start.chain(PRESSES.into_iter().flat_map(press)).collect();
    legs(&points, 1.0).collect()
});

fn legs(points: &[Point], gripper: f64) -> impl Iterator<Item = Leg> {
    points.windows(2).map(move |pair| Leg {
        from: pair[0],
        to: pair[1],
        gripper,
    })
}

/// Along the nearest leg, and back towards it.
pub(super) fn act(seen: &Seen) -> Act {
    let (Some(hand), Some(gripper)) = (seen.ee_pos, seen.gripper) else {
        return Act::default();
    };
    let legs: &[Leg] = if gripper > CLOSED {
        &OPEN_LEGS
    } else {
        &CLOSED_LEGS
    };
    let leg = nearest(legs, hand);
    let (length, foot) = (norm(minus(leg.to, leg.from)), foot(leg, hand));
    let twist: Point =
        std::array::from_fn(|i| (leg.to[i] - leg.from[i]) / length + PULL * (foot[i] - hand[i]));
    // One factor for all axes keeps the direction.
    let scale = twist.iter().fold(1.0, |most: f64, x| most.max(x.abs()));
    let [x, y, z] = twist.map(|x| x / scale);
    Act {
        ee_twist: [x, y, z, 0.0, 0.0, 0.0],
        gripper: [leg.gripper],
    }
}

fn nearest(legs: &[Leg], hand: Point) -> &Leg {
    let distance = |leg: &Leg| norm(minus(foot(leg, hand), hand));
    let least = legs.iter().map(distance).fold(f64::INFINITY, f64::min);
    legs.iter()
        .rfind(|leg| distance(leg) <= least + TIE)
        .expect("the least is the distance of one of them")
}

/// The leg's point nearest to the hand.
fn foot(leg: &Leg, hand: Point) -> Point {
    let way = minus(leg.to, leg.from);
    let along = (dot(minus(hand, leg.from), way) / dot(way, way)).clamp(0.0, 1.0);
    std::array::from_fn(|i| leg.from[i] + along * way[i])
}

fn minus(a: Point, b: Point) -> Point {
    std::array::from_fn(|i| a[i] - b[i])
}

fn dot(a: Point, b: Point) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(a: Point) -> f64 {
    dot(a, a).sqrt()
}

#[cfg(test)]
mod tests;
