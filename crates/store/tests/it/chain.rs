//! Which chain, how far, and who was first.

use crate::{
    constraints::refused,
    ledger::{Ledger, NETUID},
};
use kinitro_proto::BlockNumber;
use kinitro_store::{ChainBlock, NewCommitment, Seen};

fn genesis(digit: char) -> String {
    format!("0x{}", digit.to_string().repeat(64))
}

fn at(number: u64) -> ChainBlock {
    ChainBlock {
        netuid: NETUID,
        genesis_hash: genesis('a'),
        number: BlockNumber(number),
    }
}

fn on_another_chain(number: u64) -> ChainBlock {
    ChainBlock {
        genesis_hash: genesis('b'),
        ..at(number)
    }
}

fn commitment(hotkey: &str, lineage: u8, block: u64) -> NewCommitment {
    NewCommitment {
        hotkey: hotkey.parse().unwrap(),
        lineage: [lineage; 32],
        repo: Some(format!("someone/policy-{lineage}")),
        revision: None,
        block: BlockNumber(block),
    }
}

impl Ledger {
    async fn noted(&self, at: &ChainBlock, commitments: &[NewCommitment]) -> (Seen, Vec<u64>) {
        let (seen, blocks) = self.store.note_commitments(at, commitments).await.unwrap();
        (seen, blocks.iter().map(|block| block.0).collect())
    }

    async fn first_blocks(&self) -> Vec<String> {
        self.texts(
            "SELECT concat_ws(' ', left(genesis_hash, 3), hotkey, get_byte(lineage, 0), first_block, last_block) \
             FROM commitments ORDER BY 1",
        )
        .await
    }
}

#[tokio::test]
async fn committing_the_same_again_keeps_the_first_block() {
    let ledger = Ledger::new().await;
    let first = [commitment("5A", 1, 90), commitment("5B", 1, 70)];
    assert_eq!(ledger.noted(&at(100), &first).await, (Seen::First, vec![90, 70]));
    let again = [commitment("5B", 1, 150), commitment("5A", 1, 90)];
    assert_eq!(ledger.noted(&at(200), &again).await, (Seen::Same, vec![70, 90]));
    // Something else starts at its own block, and what was there before has not forgotten its own.
    let other = [commitment("5A", 2, 250)];
    assert_eq!(ledger.noted(&at(300), &other).await, (Seen::Same, vec![250]));
    let back = [commitment("5A", 1, 350)];
    assert_eq!(ledger.noted(&at(400), &back).await, (Seen::Same, vec![90]));
    assert_eq!(
        ledger.first_blocks().await,
        ["0xa 5A 1 90 350", "0xa 5A 2 250 250", "0xa 5B 1 70 150"]
    );
}

#[tokio::test]
async fn whoever_notes_commitments_first_or_twice_the_same_is_kept() {
    let ledger = Ledger::new().await;
    let reads: Vec<_> = (0..20)
        .map(|n| {
            let store = ledger.store.clone();
            // The same commit, and later ones of the same content, in no order.
            let rows: Vec<_> = (0..50)
                .map(|key| commitment(&format!("5A{key}"), 1, 10 + (n * 7 + key) % 20))
                .collect();
            tokio::spawn(async move { store.note_commitments(&at(100), &rows).await.unwrap() })
        })
        .collect();
    let mut firsts = 0;
    for read in reads {
        let (seen, blocks) = read.await.unwrap();
        assert_eq!(blocks.len(), 50);
        firsts += u32::from(seen == Seen::First);
    }
    assert_eq!(firsts, 1, "one of them knew of no chain");
    let query = "SELECT count(*) FROM commitments WHERE first_block = 10 AND last_block = 29";
    assert_eq!(ledger.number(query).await, 50);
}

#[tokio::test]
async fn another_chain_is_told_once_and_has_seniorities_of_its_own() {
    let ledger = Ledger::new().await;
    ledger.noted(&at(5000), &[commitment("5A", 1, 4000)]).await;
    let reset = Seen::Reset { was: genesis('a') };
    let seen = ledger.store.note_head(&on_another_chain(3)).await.unwrap();
    assert_eq!(seen, reset);
    let again = ledger
        .noted(&on_another_chain(4), &[commitment("5A", 1, 2)])
        .await;
    assert_eq!(again, (Seen::Same, vec![2]));
    let row = "SELECT concat_ws(' ', left(genesis_hash, 3), left(former_genesis_hash, 3), resets, head_block, \
               read_block) FROM chains";
    assert_eq!(ledger.texts(row).await, ["0xb 0xa 1 4 4"]);
    // It was the wrong address: the right one's seniority is still there, whatever block the wrong one was at.
    let back = ledger.noted(&at(4998), &[commitment("5A", 1, 4990)]).await;
    assert_eq!(back, (Seen::Reset { was: genesis('b') }, vec![4000]));
    assert_eq!(ledger.texts(row).await, ["0xa 0xb 2 4998 4998"]);
}

