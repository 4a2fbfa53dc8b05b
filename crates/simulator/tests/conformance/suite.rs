//! What every mode must do alike (`contract`), and what every real program may do wrong (`faults`).

pub(crate) mod contract;
pub(crate) mod faults;
