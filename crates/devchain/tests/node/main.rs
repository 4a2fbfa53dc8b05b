//! The node, asked over its socket as clients ask it.
#![expect(clippy::unwrap_used, reason = "a test that meets an error has failed")]

mod client;
mod life;
mod methods;
mod pool;
mod reveal;
mod states;
mod upgrade;
