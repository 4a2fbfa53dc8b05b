#![doc = include_str!("../README.md")]

mod seed;

pub use seed::{commitment, seed};
