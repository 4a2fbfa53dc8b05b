//! Weights that are committed first, and the epochs they wait for.

use kinitro_devchain::pallets::numbers::MechId;
use kinitro_devchain::pallets::subtensor::{
    CommitRevealWeightsEnabled, Error, Event, LastEpochBlock, LastUpdate, PendingEpochAt, Reveal,
    SubnetEpochIndex, TimelockedWeightCommits, WeightCommits, Weights, WeightsSetRateLimit,
};
use kinitro_devchain::{Runtime, SubtensorModule};
use sp_io::hashing::blake2_256;
use sp_runtime::{BoundedVec, DispatchResult};

use crate::chain::{
    INDEX, MINERS, NETUID, VALIDATOR, account, by, chain, error, run_to, was_told, without_limits,
};

fn reveal() -> Reveal {
    Reveal {
        uids: vec![1, 2],
        values: vec![3, 3],
        salt: vec![1, 2, 3],
        version_key: 0,
    }
}

fn send(reveal: Reveal) -> DispatchResult {
    let Reveal {
        uids,
        values,
        salt,
        version_key,
    } = reveal;
    SubtensorModule::reveal_weights(by(VALIDATOR), NETUID, uids, values, salt, version_key)
}

fn commit() -> DispatchResult {
    let hash = reveal().hash(&account(VALIDATOR), INDEX);
    SubtensorModule::commit_weights(by(VALIDATOR), NETUID, hash)
}

fn timelocked(byte: u8) -> DispatchResult {
    let bytes = BoundedVec::truncate_from(vec![byte; 9]);
    SubtensorModule::commit_timelocked_mechanism_weights(by(VALIDATOR), NETUID, MechId::MAIN, bytes, 1000, 4)
}

#[test]
fn epochs_run_every_tempo_and_when_asked_for() {
    chain().execute_with(|| {
        without_limits(5);
        run_to(4);
        assert_eq!(SubnetEpochIndex::<Runtime>::get(NETUID), 0);
        assert_eq!(SubtensorModule::next_epoch_block(NETUID), Some(5));
        run_to(5);
        assert_eq!(
            (
                SubnetEpochIndex::<Runtime>::get(NETUID),
                LastEpochBlock::<Runtime>::get(NETUID)
            ),
            (1, 5)
        );
        PendingEpochAt::<Runtime>::insert(NETUID, 7);
        assert_eq!(SubtensorModule::next_epoch_block(NETUID), Some(7));
        run_to(7);
        assert_eq!(
            (
                SubnetEpochIndex::<Runtime>::get(NETUID),
                LastEpochBlock::<Runtime>::get(NETUID)
            ),
            (2, 7)
        );
        assert_eq!(PendingEpochAt::<Runtime>::get(NETUID), 0);
        run_to(12);
        assert_eq!(SubnetEpochIndex::<Runtime>::get(NETUID), 3);
    });
}

#[test]
fn a_timelocked_commit_is_stored_under_its_epoch() {
    chain().execute_with(|| {
        without_limits(5);
        CommitRevealWeightsEnabled::<Runtime>::insert(NETUID, true);
        run_to(6);
        timelocked(1).unwrap();
        let bytes = BoundedVec::truncate_from(vec![1; 9]);
        let hash = blake2_256(&bytes).into();
        assert_eq!(
            TimelockedWeightCommits::<Runtime>::get(INDEX, 1),
            [(account(VALIDATOR), 6, bytes, 1000)]
        );
        assert!(was_told(Event::TimelockedWeightsCommitted(
            account(VALIDATOR),
            INDEX,
            hash,
            1000
        )));
        assert_eq!(LastUpdate::<Runtime>::get(INDEX)[0], 6);
        assert!(
            Weights::<Runtime>::get(INDEX, 0).is_empty(),
            "nobody can read them yet"
        );
    });
}

#[test]
fn a_timelocked_commit_meets_the_chains_checks() {
    chain().execute_with(|| {
        let send = |key, version| {
            let bytes = BoundedVec::truncate_from(vec![1; 9]);
            SubtensorModule::commit_timelocked_weights(by(key), NETUID, bytes, 1000, version)
        };
        assert_eq!(send(VALIDATOR, 4), error(Error::CommitRevealDisabled));
        CommitRevealWeightsEnabled::<Runtime>::insert(NETUID, true);
        assert_eq!(send(VALIDATOR, 3), error(Error::IncorrectCommitRevealVersion));
        assert_eq!(
            send(crate::chain::OWNER, 4),
            error(Error::HotKeyNotRegisteredInSubNet)
        );
        assert_eq!(
            send(MINERS[0], 4),
            Ok(()),
            "the permit is asked for when the weights are revealed"
        );
        run_to(2);
        assert_eq!(send(MINERS[0], 4), error(Error::CommittingWeightsTooFast));
        WeightsSetRateLimit::<Runtime>::insert(NETUID, 0);
        for _ in 0..9 {
            send(MINERS[0], 4).unwrap();
        }
        assert_eq!(send(MINERS[0], 4), error(Error::TooManyUnrevealedCommits));
        assert_eq!(send(VALIDATOR, 4), Ok(()), "each hotkey has ten");
    });
}

#[test]
fn a_hash_is_revealed_in_the_next_epoch_only() {
    chain().execute_with(|| {
        without_limits(5);
        CommitRevealWeightsEnabled::<Runtime>::insert(NETUID, true);
        assert_eq!(send(reveal()), error(Error::NoWeightsCommitFound));
        commit().unwrap();
        assert_eq!(send(reveal()), error(Error::RevealTooEarly));
        run_to(5);
        let other = Reveal {
            salt: vec![9],
            ..reveal()
        };
        assert_eq!(send(other), error(Error::InvalidRevealCommitHashNotMatch));
        send(reveal()).unwrap();
        assert_eq!(Weights::<Runtime>::get(INDEX, 0), [(1, 65_535), (2, 65_535)]);
        assert_eq!(WeightCommits::<Runtime>::get(INDEX, account(VALIDATOR)), None);
        assert_eq!(
            LastUpdate::<Runtime>::get(INDEX)[0],
            1,
            "what counts is when it was committed"
        );
    });
}

#[test]
fn a_hash_not_revealed_in_time_is_lost() {
    chain().execute_with(|| {
        without_limits(5);
        CommitRevealWeightsEnabled::<Runtime>::insert(NETUID, true);
        commit().unwrap();
        run_to(10);
        assert_eq!(send(reveal()), error(Error::ExpiredWeightCommit));
        commit().unwrap();
        assert_eq!(
            WeightCommits::<Runtime>::get(INDEX, account(VALIDATOR))
                .unwrap()
                .len(),
            1
        );
    });
}
