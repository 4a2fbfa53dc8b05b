//! `kinitro miner commit`.

use crate::{
    commands::{chain::Subnet, crypto::published_key, wallet::Wallet},
    exit::{Exit, print},
};
use clap::{ArgGroup, Args};
use kinitro_chain::{
    Chain,
    commitment::{Built, Draft, Envelope, MAX_COMMITMENT, PublicKey, Seal, build},
};
use kinitro_proto::Hotkey;

/// What is committed, and how.
#[derive(Debug, Args)]
#[group(skip)]
#[command(group = ArgGroup::new("place").required(true).args(["deployment_id", "endpoint"]))]
pub(crate) struct Commit {
    /// The repository of the policy, with --revision
    #[arg(long, requires = "revision", value_name = "REPO")]
    repo: Option<String>,
    /// The repository's revision; its first 8 characters are committed
    #[arg(long, requires = "repo", value_name = "REVISION")]
    revision: Option<String>,
    /// The id of the policy's deployment: letters, digits and dashes
    #[arg(long, short, value_name = "ID")]
    deployment_id: Option<String>,
    /// The policy's address, http:// or https://, instead of a deployment id
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// Seal it, so that only the operator can read it
    #[arg(long, short)]
    encrypt: bool,
    /// The operator's hotkey, whose published key to seal with
    #[arg(long, short, env = "KINITRO_BACKEND_HOTKEY", value_name = "HOTKEY")]
    backend_hotkey: Option<Hotkey>,
    /// The operator's public key, 64 hexadecimal digits; wins over the hotkey
    #[arg(long, env = "KINITRO_BACKEND_PUBLIC_KEY", value_name = "HEX")]
    backend_public_key: Option<PublicKey>,
    /// The envelope's version; unset: 2, or 1 where only that fits. 1 is for operators of Kinitro v2: another miner may
    /// copy it
    #[arg(long, requires = "encrypt", value_name = "VERSION")]
    envelope: Option<Envelope>,
    /// Print what would be committed, and commit nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    subnet: Subnet,
    #[command(flatten)]
    wallet: Wallet,
}

impl Commit {
    pub(super) async fn run(&self) -> Result<(), Exit> {
        let draft = self.draft()?;
        let signer = self.wallet.signer()?;
        let netuid = self.subnet.netuid;
        let built = match self.operator().await? {
            None => build(&draft, None)?,
            Some(to) => {
                let seal = Seal {
                    to: &to,
                    envelope: self.envelope,
                    netuid,
                    hotkey: signer.hotkey(),
                };
                build(&draft, Some(&seal))?
            }
        };
        if self.encrypt && self.envelope.is_none() && built.envelope == Some(Envelope::Legacy) {
            tracing::warn!(
                "sealed with version 1, as version 2 does not fit: another miner may copy it. A shorter repository, or none, helps"
            );
        }
        print(told(&built, netuid, signer.hotkey()))?;
        if self.dry_run {
            return print("dry run:     nothing was committed");
        }
        let chain = Chain::new(self.subnet.network.clone());
        let inclusion = chain.set_commitment(&signer, netuid, &built.text).await?;
        print(format!("block:       {}", inclusion.block))
    }

    fn draft(&self) -> Result<Draft<'_>, Exit> {
        let fault = |fault: &str| Err(Exit::Config(vec![fault.to_owned()]));
        let endpoint = match (&self.deployment_id, &self.endpoint) {
            (Some(id), _) if id.contains(':') => {
                return fault("--deployment-id has no colon; an address goes into --endpoint");
            }
            (_, Some(url)) if !url.contains("://") => {
                return fault("--endpoint starts with http:// or https://");
            }
            (Some(text), _) | (None, Some(text)) => text,
            (None, None) => return fault("give --deployment-id or --endpoint"),
        };
        Ok(Draft {
            repo: self.repo.as_deref(),
            revision: self.revision.as_deref(),
            endpoint,
        })
    }

    /// The key to seal with, if it is to be sealed.
    async fn operator(&self) -> Result<Option<PublicKey>, Exit> {
        match (self.encrypt, &self.backend_public_key, &self.backend_hotkey) {
            (false, ..) => Ok(None),
            (true, Some(key), _) => Ok(Some(*key)),
            (true, None, Some(hotkey)) => published_key(&self.subnet, hotkey).await.map(Some),
            (true, None, None) => Err(Exit::Config(vec![
                "--encrypt needs the operator's key: --backend-hotkey or --backend-public-key".to_owned(),
            ])),
        }
    }
}

fn told(built: &Built, netuid: u16, hotkey: &Hotkey) -> String {
    let sealed = match built.envelope {
        None => "no: everyone can read it".to_owned(),
        Some(envelope) => format!("version {envelope}, for the operator"),
    };
    format!(
        "commitment:  {}\nlength:      {} of {MAX_COMMITMENT} bytes\nsealed:      {sealed}\nhotkey:      {hotkey}\nsubnet:      {netuid}",
        built.text,
        built.text.len()
    )
}
