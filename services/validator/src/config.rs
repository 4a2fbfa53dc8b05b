//! What a validator can set; flags and defaults of version 2, and what it lacked.

use clap::builder::BoolishValueParser;
use kinitro_audit::keys::PublicKey;
use kinitro_chain::{Network, Signer};
use std::{
    env, fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};
use url::Url;

/// The validator's settings.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct Config {
    /// The operator's gateway, e.g. `https://kinitro.example`; the weights are at `/v1/weights/latest` below it
    #[arg(long, env = "KINITRO_VALIDATOR_BACKEND_URL", value_name = "URL")]
    pub backend_url: Url,

    /// The chain: finney, test, archive, local, or a node's ws:// or wss:// URL
    #[arg(
        long,
        env = "KINITRO_VALIDATOR_NETWORK",
        default_value = "finney",
        value_name = "NETWORK"
    )]
    pub network: Network,

    /// The subnet
    #[arg(long, env = "KINITRO_VALIDATOR_NETUID", value_name = "N")]
    pub netuid: u16,

    /// The wallet's name
    #[arg(
        long,
        env = "KINITRO_VALIDATOR_WALLET_NAME",
        default_value = "default",
        value_name = "NAME"
    )]
    pub wallet_name: String,

    /// The hotkey's name in the wallet
    #[arg(
        long,
        env = "KINITRO_VALIDATOR_HOTKEY_NAME",
        default_value = "default",
        value_name = "NAME"
    )]
    pub hotkey_name: String,

    /// The folder of the wallets
    #[arg(
        long,
        env = "KINITRO_VALIDATOR_WALLET_PATH",
        default_value = "~/.bittensor/wallets",
        value_name = "FOLDER"
    )]
    pub wallet_path: PathBuf,

    /// A file with the hotkey, instead of a wallet
    #[arg(long, env = "KINITRO_VALIDATOR_HOTKEY_FILE", value_name = "FILE")]
    pub hotkey_file: Option<PathBuf>,

    /// The hotkey as a secret URI such as `//validator`, instead of a wallet: for development chains
    #[arg(
        long,
        env = "KINITRO_VALIDATOR_HOTKEY_URI",
        hide_env_values = true,
        value_name = "URI"
    )]
    pub hotkey_uri: Option<SecretUri>,

    /// Seconds between two looks at the gateway
    #[arg(
        long,
        env = "KINITRO_VALIDATOR_POLL_INTERVAL_SECONDS",
        default_value_t = 60,
        value_name = "SECONDS"
    )]
    pub poll_interval: u32,

    /// Seconds after which weights are too old to be submitted; the default is what two cycles may take at most
    /// (`--cycle-timeout` of the scheduler, twice)
    #[arg(
        long,
        env = "KINITRO_VALIDATOR_MAX_AGE_SECONDS",
        default_value_t = 14_400,
        value_name = "SECONDS"
    )]
    pub max_age: u32,

    /// The version key to submit with; the default is what version 2's validators sent. A subnet that asks for a
    /// higher one gets no weights
    #[arg(
        long,
        env = "KINITRO_VALIDATOR_VERSION_KEY",
        default_value_t = 10_001_000,
        value_name = "N"
    )]
    pub version_key: u64,

    /// Where to remember what was submitted; unset: `kinitro/validator` in `$XDG_STATE_HOME`, else in `~/.local/state`
    #[arg(long, env = "KINITRO_VALIDATOR_STATE_DIR", value_name = "FOLDER")]
    pub state_dir: Option<PathBuf>,

    /// What the default of `--state-dir` is in.
    #[arg(long, env = "XDG_STATE_HOME", hide = true)]
    pub state_home: Option<PathBuf>,

    /// Compute weights again from the evidence, and check who signed them, before they are submitted; those that do not hold
    /// are refused
    #[arg(long, env = "KINITRO_VALIDATOR_VERIFY", num_args = 0..=1, require_equals = true, value_name = "BOOL",
          default_value = "false", default_missing_value = "true", value_parser = BoolishValueParser::new())]
    pub verify: bool,

    /// With --verify: a key that must have signed, 64 hexadecimal digits; with several, one of them. Unset: whatever key
    /// the gateway names as its own, so that it vouches for itself
    #[arg(
        long,
        env = "KINITRO_VALIDATOR_TRUSTED_KEY",
        value_delimiter = ',',
        value_name = "HEX"
    )]
    pub trusted_key: Vec<PublicKey>,

    /// Look once, do what is to be done, and end: 0 done or done before, 5 not allowed, 75 try later, 1 refused
    #[arg(long, env = "KINITRO_VALIDATOR_ONCE", num_args = 0..=1, require_equals = true, value_name = "BOOL",
          default_value = "false", default_missing_value = "true", value_parser = BoolishValueParser::new())]
    pub once: bool,

    /// Print what would be submitted, or why nothing would; submit and remember nothing
    #[arg(long, env = "KINITRO_VALIDATOR_DRY_RUN", num_args = 0..=1, require_equals = true, value_name = "BOOL",
          default_value = "false", default_missing_value = "true", value_parser = BoolishValueParser::new())]
    pub dry_run: bool,

    /// Where to serve /health, /ready and /metrics; not served with --once and --dry-run
    #[arg(
        long,
        env = "KINITRO_HEALTH_LISTEN",
        default_value = "127.0.0.1:9104",
        value_name = "ADDRESS"
    )]
    pub health_listen: SocketAddr,
}

