//! `kinitro crypto test-encryption`.

use crate::exit::{Exit, print};
use clap::Args;
use kinitro_sealing::{Context, Envelope, Error, PublicKey, SecretKey, open, read_secret_key, seal};
use std::path::PathBuf;

/// Nobody's: what this command seals is for no commitment.
const NOBODY: Context = Context {
    netuid: 0,
    account: [0; 32],
};

/// What is sealed, and for whom.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct Check {
    /// What to seal: a deployment id, or an http:// or https:// URL
    #[arg(
        long,
        short,
        default_value = "95edf2b6-e18b-400a-8398-5573df10e5e4",
        value_name = "TEXT"
    )]
    deployment_id: String,
    /// The public key to seal it for; unset: that of the private key
    #[arg(
        long,
        short,
        required_unless_present_any = ["private_key", "private_key_file"],
        value_name = "HEX"
    )]
    public_key: Option<PublicKey>,
    /// The private key, 64 hexadecimal digits; wins over the file
    #[arg(long, short = 'k', hide_env_values = true, value_name = "HEX")]
    private_key: Option<SecretKey>,
    /// The file with the private key
    #[arg(long, short = 'f', value_name = "FILE")]
    private_key_file: Option<PathBuf>,
}

impl Check {
    pub(super) fn run(&self) -> Result<(), Exit> {
        let secret = self.secret()?;
        let public = self
            .public_key
            .or_else(|| secret.as_ref().map(SecretKey::public_key));
        let missing = || Exit::Config(vec!["give --public-key or a private key".to_owned()]);
        let public = public.ok_or_else(missing)?;
        print(format!("public key:  {public}"))?;
        for envelope in [Envelope::Legacy, Envelope::Bound] {
            let blob = match seal(&self.deployment_id, &public, envelope, &NOBODY) {
                Err(error @ Error::NotUuid) => {
                    print(format!("version {envelope}:   {error}"))?;
                    continue;
                }
                sealed => sealed?,
            };
            print(format!(
                "version {envelope}:   {blob}\n             {} characters",
                blob.len()
            ))?;
            if let Some(secret) = &secret {
                self.reopen(&blob, envelope, secret)?;
            }
        }
        Ok(())
    }

    fn secret(&self) -> Result<Option<SecretKey>, Exit> {
        Ok(match (&self.private_key, &self.private_key_file) {
            (Some(key), _) => Some(key.clone()),
            (None, Some(path)) => Some(read_secret_key(path)?),
            (None, None) => None,
        })
    }

    /// Version 1 writes a UUID its own way, so that counts as the same.
    fn reopen(&self, blob: &str, envelope: Envelope, secret: &SecretKey) -> Result<(), Exit> {
        let plain = |text: &str| text.replace('-', "").to_ascii_lowercase();
        let opened = open(blob, envelope, secret, &NOBODY)?;
        if opened == self.deployment_id || plain(&opened) == plain(&self.deployment_id) {
            print(format!("             opens to {opened}"))
        } else {
            Err(Exit::Failure(format!(
                "version {envelope} opened to another text"
            )))
        }
    }
}