#[tokio::test]
async fn a_node_that_is_behind_is_noticed_and_changes_nothing() {
    let ledger = Ledger::new().await;
    ledger.noted(&at(1000), &[commitment("5A", 1, 990)]).await;
    let behind = |highest| Seen::Behind {
        highest: BlockNumber(highest),
    };
    let older = ledger.noted(&at(999), &[commitment("5A", 1, 3)]).await;
    assert_eq!(older, (behind(1000), vec![]));
    assert_eq!(ledger.first_blocks().await, ["0xa 5A 1 990 990"]);
    // Heads are seen between two readings, too, and by nodes that are not at the same block.
    assert_eq!(ledger.store.note_head(&at(1100)).await.unwrap(), Seen::Same);
    assert_eq!(ledger.store.note_head(&at(1098)).await.unwrap(), Seen::Same);
    assert_eq!(ledger.store.note_head(&at(1050)).await.unwrap(), behind(1100));
    assert_eq!(ledger.noted(&at(1050), &[]).await.0, behind(1100));
    assert_eq!(ledger.noted(&at(1099), &[]).await.0, Seen::Same);
    assert_eq!(ledger.number("SELECT head_block FROM chains").await, 1100);
    // Another subnet's chain is another matter.
    let elsewhere = ChainBlock { netuid: 2, ..at(1) };
    assert_eq!(ledger.store.note_head(&elsewhere).await.unwrap(), Seen::First);
}

#[tokio::test]
async fn a_hotkey_that_commits_without_end_forgets_its_own_and_nobody_elses() {
    let ledger = Ledger::new().await;
    ledger
        .noted(&at(10), &[commitment("5A", 0, 5), commitment("5B", 0, 6)])
        .await;
    for lineage in 1..=70 {
        let block = 10 + u64::from(lineage);
        let rows = [commitment("5A", lineage, block), commitment("5B", 0, 6)];
        let (_, blocks) = ledger.noted(&at(block), &rows).await;
        assert_eq!(blocks, [block, 6]);
    }
    let kept = "SELECT count(*) FROM commitments WHERE hotkey = '5A'";
    assert_eq!(ledger.number(kept).await, 64);
    let (_, blocks) = ledger
        .noted(&at(90), &[commitment("5A", 70, 85), commitment("5A0", 0, 9)])
        .await;
    assert_eq!(blocks, [80, 9]);
    let oldest = "SELECT min(get_byte(lineage, 0))::bigint FROM commitments WHERE hotkey = '5A'";
    assert_eq!(ledger.number(oldest).await, 7);
    assert_eq!(ledger.first_blocks().await.last().unwrap(), "0xa 5B 0 6 6");
}

#[tokio::test]
async fn a_lineage_that_nobody_reads_for_half_a_year_is_dropped() {
    let ledger = Ledger::new().await;
    ledger
        .noted(&at(10), &[commitment("5A", 1, 5), commitment("5B", 1, 6)])
        .await;
    ledger
        .noted(&on_another_chain(10), &[commitment("5A", 1, 7)])
        .await;
    ledger
        .run("UPDATE commitments SET first_seen_at = now() - interval '181 days', last_seen_at = now() - interval '181 days'")
        .await;
    // However long nobody looked: what is still on the chain keeps its block.
    let (_, blocks) = ledger.noted(&at(20), &[commitment("5A", 1, 15)]).await;
    assert_eq!(blocks, [5]);
    assert_eq!(ledger.first_blocks().await, ["0xa 5A 1 5 15"]);
}

#[tokio::test]
async fn a_strangers_commitment_cannot_fail_the_reading() {
    let ledger = Ledger::new().await;
    let odd = NewCommitment {
        repo: Some("a\0b\n".repeat(10_000)),
        revision: Some("\u{202e}\u{0}".to_owned()),
        ..commitment("5A", 1, 1)
    };
    assert_eq!(ledger.noted(&at(1), &[odd]).await, (Seen::First, vec![1]));
    assert_eq!(ledger.noted(&at(1), &[]).await, (Seen::Same, vec![]));
    let beyond = commitment("5A", 1, u64::MAX);
    let error = ledger
        .store
        .note_commitments(&at(2), &[beyond])
        .await
        .unwrap_err();
    assert!(!error.is_passing(), "{error:?}");
    assert_eq!(ledger.number("SELECT head_block FROM chains").await, 1);
}

#[tokio::test]
async fn bad_rows_of_chains_and_commitments_are_refused_by_name() {
    let ledger = Ledger::new().await;
    ledger.noted(&at(100), &[commitment("5A", 1, 90)]).await;
    for (constraint, statement) in [
        ("chains_pkey", "INSERT INTO chains SELECT * FROM chains"),
        ("chains_netuid_check", "UPDATE chains SET netuid = -1"),
        (
            "chains_genesis_hash_check",
            "UPDATE chains SET genesis_hash = '0xAB'",
        ),
        ("chains_resets_check", "UPDATE chains SET resets = 1"),
        (
            "chains_former_check",
            "UPDATE chains SET resets = 1, former_genesis_hash = genesis_hash",
        ),
        ("chains_read_block_check", "UPDATE chains SET read_block = 101"),
        (
            "chains_head_block_check",
            "UPDATE chains SET read_block = NULL, head_block = -1",
        ),
        (
            "commitments_pkey",
            "INSERT INTO commitments SELECT * FROM commitments",
        ),
        (
            "commitments_netuid_check",
            "UPDATE commitments SET netuid = 65536",
        ),
        (
            "commitments_genesis_hash_check",
            "UPDATE commitments SET genesis_hash = ''",
        ),
        (
            "commitments_hotkey_check",
            "UPDATE commitments SET hotkey = 'a b'",
        ),
        (
            "commitments_lineage_check",
            "UPDATE commitments SET lineage = '\\x00'",
        ),
        (
            "commitments_blocks_check",
            "UPDATE commitments SET first_block = 91",
        ),
        (
            "commitments_seen_check",
            "UPDATE commitments SET last_seen_at = first_seen_at - interval '1 second'",
        ),
    ] {
        assert_eq!(refused(&ledger, statement).await, constraint, "{statement}");
    }
}
