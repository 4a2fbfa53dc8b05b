//! `kinitro crypto`: the operator's key pair.

mod check;

use crate::{
    commands::{chain::Subnet, wallet::Wallet},
    exit::{Exit, print},
};
use clap::{Args, Subcommand};
use kinitro_chain::{
    Chain,
    commitment::{self, Parsed},
};
use kinitro_proto::Hotkey;
use kinitro_sealing::{KeyFiles, PublicKey, SecretKey, read_secret_key};
use std::{
    env,
    path::{Path, PathBuf},
};

/// What to do with the key.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a key pair: NAME for the scheduler, NAME.pub for everyone
    #[command(
        after_help = "Example:\n  kinitro crypto generate-keypair --output /etc/kinitro/keys --name backend"
    )]
    GenerateKeypair(Generate),
    /// Commit the public key on chain, where miners find it; replaces what the hotkey had committed
    #[command(
        after_help = "Example:\n  kinitro crypto publish-public-key -f ~/.config/kinitro/keys/backend --netuid 26 --wallet-name operator"
    )]
    PublishPublicKey(Box<Publish>),
    /// Print the public key that an operator's hotkey has committed; exit 3 if there is none
    #[command(
        after_help = "Example:\n  kinitro crypto fetch-public-key --backend-hotkey 5Grwva… --netuid 26"
    )]
    FetchPublicKey(Fetch),
    /// Print the public key of a private one
    #[command(after_help = "Example:\n  kinitro crypto show-public-key -f ~/.config/kinitro/keys/backend")]
    ShowPublicKey(Secret),
    /// Seal a text and, if the private key is given, open it again
    #[command(
        after_help = "Example:\n  kinitro crypto test-encryption -f ~/.config/kinitro/keys/backend --deployment-id my-policy"
    )]
    TestEncryption(check::Check),
}

/// Where a new pair goes.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct Generate {
    /// The folder; unset: `kinitro/keys` in `$XDG_CONFIG_HOME`, else in `~/.config`
    #[arg(long, short, value_name = "FOLDER")]
    output: Option<PathBuf>,
    /// What the default of `--output` is in
    #[arg(long, env = "XDG_CONFIG_HOME", hide = true)]
    config_home: Option<PathBuf>,
    /// The private key's file name
    #[arg(long, short, default_value = "backend")]
    name: String,
    /// Replace files that are there: what was sealed for the old key will not open any more
    #[arg(long, short)]
    force: bool,
}

/// What publishing takes.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct Publish {
    #[command(flatten)]
    key: Secret,
    #[command(flatten)]
    subnet: Subnet,
    #[command(flatten)]
    wallet: Wallet,
}

/// Whose key to look for.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct Fetch {
    /// The hotkey that published it
    #[arg(long, short, env = "KINITRO_BACKEND_HOTKEY", value_name = "HOTKEY")]
    backend_hotkey: Hotkey,
    #[command(flatten)]
    subnet: Subnet,
}

/// A private key, one way or the other.
#[derive(Debug, Args)]
#[group(id = "secret", required = true, multiple = true)]
pub(crate) struct Secret {
    /// The private key, 64 hexadecimal digits. Better in a file: other users see a command's flags
    #[arg(long, short = 'k', hide_env_values = true, value_name = "HEX")]
    private_key: Option<SecretKey>,
    /// The file with the private key
    #[arg(long, short = 'f', value_name = "FILE")]
    private_key_file: Option<PathBuf>,
}

pub(crate) async fn run(command: Command) -> Result<(), Exit> {
    match command {
        Command::GenerateKeypair(generate) => generate.run(),
        Command::PublishPublicKey(publish) => publish.run().await,
        Command::FetchPublicKey(Fetch {
            backend_hotkey,
            subnet,
        }) => print(published_key(&subnet, &backend_hotkey).await?.to_string()),
        Command::ShowPublicKey(secret) => print(secret.digits_first()?.public_key().to_string()),
        Command::TestEncryption(check) => check.run(),
    }
}

