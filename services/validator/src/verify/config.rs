//! What a verification can be told.

use kinitro_audit::keys::PublicKey;
use kinitro_proto::CycleId;
use std::path::PathBuf;
use url::Url;

/// The gateway of this machine.
const DEFAULT_GATEWAY: &str = "http://127.0.0.1:8000";

/// What to check, and whom to believe.
#[derive(Debug, Clone, Default, clap::Args)]
#[group(skip)]
pub struct Config {
    /// The cycle; unset: the gateway's newest, or that of the files
    #[arg(long, value_name = "N")]
    pub cycle: Option<CycleId>,

    /// The operator's gateway; unset, and neither --bundle nor --weights given: `http://127.0.0.1:8000`
    #[arg(long, value_name = "URL")]
    pub gateway: Option<Url>,

    /// The evidence from this file, packed or not, instead of the gateway. The weights are then, without --weights and
    /// --gateway, those of `X.weights.json` beside `X.evidence.jsonl`
    #[arg(long, value_name = "FILE")]
    pub bundle: Option<PathBuf>,

    /// The weights from this file, a saved answer, instead of the gateway
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,

    /// A key that must have signed, 64 hexadecimal digits; with several, one of them. Unset: whatever key the gateway, or
    /// the file `X.keys.json` beside the weights, names as its own: it then vouches for itself
    #[arg(long, env = "KINITRO_TRUSTED_KEY", value_delimiter = ',', value_name = "HEX")]
    pub trusted_key: Vec<PublicKey>,

    /// The subnet that the weights must be for
    #[arg(long, value_name = "N")]
    pub netuid: Option<u16>,

    /// Keep what the gateway gives in this folder, as `cycle-N.weights.json`, `.evidence.jsonl` and `.keys.json`
    #[arg(long, value_name = "FOLDER")]
    pub save: Option<PathBuf>,
}

impl Config {
    /// Every fault of the settings at once; empty when they can be run with.
    #[must_use]
    pub fn check(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if let Some(url) = &self.gateway {
            faults.extend(crate::config::url_faults("--gateway", url));
        }
        if self.save.is_some() && (self.bundle.is_some() || self.weights.is_some()) {
            faults.push(
                "--save keeps what a gateway gives; --bundle and --weights are files already".to_owned(),
            );
        }
        if self.cycle.is_some_and(|cycle| cycle.0 < 0) {
            faults.push("--cycle is a cycle's number".to_owned());
        }
        faults
    }

    /// The gateway, if one is to be asked.
    pub(super) fn backend(&self) -> Option<Url> {
        let is_offline = self.bundle.is_some() || self.weights.is_some();
        let default = || DEFAULT_GATEWAY.parse().expect("it is a URL");
        self.gateway.clone().or_else(|| (!is_offline).then(default))
    }
}
