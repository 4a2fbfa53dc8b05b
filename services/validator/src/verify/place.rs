//! Where things come from: the gateway, or files beside each other.

use super::{Config, keys};
use crate::{
    Error,
    error::Result,
    gateway::{Answer, Http, TIMEOUT},
};
use kinitro_audit::{bundle::gunzip, keys::PublicKey, verify::MAX_ANSWER};
use kinitro_proto::CycleId;
use std::{
    fmt,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

/// How the files of one cycle end, after the part that they share.
pub(super) const WEIGHTS: &str = ".weights.json";
pub(super) const EVIDENCE: &str = ".evidence.jsonl";
pub(super) const KEYS: &str = ".keys.json";

/// Where a thing comes from.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// The gateway is asked for it.
    Gateway(Http),
    /// It is in this file.
    File(PathBuf),
}

/// Where everything comes from.
#[derive(Debug)]
pub(super) enum Places {
    /// There are weights that somebody signed.
    Signed {
        /// The weights.
        weights: Place,
        /// The keys that are not given; none if nobody names any.
        keys: Option<Place>,
        /// What the weights were computed from.
        evidence: Place,
    },
    /// There is evidence alone, in this file.
    Alone(PathBuf),
}

impl Places {
    pub(super) fn of(config: &Config) -> Result<Self> {
        let http = match config.backend() {
            Some(url) => Some(Place::Gateway(Http::new(&url, TIMEOUT)?)),
            None => None,
        };
        let bundle = config.bundle.clone();
        let near = |path: &Option<PathBuf>, own, other| beside(path.as_deref()?, own, other);
        let given = config.weights.clone();
        let file = given.clone().or_else(|| near(&bundle, EVIDENCE, WEIGHTS));
        let weights = match (given, &http) {
            (None, Some(http)) => Some(http.clone()),
            _ => file.clone().map(Place::File),
        };
        let at = |path: Option<PathBuf>| http.clone().or(path.map(Place::File));
        let keys = at(near(&file, WEIGHTS, KEYS));
        match (weights, bundle) {
            (Some(weights), bundle) => {
                let given = bundle.map(Place::File);
                let evidence = given.or_else(|| at(near(&file, WEIGHTS, EVIDENCE)));
                let evidence = evidence.ok_or(Error::NoBundle)?;
                Ok(Self::Signed {
                    weights,
                    keys,
                    evidence,
                })
            }
            (None, Some(bundle)) => Ok(Self::Alone(bundle)),
            (None, None) => Err(Error::NoBundle),
        }
    }
}

/// The file of the same cycle that ends in another way, if there is one.
fn beside(path: &Path, own: &str, other: &str) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let path = path.with_file_name(format!("{}{other}", name.strip_suffix(own)?));
    path.is_file().then_some(path)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gateway(http) => http.base().fmt(f),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

impl Place {
    /// The weights of the cycle, else the newest, as they came.
    pub(super) async fn answer(&self, cycle: Option<CycleId>) -> Result<Answer> {
        match (self, cycle) {
            (Self::Gateway(http), Some(cycle)) => {
                http.whole(&["v1", "cycles", &cycle.to_string(), "weights"]).await
            }
            (Self::Gateway(http), None) => http.whole(&["v1", "weights", "latest"]).await,
            (Self::File(path), _) => {
                let bytes = read(path)?;
                let (digest, signature) = (None, None);
                Ok(Answer {
                    bytes,
                    digest,
                    signature,
                })
            }
        }
    }

    /// The keys that it names, as they came; none at a gateway from before there were any.
    pub(super) async fn keys(&self) -> Result<Option<Vec<u8>>> {
        match self {
            Self::Gateway(http) => match http.whole(&["v1", "keys"]).await {
                Ok(answer) => Ok(Some(answer.bytes)),
                Err(Error::NotThere { .. }) => Ok(None),
                Err(error) => Err(error),
            },
            Self::File(path) => read(path).map(Some),
        }
    }
}

/// The keys that a place names.
pub(super) async fn keys_of(place: &Place) -> Result<Vec<PublicKey>> {
    let Some(bytes) = place.keys().await? else {
        return Ok(Vec::new());
    };
    keys::read(&bytes).map_err(|fault| Error::BadKeys {
        origin: place.to_string(),
        fault,
    })
}

/// Evidence in a file, unpacked if it is packed.
pub(super) fn open(path: &Path) -> Result<Box<dyn BufRead + Send>> {
    let failed = |source| of_file(path, source);
    let file = File::open(path).map_err(failed)?;
    let mut reader = BufReader::with_capacity(64 * 1024, file);
    let is_packed = reader.fill_buf().map_err(failed)?.starts_with(&[0x1f, 0x8b]);
    Ok(if is_packed {
        Box::new(gunzip(reader))
    } else {
        Box::new(reader)
    })
}

/// A whole file, of at most the length of an answer.
fn read(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = MAX_ANSWER as u64;
    let read = File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes));
    read.map_err(|source| of_file(path, source))?;
    if bytes.len() > MAX_ANSWER {
        return Err(of_file(path, io::ErrorKind::FileTooLarge.into()));
    }
    Ok(bytes)
}

pub(super) fn of_file(path: &Path, source: io::Error) -> Error {
    Error::File {
        path: path.to_owned(),
        source,
    }
}
