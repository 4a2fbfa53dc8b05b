//! What every mode must do alike (`contract`), and what every real program may do wrong
//! (`faults`); and the template of a family, which is such a program (`template`).

pub(crate) mod contract;
pub(crate) mod faults;
pub(crate) mod template;
