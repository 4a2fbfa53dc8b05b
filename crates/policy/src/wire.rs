//! One call to a policy: what is sent, what is taken for an answer, and whose fault the rest is.

mod blame;
mod call;
mod decode;
mod encode;

pub(crate) use blame::is_ours;
pub(crate) use call::Call;
pub(crate) use decode::action;
pub(crate) use encode::{observation, reset};