/// A hotkey's secret URI. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretUri(String);

impl fmt::Debug for SecretUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl FromStr for SecretUri {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl Config {
    /// Every fault of the settings at once; empty when they can be run with.
    #[must_use]
    pub fn check(&self) -> Vec<String> {
        let mut faults = url_faults("--backend-url", &self.backend_url);
        let rules = [
            (
                self.verify || self.trusted_key.is_empty(),
                "--trusted-key checks nothing without --verify",
            ),
            (
                self.netuid > 0,
                "--netuid is not 0: nobody sets weights in the root subnet",
            ),
            (
                (1..=3600).contains(&self.poll_interval),
                "--poll-interval is 1 to 3600 seconds",
            ),
            (
                (60..=604_800).contains(&self.max_age),
                "--max-age is 60 to 604800 seconds",
            ),
            (
                self.max_age >= self.poll_interval,
                "--max-age is not below --poll-interval: weights would be too old before they are seen",
            ),
            (
                self.hotkey_file.is_none() || self.hotkey_uri.is_none(),
                "--hotkey-file and --hotkey-uri are two hotkeys; give one",
            ),
            (
                self.state_dir().is_some(),
                "--state-dir is needed: neither XDG_STATE_HOME nor a home folder is known",
            ),
        ];
        let broken = rules.into_iter().filter(|(holds, _)| !holds);
        faults.extend(broken.map(|(_, fault)| fault.to_owned()));
        faults
    }

    /// The time between two looks at the gateway.
    pub(crate) fn poll(&self) -> Duration {
        Duration::from_secs(self.poll_interval.into())
    }

    /// The hotkey, from wherever the settings say.
    pub(crate) fn signer(&self) -> kinitro_chain::Result<Signer> {
        match (&self.hotkey_uri, &self.hotkey_file) {
            (Some(SecretUri(uri)), _) => Signer::from_uri(uri),
            (None, Some(file)) => Signer::from_file(&at_home(file)),
            (None, None) => {
                Signer::from_wallet(&at_home(&self.wallet_path), &self.wallet_name, &self.hotkey_name)
            }
        }
    }

