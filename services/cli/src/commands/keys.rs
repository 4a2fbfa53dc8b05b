//! `kinitro keys`: what weights are signed with. Making and showing needs no ledger; who may sign is in the ledger.

use crate::{
    commands::{Database, crypto::keys_folder, table},
    exit::{Exit, print},
};
use clap::{Args, Subcommand};
use comfy_table::CellAlignment;
use jiff::Timestamp;
use kinitro_audit::keys::{KeyId, PublicKey, SigningKey};
use kinitro_store::{KeyState, SigningKeyRow};
use std::path::{Path, PathBuf};

/// What to do with signing keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a signing key: FILE for the scorer, FILE.pub for everyone
    #[command(after_help = "\
Example:
  kinitro keys generate --output /etc/kinitro/keys/weights-2026
  kinitro scorer --signing-key-file /etc/kinitro/keys/weights-2026

Exit codes: 0 made, 4 there is such a file already.")]
    Generate(Generate),
    /// Print a key file's key id and public key
    #[command(after_help = "Example:\n  kinitro keys show /etc/kinitro/keys/weights-2026.pub")]
    Show {
        /// The private key's file, or the public key's, which ends in .pub
        file: PathBuf,
    },
    /// List every key that ever signed: the ledger knows them from the scorers
    #[command(after_help = "Example:\n  kinitro keys list")]
    List {
        #[command(flatten)]
        database: Database,
    },
    /// Let a key sign no more, for good; what it signed before stands
    #[command(after_help = "\
Example:
  kinitro keys retire 7f1c0a9be2d35588

Take the key out of the scorers' settings first: a scorer that still has it settles no cycle.

Exit codes: 0 retired now or before, 3 the ledger knows no such key.")]
    Retire {
        /// The key's id, as `keys list` shows it
        key_id: KeyId,
        #[command(flatten)]
        database: Database,
    },
}

/// Where a new key goes.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct Generate {
    /// The private key's file; unset: `kinitro/keys/weights` in `$XDG_CONFIG_HOME`, else in `~/.config`
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// What the default of `--output` is in
    #[arg(long, env = "XDG_CONFIG_HOME", hide = true)]
    config_home: Option<PathBuf>,
}

pub(crate) async fn run(command: Command) -> Result<(), Exit> {
    match command {
        Command::Generate(generate) => generate.run(),
        Command::Show { file } => print(told(&public_key(&file)?)),
        Command::List { database } => list(&database).await,
        Command::Retire { key_id, database } => retire(key_id, &database).await,
    }
}

impl Generate {
    fn run(&self) -> Result<(), Exit> {
        let file = match &self.output {
            Some(file) => file.clone(),
            None => keys_folder(self.config_home.as_deref())?.join("weights"),
        };
        let key = SigningKey::generate()?;
        key.write(&file)?;
        print(format!(
            "private file:  {}\npublic file:   {}.pub\n{}",
            file.display(),
            file.display(),
            told(&key.public())
        ))
    }
}

fn told(key: &PublicKey) -> String {
    format!("key id:        {}\npublic key:    {key}", key.id())
}

fn public_key(file: &Path) -> Result<PublicKey, Exit> {
    if file.extension().is_some_and(|extension| extension == "pub") {
        Ok(PublicKey::read(file)?)
    } else {
        Ok(SigningKey::read(file)?.public())
    }
}

async fn list(database: &Database) -> Result<(), Exit> {
    let keys = database.store().signing_keys().await?;
    if keys.is_empty() {
        return print("no signing key so far: a scorer with --signing-key-file makes its key known");
    }
    print(listed(&keys)?)
}

fn listed(keys: &[SigningKeyRow]) -> Result<String, Exit> {
    let mut table = table(&["KEY ID", "STATE", "DOCUMENTS", "ADDED", "RETIRED", "PUBLIC KEY"]);
    for row in keys {
        let state = match row.state() {
            KeyState::Active => "active",
            KeyState::Retired => "retired",
        };
        table.add_row([
            row.key_id.clone(),
            state.to_owned(),
            row.documents.to_string(),
            time(row.added_at),
            row.retired_at.map_or("—".to_owned(), time),
            PublicKey::from_bytes(&row.public_key)?.to_string(),
        ]);
    }
    if let Some(documents) = table.column_mut(2) {
        documents.set_cell_alignment(CellAlignment::Right);
    }
    Ok(table.trim_fmt())
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

async fn retire(key_id: KeyId, database: &Database) -> Result<(), Exit> {
    let store = database.store();
    if !store.retire_signing_key(&key_id.to_string()).await? {
        return Err(Exit::NotFound(format!(
            "the ledger knows no key `{key_id}`; `kinitro keys list` shows those that it knows"
        )));
    }
    let keys = store.signing_keys().await?;
    if keys.iter().all(|key| key.state() == KeyState::Retired) {
        tracing::warn!("no key is left that may sign: the next weights will be unsigned");
    }
    print(format!(
        "key `{key_id}` signs no more; a scorer that still has it settles no cycle"
    ))
}
