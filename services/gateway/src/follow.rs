//! What runs beside the requests: keeping in memory what the ledger and the bus say.

pub(crate) mod backlog;
pub(crate) mod latest;