    /// Where the memory is kept, if that can be known.
    pub(crate) fn state_dir(&self) -> Option<PathBuf> {
        let given = self.state_dir.as_deref().map(at_home);
        let of_the_system = || {
            let absolute = |path: &PathBuf| path.is_absolute();
            let state = self.state_home.clone().filter(absolute);
            let state = state.or_else(|| Some(env::home_dir().filter(absolute)?.join(".local/state")))?;
            Some(state.join("kinitro/validator"))
        };
        given.or_else(of_the_system)
    }
}

/// Every fault of a gateway's address, which that flag gave.
pub(crate) fn url_faults(flag: &str, url: &Url) -> Vec<String> {
    let rules = [
        (
            matches!(url.scheme(), "http" | "https") && url.has_host(),
            "is an http:// or https:// URL",
        ),
        (
            url.username().is_empty() && url.password().is_none(),
            "carries no user and no password: the weights are public",
        ),
        (
            url.query().is_none() && url.fragment().is_none(),
            "ends before `?` and `#`",
        ),
    ];
    let broken = rules.into_iter().filter(|(holds, _)| !holds);
    broken.map(|(_, rule)| format!("{flag} {rule}")).collect()
}

/// The path with a leading `~` replaced: defaults and service files are not read by a shell.
fn at_home(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), env::home_dir()) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use clap::Parser;
    use kinitro_audit::keys::SigningKey;

    #[derive(Parser)]
    struct Arguments {
        #[command(flatten)]
        config: Config,
    }

    pub(crate) fn config(flags: &[&str]) -> Config {
        let required = [
            "validate",
            "--backend-url",
            "http://gateway:8000",
            "--netuid",
            "1",
        ];
        let arguments = Arguments::try_parse_from(required.iter().chain(flags));
        arguments.unwrap_or_else(|error| panic!("{error}")).config
    }

    #[test]
    fn the_defaults_can_be_run_with_and_are_those_of_version_2() {
        let config = config(&["--state-dir", "/tmp/state"]);
        assert_eq!(config.check(), Vec::<String>::new());
        assert_eq!(config.network.to_string(), "finney");
        assert_eq!(
            (config.wallet_name.as_str(), config.hotkey_name.as_str()),
            ("default", "default")
        );
        assert_eq!((config.poll_interval, config.version_key), (60, 10_001_000));
    }

    #[test]
    fn a_switch_is_on_when_it_is_named() {
        for (flags, once, dry_run) in [
            (&[][..], false, false),
            (&["--once"], true, false),
            (&["--once", "--dry-run"], true, true),
            (&["--once=false", "--dry-run=1"], false, true),
        ] {
            let config = config(flags);
            assert_eq!((config.once, config.dry_run), (once, dry_run), "{flags:?}");
        }
    }

    #[test]
    fn keys_are_trusted_only_if_weights_are_verified() {
        let keys = [[1; 32], [2; 32]].map(|bytes| SigningKey::from_bytes(&bytes).public());
        let list = format!("{},{}", keys[0], keys[1]);
        let both = config(&["--verify", "--trusted-key", &list, "--state-dir", "/tmp/state"]);
        assert_eq!(
            (both.trusted_key.as_slice(), both.check()),
            (&keys[..], Vec::new())
        );
        let one = keys[0].to_string();
        let idle = config(&["--trusted-key", &one, "--state-dir", "/tmp/state"]);
        assert_eq!(idle.check(), ["--trusted-key checks nothing without --verify"]);
        assert!(!config(&[]).verify && config(&["--verify"]).check().is_empty());
    }

    #[test]
    fn the_backend_and_the_subnet_must_be_named() {
        for missing in [&["--netuid", "1"][..], &["--backend-url", "http://gateway:8000"]] {
            let read = Arguments::try_parse_from(["validate"].iter().chain(missing));
            assert!(read.is_err(), "{missing:?}");
        }
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let arguments = [
            "validate",
            "--backend-url=ftp://me:hunter2@gateway?x=1",
            "--netuid=0",
            "--poll-interval=0",
            "--max-age=1",
            "--hotkey-uri=//a",
            "--hotkey-file=/b",
        ];
        let faults = Arguments::try_parse_from(arguments).unwrap().config.check();
        assert_eq!(faults.len(), 7, "{faults:#?}");
        assert!(!faults.join("").contains("hunter2"));
    }

    #[test]
    fn no_secret_is_printed() {
        let config = config(&["--hotkey-uri", "hunter2 hunter2//x"]);
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn the_memory_has_a_place_of_its_own() {
        let given = config(&["--state-dir", "/var/lib/x", "--state-home", "/state"]);
        assert_eq!(given.state_dir(), Some("/var/lib/x".into()));
        let standard = config(&["--state-home", "/state"]);
        assert_eq!(standard.state_dir(), Some("/state/kinitro/validator".into()));
        // The standard says to ignore a relative one.
        let relative = config(&["--state-home", "state"]).state_dir().unwrap();
        assert!(
            relative.ends_with(".local/state/kinitro/validator"),
            "{relative:?}"
        );
    }
}
