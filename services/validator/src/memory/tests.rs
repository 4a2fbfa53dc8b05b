use super::*;
use kinitro_chain::PreparedKind;
use std::os::unix::fs::PermissionsExt;
use tempfile::TempDir;

pub(crate) const GENESIS: Hash = Hash([7; 32]);

pub(crate) fn hotkey() -> Hotkey {
    "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty"
        .parse()
        .unwrap()
}

pub(crate) fn last(cycle: i64, block: u64) -> Last {
    Last {
        cycle: CycleId(cycle),
        block: BlockNumber(block),
        included_at: BlockNumber(block + 50),
        extrinsic: Some(Hash([1; 32])),
    }
}

pub(crate) fn intent(cycle: i64, block: u64) -> Intent {
    Intent {
        cycle: CycleId(cycle),
        block: BlockNumber(block),
        weights: Quantised {
            uids: vec![1, 2],
            values: vec![65535, 4],
        },
        prepared: Prepared {
            genesis: Hash([1; 32]),
            netuid: 1,
            hotkey: "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
                .parse()
                .unwrap(),
            nonce: 9,
            hash: Hash([2; 32]),
            signed_at: BlockNumber(block + 40),
            version_key: 0,
            expires_at: BlockNumber(block + 104),
            kind: PreparedKind::Timelocked { reveal_round: 12 },
            bytes: vec![1, 2, 3],
        },
    }
}

/// An empty memory in a folder that lives as long as the first value.
pub(crate) fn memory() -> (TempDir, Folder, Memory) {
    let place = TempDir::new().unwrap();
    let folder = Folder::lock(place.path(), 1, &hotkey()).unwrap();
    let memory = folder.memory(GENESIS).unwrap();
    (place, folder, memory)
}

fn file(place: &TempDir) -> PathBuf {
    let name = format!("1-{}-0707070707070707.json", hotkey());
    place.path().join(name)
}

#[test]
fn what_is_written_is_read_by_the_next_process() {
    let (_place, folder, mut memory) = memory();
    assert_eq!((memory.last(), memory.intent()), (None, None));
    memory.intend(intent(7, 1000)).unwrap();
    assert_eq!(folder.memory(GENESIS).unwrap().intent(), Some(&intent(7, 1000)));
    memory.done(last(7, 1000)).unwrap();
    let again = folder.memory(GENESIS).unwrap();
    assert_eq!((again.last(), again.intent()), (Some(&last(7, 1000)), None));
    memory.intend(intent(8, 2000)).unwrap();
    memory.give_up().unwrap();
    let again = folder.memory(GENESIS).unwrap();
    assert_eq!((again.last(), again.intent()), (Some(&last(7, 1000)), None));
}

#[test]
fn only_the_owner_can_read_it() {
    let place = TempDir::new().unwrap();
    let below = place.path().join("a/b");
    let folder = Folder::lock(&below, 1, &hotkey()).unwrap();
    folder.memory(GENESIS).unwrap().intend(intent(7, 1000)).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&below), 0o700);
    let files: Vec<_> = fs::read_dir(&below)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    assert_eq!(files.len(), 2, "the memory, its lock and nothing else: {files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{file:?}");
    }
}

#[test]
fn a_write_that_was_cut_short_leaves_the_old_memory() {
    let (place, folder, mut memory) = memory();
    memory.done(last(7, 1000)).unwrap();
    // What a crash leaves: the start of a new file beside the old one.
    fs::write(file(&place).with_extension("new"), "{\"version\": 1, \"gen").unwrap();
    let mut again = folder.memory(GENESIS).unwrap();
    assert_eq!(again.last(), Some(&last(7, 1000)));
    again.done(last(8, 2000)).unwrap();
    assert_eq!(folder.memory(GENESIS).unwrap().last(), Some(&last(8, 2000)));
}

#[test]
fn what_cannot_be_written_is_not_remembered_either() {
    let (place, _folder, mut memory) = memory();
    fs::remove_dir_all(place.path()).unwrap();
    let error = memory.intend(intent(7, 1000)).unwrap_err();
    assert!(matches!(error, Error::Memory { .. }), "{error}");
    assert_eq!(memory.intent(), None);
}

#[test]
fn two_validators_do_not_share_a_memory() {
    let (place, folder, _memory) = memory();
    let error = Folder::lock(place.path(), 1, &hotkey()).unwrap_err();
    assert!(matches!(error, Error::Locked { .. }), "{error}");
    assert!(error.to_string().contains("--state-dir"), "{error}");
    // Another subnet, or another hotkey, is another validator.
    let other: Hotkey = "5Other".parse().unwrap();
    Folder::lock(place.path(), 2, &hotkey()).unwrap();
    Folder::lock(place.path(), 1, &other).unwrap();
    drop(folder);
    Folder::lock(place.path(), 1, &hotkey()).unwrap();
}

#[test]
fn to_look_takes_no_lock_and_makes_nothing() {
    let place = TempDir::new().unwrap();
    let below = place.path().join("a");
    let folder = Folder::unlocked(&below, 1, &hotkey());
    assert_eq!(folder.memory(GENESIS).unwrap().last(), None);
    assert!(!below.exists());
    let (place, _locked, mut memory) = memory();
    memory.done(last(7, 1000)).unwrap();
    let folder = Folder::unlocked(place.path(), 1, &hotkey());
    assert_eq!(folder.memory(GENESIS).unwrap().last(), Some(&last(7, 1000)));
}

#[test]
fn each_chain_has_its_own_memory() {
    let (_place, folder, mut memory) = memory();
    memory.done(last(7, 1000)).unwrap();
    let other = Hash([8; 32]);
    assert_eq!(folder.memory(other).unwrap().last(), None);
    assert_eq!((folder.others(GENESIS), folder.others(other)), (0, 1));
    folder.memory(other).unwrap().done(last(1, 5)).unwrap();
    assert_eq!(folder.memory(GENESIS).unwrap().last(), Some(&last(7, 1000)));
}

#[test]
fn a_memory_that_is_not_ours_or_damaged_is_refused_by_name() {
    let (place, folder, mut memory) = memory();
    memory.done(last(7, 1000)).unwrap();
    let good = fs::read_to_string(file(&place)).unwrap();
    for (from, to, what) in [
        ("\"version\": 1", "\"version\": 2", "the version differs"),
        ("0x07", "0x08", "the chain differs"),
        ("\"netuid\": 1", "\"netuid\": 2", "the subnet differs"),
        ("5FHneW", "5GHneW", "the hotkey differs"),
        ("\"last\"", "\"lost\"", "cannot be read"),
        ("}", "", "cannot be read"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "`{from}` is in the file");
        fs::write(file(&place), bad).unwrap();
        let error = folder.memory(GENESIS).unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
        assert!(error.contains("0707070707070707.json"), "{error}");
    }
}
