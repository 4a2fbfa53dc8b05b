//! What a gateway gives, kept in files, before it is looked at: whether it holds or not.

use super::place::{EVIDENCE, KEYS, Place, Places, WEIGHTS, of_file};
use crate::{
    Error,
    error::Result,
    gateway::{Http, Limits},
};
use kinitro_proto::CycleId;
use serde::Deserialize;
use std::{
    fs::{self, File},
    io::{self, BufRead, Write},
    path::{Path, PathBuf},
};

/// As much of an answer as names its files.
#[derive(Deserialize)]
struct Head {
    cycle_id: CycleId,
}

/// Puts everything that comes from a gateway into the folder; it is checked as it lies there.
pub(super) async fn all(places: Places, cycle: Option<CycleId>, folder: &Path) -> Result<Places> {
    let Places::Signed {
        weights: Place::Gateway(http),
        ..
    } = places
    else {
        return Ok(places);
    };
    let gateway = Place::Gateway(http.clone());
    let answer = gateway.answer(cycle).await?;
    let cycle = match cycle {
        Some(cycle) => cycle,
        None => {
            let head: Head =
                serde_json::from_slice(&answer.bytes).map_err(|source| Error::Unreadable { source })?;
            head.cycle_id
        }
    };
    fs::create_dir_all(folder).map_err(|source| of_file(folder, source))?;
    let path = |end| folder.join(format!("cycle-{cycle}{end}"));
    let weights = whole(path(WEIGHTS), &answer.bytes)?;
    let keys = match gateway.keys().await? {
        Some(bytes) => Some(Place::File(whole(path(KEYS), &bytes)?)),
        None => None,
    };
    let evidence = match evidence(&http, cycle, path(EVIDENCE)).await? {
        Some(path) => Place::File(path),
        // The checks before it come first; then it is said that there is none.
        None => gateway,
    };
    Ok(Places::Signed {
        weights: Place::File(weights),
        keys,
        evidence,
    })
}

async fn evidence(http: &Http, cycle: CycleId, path: PathBuf) -> Result<Option<PathBuf>> {
    let to = path.clone();
    let copy = move |reader: &mut dyn BufRead| written(&to, |file| io::copy(reader, file).map(drop));
    match http.evidence(cycle, Limits::default(), copy).await? {
        Some(copied) => copied.map(|()| Some(path)),
        None => Ok(None),
    }
}

fn whole(path: PathBuf, bytes: &[u8]) -> Result<PathBuf> {
    written(&path, |file| file.write_all(bytes))?;
    Ok(path)
}

/// The old file or the whole new one is there, never a part.
fn written(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    let placed = File::create(&part)
        .and_then(|mut file| write(&mut file).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&part, path));
    placed.map_err(|source| {
        // It may never have been made.
        drop(fs::remove_file(&part));
        of_file(path, source)
    })
}