impl Generate {
    fn run(&self) -> Result<(), Exit> {
        let name = Path::new(&self.name);
        if name.file_name() != Some(name.as_os_str()) {
            return Err(Exit::Config(vec![
                "--name is a file's name; its folder is --output".to_owned(),
            ]));
        }
        let files = KeyFiles::named(&self.folder()?, &self.name);
        let key = SecretKey::generate()?;
        files.write(&key, self.force).map_err(|error| match error {
            kinitro_sealing::Error::Exists { path } => Exit::Conflict(format!(
                "the key file `{}` is there already; --force replaces it, and then nothing opens that was sealed for it",
                path.display()
            )),
            error => error.into(),
        })?;
        print(format!(
            "private key:  {}\npublic key:   {}\n              {}",
            files.secret.display(),
            files.public.display(),
            key.public_key()
        ))
    }

    fn folder(&self) -> Result<PathBuf, Exit> {
        if let Some(folder) = &self.output {
            return Ok(folder.clone());
        }
        keys_folder(self.config_home.as_deref())
    }
}

/// Where keys go that are given no place.
pub(crate) fn keys_folder(config_home: Option<&Path>) -> Result<PathBuf, Exit> {
    let set = config_home.filter(|home| home.is_absolute()).map(Path::to_owned);
    let home = set.or_else(|| env::home_dir().map(|home| home.join(".config")));
    let home = home.ok_or_else(|| Exit::Config(vec!["there is no home folder: set --output".to_owned()]))?;
    Ok(home.join("kinitro/keys"))
}

impl Publish {
    async fn run(&self) -> Result<(), Exit> {
        let key = self.key.file_first()?.public_key();
        let signer = self.wallet.signer()?;
        let netuid = self.subnet.netuid;
        let inclusion = Chain::new(self.subnet.network.clone())
            .set_commitment(&signer, netuid, &commitment::build_operator_key(&key))
            .await?;
        print(format!(
            "public key:  {key}\nhotkey:      {}\nsubnet:      {netuid}\nblock:       {}",
            signer.hotkey(),
            inclusion.block
        ))
    }
}

impl Secret {
    /// As v2 publishes: the file wins.
    fn file_first(&self) -> Result<SecretKey, Exit> {
        match (&self.private_key_file, &self.private_key) {
            (Some(path), _) => Ok(read_secret_key(path)?),
            (None, key) => given(key.as_ref()),
        }
    }

    /// As v2 shows: the digits win.
    fn digits_first(&self) -> Result<SecretKey, Exit> {
        match (&self.private_key, &self.private_key_file) {
            (None, Some(path)) => Ok(read_secret_key(path)?),
            (key, _) => given(key.as_ref()),
        }
    }
}

fn given(key: Option<&SecretKey>) -> Result<SecretKey, Exit> {
    let missing = || Exit::Config(vec!["give --private-key-file or --private-key".to_owned()]);
    key.cloned().ok_or_else(missing)
}

/// The key that an operator's hotkey has committed.
pub(crate) async fn published_key(subnet: &Subnet, hotkey: &Hotkey) -> Result<PublicKey, Exit> {
    let netuid = subnet.netuid;
    let chain = Chain::new(subnet.network.clone());
    let committed = chain.commitment(netuid, hotkey).await?;
    let text = committed.and_then(|commitment| commitment.text());
    let text = text.ok_or_else(|| {
        Exit::NotFound(format!(
            "hotkey `{hotkey}` has committed nothing on subnet {netuid}"
        ))
    })?;
    match commitment::parse(&text) {
        Ok(Parsed::OperatorKey(key)) => Ok(key),
        _ => Err(Exit::NotFound(format!(
            "hotkey `{hotkey}` has committed something else than a public key on subnet {netuid}"
        ))),
    }
}
