//! Setting weights.

use kinitro_devchain::pallets::numbers::{AlphaBalance, MechId, NetUid};
use kinitro_devchain::pallets::subtensor::{
    CommitRevealWeightsEnabled, Error, Event, LastUpdate, MaxWeightsLimit, MinAllowedWeights, StakeThreshold,
    SubnetOwnerHotkey, TotalHotkeyAlpha, Weights, WeightsVersionKey,
};
use kinitro_devchain::{Runtime, SubtensorModule};
use sp_keyring::Sr25519Keyring as Key;
use sp_runtime::DispatchResult;

use crate::chain::{INDEX, MINERS, NETUID, VALIDATOR, account, by, chain, error, run_to, was_told};

fn set(key: Key, uids: &[u16], values: &[u16]) -> DispatchResult {
    SubtensorModule::set_weights(by(key), NETUID, uids.to_vec(), values.to_vec(), 0)
}

#[test]
fn weights_are_scaled_stored_and_told() {
    chain().execute_with(|| {
        set(VALIDATOR, &[1, 2, 3], &[1, 2, 0]).unwrap();
        assert_eq!(
            Weights::<Runtime>::get(INDEX, 0),
            [(1, 32_768), (2, 65_535), (3, 0)]
        );
        assert_eq!(LastUpdate::<Runtime>::get(INDEX), [1, 0, 0, 0]);
        assert!(was_told(Event::WeightsSet(INDEX, 0)));
    });
}

/// A submission by a hotkey to a mechanism, with a version key.
type Submission<'a> = (Key, NetUid, u8, &'a [u16], &'a [u16], u64);

fn refuses(submission: Submission<'_>, reason: Error<Runtime>) {
    let (key, netuid, mechanism, uids, values, version) = submission;
    let (uids, values) = (uids.to_vec(), values.to_vec());
    let answer =
        SubtensorModule::set_mechanism_weights(by(key), netuid, MechId(mechanism), uids, values, version);
    assert_eq!(answer, error(reason));
}

/// One fault after another is taken away, and the next of the chain's checks is met.
#[test]
fn faults_of_who_and_where_are_found_in_the_chains_order() {
    chain().execute_with(|| {
        let (miner, root) = (MINERS[0], NetUid::ROOT);
        CommitRevealWeightsEnabled::<Runtime>::insert(root, true);
        WeightsVersionKey::<Runtime>::insert(NETUID, 7);
        StakeThreshold::<Runtime>::put(10);
        LastUpdate::<Runtime>::mutate(INDEX, |blocks| blocks[1] = 1);
        run_to(10);
        let (long, bad) = ([0, 0, 1, 9, 9], [0, 0, 9]);

        refuses((Key::One, root, 3, &long, &[], 0), Error::CommitRevealEnabled);
        CommitRevealWeightsEnabled::<Runtime>::insert(root, false);
        refuses(
            (Key::One, root, 3, &long, &[], 0),
            Error::CanNotSetRootNetworkWeights,
        );
        refuses((Key::One, NETUID, 3, &long, &[], 0), Error::WeightVecNotEqualSize);
        refuses(
            (Key::One, NETUID, 3, &long, &[1; 5], 0),
            Error::MechanismDoesNotExist,
        );
        refuses(
            (Key::One, NETUID, 0, &long, &[1; 5], 0),
            Error::UidsLengthExceedUidsInSubNet,
        );
        refuses(
            (Key::One, NETUID, 0, &bad, &[1; 3], 0),
            Error::HotKeyNotRegisteredInSubNet,
        );
        refuses(
            (miner, NETUID, 0, &bad, &[1; 3], 0),
            Error::NotEnoughStakeToSetWeights,
        );
        TotalHotkeyAlpha::<Runtime>::insert(account(miner), NETUID, AlphaBalance(10));
        refuses(
            (miner, NETUID, 0, &bad, &[1; 3], 6),
            Error::IncorrectWeightVersionKey,
        );
        refuses((miner, NETUID, 0, &bad, &[1; 3], 7), Error::SettingWeightsTooFast);
        run_to(11);
        refuses(
            (miner, NETUID, 0, &bad, &[1; 3], 7),
            Error::NeuronNoValidatorPermit,
        );
    });
}

#[test]
fn faults_of_the_weights_are_found_in_the_chains_order() {
    chain().execute_with(|| {
        MinAllowedWeights::<Runtime>::insert(NETUID, 2);
        MaxWeightsLimit::<Runtime>::insert(NETUID, 40_000);
        refuses((VALIDATOR, NETUID, 0, &[9, 9], &[1, 9], 0), Error::DuplicateUids);
        refuses(
            (VALIDATOR, NETUID, 0, &[4], &[1], 0),
            Error::UidVecContainInvalidOne,
        );
        refuses((VALIDATOR, NETUID, 0, &[2], &[1], 0), Error::WeightVecLengthIsLow);
        refuses(
            (VALIDATOR, NETUID, 0, &[2, 3], &[1, 9], 0),
            Error::MaxWeightExceeded,
        );
        assert_eq!(set(VALIDATOR, &[2, 3], &[5, 5]), Ok(()));
    });
}

#[test]
fn the_rate_limit_counts_from_the_last_block_and_not_from_never() {
    chain().execute_with(|| {
        run_to(3);
        set(VALIDATOR, &[1], &[1]).unwrap();
        run_to(12);
        assert_eq!(set(VALIDATOR, &[2], &[1]), error(Error::SettingWeightsTooFast));
        assert_eq!(
            Weights::<Runtime>::get(INDEX, 0),
            [(1, 65_535)],
            "what is refused changes nothing"
        );
        run_to(13);
        assert_eq!(set(VALIDATOR, &[2], &[1]), Ok(()));
    });
}

#[test]
fn a_neuron_without_a_permit_may_weigh_itself() {
    chain().execute_with(|| {
        MinAllowedWeights::<Runtime>::insert(NETUID, 3);
        assert_eq!(set(MINERS[0], &[1], &[5]), Ok(()));
        assert_eq!(set(MINERS[1], &[1], &[5]), error(Error::NeuronNoValidatorPermit));
    });
}

#[test]
fn the_owners_hotkey_needs_neither_stake_nor_permit() {
    chain().execute_with(|| {
        SubnetOwnerHotkey::<Runtime>::insert(NETUID, account(MINERS[0]));
        StakeThreshold::<Runtime>::put(10);
        assert_eq!(set(MINERS[0], &[0, 2], &[1, 1]), Ok(()));
    });
}

#[test]
fn the_least_number_of_weights_is_never_more_than_there_are_neurons() {
    chain().execute_with(|| {
        MinAllowedWeights::<Runtime>::insert(NETUID, 1024);
        assert_eq!(
            set(VALIDATOR, &[1, 2, 3], &[1; 3]),
            error(Error::WeightVecLengthIsLow)
        );
        assert_eq!(set(VALIDATOR, &[0, 1, 2, 3], &[1; 4]), Ok(()));
    });
}
