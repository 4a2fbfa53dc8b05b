//! `kinitro validate`: the one service that prints, if it is a dry run.

use crate::{
    exit::{Exit, print},
    service,
};
use kinitro_validator::{Config, Rehearsal};

pub(crate) async fn run(config: Config) -> Result<(), Exit> {
    let watch = async |stop| kinitro_validator::run(config, stop, tell).await;
    service::run_sorted("validator", watch).await
}

fn tell(rehearsal: &Rehearsal) {
    if let Err(exit) = print(rehearsal.to_string()) {
        tracing::warn!(?exit, "what the dry run found could not be printed");
    }
}
