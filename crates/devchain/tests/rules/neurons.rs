//! Who has a uid, where they listen, and what clients are told of them.

use kinitro_devchain::genesis::{GenesisSpec, genesis};
use kinitro_devchain::pallets::subtensor::{
    AxonInfo, Axons, BlockAtRegistration, Error, Event, Keys, LastUpdate, SubnetworkN, Uids, ValidatorPermit,
    Weights,
};
use kinitro_devchain::runtime::{AccountId, views};
use kinitro_devchain::{Balances, Runtime, SubtensorModule};
use sp_keyring::Sr25519Keyring as Key;

use crate::chain::{
    INDEX, MINERS, NETUID, RICH, VALIDATOR, account, by, chain, chain_of, error, run_to, subnet, was_told,
};

#[test]
fn a_registration_costs_the_coldkey_and_gives_the_next_uid() {
    chain().execute_with(|| {
        run_to(4);
        let before = Balances::free_balance(account(RICH));
        SubtensorModule::burned_register(by(RICH), NETUID, account(Key::One)).unwrap();
        assert_eq!(before - Balances::free_balance(account(RICH)), 100_000_000);
        assert_eq!(Uids::<Runtime>::get(NETUID, account(Key::One)), Some(4));
        assert_eq!(SubnetworkN::<Runtime>::get(NETUID), 5);
        assert_eq!(BlockAtRegistration::<Runtime>::get(NETUID, 4), 4);
        assert!(was_told(Event::NeuronRegistered(NETUID, 4, account(Key::One))));
        let again = SubtensorModule::burned_register(by(RICH), NETUID, account(Key::One));
        assert_eq!(again, error(Error::HotKeyAlreadyRegisteredInSubNet));
        let stolen = SubtensorModule::burned_register(by(Key::Two), NETUID, account(MINERS[0]));
        assert_eq!(stolen, error(Error::HotKeyAlreadyRegisteredInSubNet));
    });
}

#[test]
fn a_full_subnet_pushes_out_its_oldest_neuron_without_a_permit() {
    let mut subnet = subnet();
    subnet.max_uids = Some(4);
    chain_of(subnet).execute_with(|| {
        Weights::<Runtime>::insert(INDEX, 1, vec![(1, 1)]);
        run_to(4);
        let uid = SubtensorModule::register(NETUID, &account(Key::One), &account(RICH)).unwrap();
        assert_eq!(uid, 1, "uid 0 has a permit");
        assert_eq!(Uids::<Runtime>::get(NETUID, account(MINERS[0])), None);
        assert_eq!(Keys::<Runtime>::get(NETUID, 1), account(Key::One));
        assert!(Weights::<Runtime>::get(INDEX, 1).is_empty());
        assert_eq!(LastUpdate::<Runtime>::get(INDEX), [0, 4, 0, 0]);
        for uid in 2..4 {
            SubtensorModule::endow(NETUID, &Keys::<Runtime>::get(NETUID, uid), 1, true);
        }
        SubtensorModule::endow(NETUID, &account(Key::One), 1, true);
        let none = SubtensorModule::register(NETUID, &account(Key::Two), &account(RICH));
        assert!(matches!(none, Err(Error::NoNeuronIdAvailable)));
    });
}

#[test]
fn a_uid_nobody_has_shows_the_zero_account() {
    chain().execute_with(|| {
        SubtensorModule::endow(NETUID, &account(MINERS[0]), 5, true);
        SubtensorModule::forget(NETUID, 1);
        assert_eq!(Keys::<Runtime>::get(NETUID, 1), AccountId::new([0; 32]));
        assert_eq!(Uids::<Runtime>::get(NETUID, account(MINERS[0])), None);
        assert_eq!(
            ValidatorPermit::<Runtime>::get(NETUID),
            [true, false, false, false]
        );
        SubtensorModule::replace(NETUID, 1, &account(Key::One), &account(RICH));
        assert_eq!(Uids::<Runtime>::get(NETUID, account(Key::One)), Some(1));
        assert_eq!(SubnetworkN::<Runtime>::get(NETUID), 4);
    });
}

#[test]
fn an_axon_is_announced_once_in_fifty_blocks() {
    chain().execute_with(|| {
        let serve = |ip, port| SubtensorModule::serve_axon(by(MINERS[0]), NETUID, 1, ip, port, 4, 0, 0, 0);
        assert_eq!(serve(0x7f00_0001, 80), error(Error::InvalidIpAddress));
        assert_eq!(serve(0x0102_0304, 0), error(Error::InvalidPort));
        serve(0x0102_0304, 8091).unwrap();
        run_to(50);
        assert_eq!(serve(0x0102_0304, 8092), error(Error::ServingRateLimitExceeded));
        run_to(51);
        serve(0x0102_0304, 8092).unwrap();
        let axon = AxonInfo {
            block: 51,
            version: 1,
            ip: 0x0102_0304,
            port: 8092,
            ip_type: 4,
            ..AxonInfo::default()
        };
        assert_eq!(Axons::<Runtime>::get(NETUID, account(MINERS[0])), Some(axon));
    });
}

#[test]
fn views_agree_with_what_is_stored() {
    chain().execute_with(|| {
        SubtensorModule::set_weights(by(VALIDATOR), NETUID, vec![1, 2], vec![1, 1], 0).unwrap();
        let neurons = views::neurons(NETUID);
        assert_eq!(neurons.len(), 4);
        assert_eq!(
            neurons[0].weights,
            [(1.into(), 65_535.into()), (2.into(), 65_535.into())]
        );
        assert!(neurons[0].validator_permit && !neurons[1].validator_permit);
        let whole = views::metagraph(NETUID).unwrap();
        assert_eq!(whole.hotkeys[0], account(VALIDATOR));
        assert_eq!(whole.coldkeys, vec![account(RICH); 4]);
        assert_eq!(whole.last_update, [1.into(), 0.into(), 0.into(), 0.into()]);
        let part = views::selective_metagraph(NETUID, &[0, 52, 72]).unwrap();
        assert_eq!(part.hotkeys.as_ref(), Some(&whole.hotkeys));
        assert_eq!(part.validators, Some(vec![0.into()]));
        assert_eq!((part.coldkeys, part.name), (None, None));
        assert_eq!(
            views::hyperparameters(NETUID).unwrap().weights_rate_limit,
            10.into()
        );
        let missing = kinitro_devchain::pallets::numbers::NetUid(9);
        assert!(views::metagraph(missing).is_none() && views::hyperparameters_v3(missing).is_none());
    });
}

#[test]
fn a_restarted_chain_has_another_genesis() {
    let code = |started_ms| {
        let storage = genesis(&GenesisSpec {
            started_ms,
            ..GenesisSpec::default()
        });
        storage.top[sp_core::storage::well_known_keys::CODE].clone()
    };
    assert_eq!(code(1), code(1));
    assert_ne!(code(1), code(2));
}
