//! How a chain is started.

use crate::{
    Runtime, Setting,
    genesis::{GenesisSpec, NeuronGenesis, SubnetGenesis, genesis},
    pallets::drand::{BeaconConfig, BeaconConfiguration},
    runtime::AccountId,
};
use sp_core::{
    Pair,
    crypto::{DEV_PHRASE, SecretUri},
    sr25519,
    storage::Storage,
};
use sp_state_machine::BasicExternalities;
use std::{collections::BTreeSet, net::SocketAddr, str::FromStr, sync::LazyLock, time::Duration};

/// Names in the development tradition that own a balance and no seat.
const ENDOWED: [&str; 6] = ["//Alice", "//Bob", "//Charlie", "//Dave", "//Eve", "//Ferdie"];
/// As many seats as the real chain gives a subnet.
const SEATS: u16 = 256;
/// Rao on every seeded account: a thousand TAO.
const BALANCE: u64 = 1_000_000_000_000;

/// The key that all development keys are derived from. Making it of its phrase takes longer than anything else in a
/// start.
static DEVELOPER: LazyLock<sr25519::Pair> = LazyLock::new(|| {
    let made = sr25519::Pair::from_phrase(DEV_PHRASE, None);
    made.expect("the development phrase is well-formed").0
});

/// When blocks are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blocks {
    /// One each time this has passed.
    Every(Duration),
    /// One as soon as a transaction waits.
    OnTransaction,
    /// Only when asked for.
    Manual,
}

/// A subnet that is there from the beginning.
#[derive(Debug, Clone)]
pub struct Subnet {
    /// Its number, from 1.
    pub netuid: u16,
    /// Its neurons by uid.
    pub neurons: Vec<Seat>,
    /// What differs from the real chain's defaults.
    pub settings: Vec<Setting>,
}

/// A neuron that is there from the beginning.
#[derive(Debug, Clone)]
pub struct Seat {
    /// Who signs for it; it owns itself.
    pub hotkey: AccountId,
    /// Its stake, in rao.
    pub stake: u64,
    /// Whether it validates.
    pub permit: bool,
    /// What it has committed, at most 128 bytes.
    pub commitment: Option<Vec<u8>>,
}

/// How a chain is started. The default is good for tests.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// When blocks are made.
    pub blocks: Blocks,
    /// The block time that clients are told, which they reckon with.
    pub block_time: Duration,
    /// The subnets.
    pub subnets: Vec<Subnet>,
    /// Accounts with a balance.
    pub endowed: Vec<AccountId>,
    /// Whether what is timelocked is for a beacon of this chain's own, so that it can be revealed here. If not it is for
    /// the public one, whose rounds only a test that knows them can bring.
    pub own_beacon: bool,
    /// Newest blocks whose state is kept.
    pub kept_states: u32,
    /// Transactions that may wait.
    pub waiting_transactions: usize,
}

impl Default for Options {
    /// A free port, blocks as soon as there is something to put into them, subnet 1 with `//validator` and
    /// `//operator`, plain weights at any rate.
    fn default() -> Self {
        let settings = vec![
            Setting::CommitReveal(false),
            Setting::RateLimit(0),
            Setting::MinWeights(1),
        ];
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            blocks: Blocks::OnTransaction,
            block_time: Duration::from_secs(12),
            subnets: vec![Subnet::new(1).with(settings)],
            endowed: ENDOWED.into_iter().map(account).collect(),
            own_beacon: true,
            kept_states: 4_096,
            waiting_transactions: 1_024,
        }
    }
}

impl Options {
    /// Listens here.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Makes blocks then.
    #[must_use]
    pub fn blocks(mut self, blocks: Blocks) -> Self {
        self.blocks = blocks;
        if let Blocks::Every(time) = blocks {
            self.block_time = time;
        }
        self
    }

    /// Adds `//miner-0`, `//miner-1`, … to every subnet.
    #[must_use]
    pub fn seed_miners(mut self, count: u16) -> Self {
        let miners: Vec<_> = (0..count)
            .map(|number| account(&format!("//miner-{number}")))
            .collect();
        for subnet in &mut self.subnets {
            subnet.neurons.extend(miners.iter().cloned().map(Seat::miner));
        }
        self
    }

    /// Sets a hyperparameter on every subnet.
    #[must_use]
    pub fn set(mut self, setting: Setting) -> Self {
        for subnet in &mut self.subnets {
            subnet.settings.push(setting);
        }
        self
    }

    /// Has these subnets instead.
    #[must_use]
    pub fn subnets(mut self, subnets: Vec<Subnet>) -> Self {
        self.subnets = subnets;
        self
    }

    /// Keeps the states of so many newest blocks.
    #[must_use]
    pub fn kept_states(mut self, count: u32) -> Self {
        self.kept_states = count;
        self
    }

    /// All that is wrong with them.
    #[must_use]
    pub fn check(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.kept_states == 0 {
            faults.push("at least one state must be kept".to_owned());
        }
        if self.waiting_transactions == 0 {
            faults.push("at least one transaction must be allowed to wait".to_owned());
        }
        if self.block_time < Duration::from_millis(10) || self.block_time > Duration::from_secs(3_600) {
            faults.push(format!(
                "a block time of {:?} is not between 10 ms and an hour",
                self.block_time
            ));
        }
        let mut netuids: Vec<_> = self.subnets.iter().map(|subnet| subnet.netuid).collect();
        netuids.sort_unstable();
        if netuids.iter().any(|netuid| *netuid == 0 || *netuid >= 4_096) {
            faults.push("a netuid must be between 1 and 4095".to_owned());
        }
        if netuids.windows(2).any(|pair| pair[0] == pair[1]) {
            faults.push("a netuid is given twice".to_owned());
        }
        for subnet in &self.subnets {
            let (netuid, seats) = (subnet.netuid, subnet.seats());
            if subnet.neurons.len() > usize::from(seats) {
                let neurons = subnet.neurons.len();
                faults.push(format!(
                    "subnet {netuid} has {neurons} neurons and only {seats} seats"
                ));
            }
            let hotkeys: BTreeSet<_> = subnet.neurons.iter().map(|seat| &seat.hotkey).collect();
            if hotkeys.len() < subnet.neurons.len() {
                faults.push(format!("subnet {netuid} has a hotkey twice"));
            }
        }
        faults
    }

    /// The state the chain begins with, at this time.
    pub(crate) fn genesis(&self, started_ms: u64) -> Storage {
        let endowed: BTreeSet<_> = self.endowed.iter().cloned().collect();
        let mut storage = genesis(&GenesisSpec {
            started_ms,
            slot_ms: u64::try_from(self.block_time.as_millis()).unwrap_or(u64::MAX),
            accounts: endowed.into_iter().map(|account| (account, BALANCE)).collect(),
            sudo: Some(account("//Alice")),
            subnets: self.subnets.iter().map(Subnet::genesis).collect(),
            ..GenesisSpec::default()
        });
        BasicExternalities::execute_with_storage(&mut storage, || {
            if self.own_beacon {
                BeaconConfig::<Runtime>::put(BeaconConfiguration::own());
            }
            for subnet in &self.subnets {
                subnet
                    .settings
                    .iter()
                    .for_each(|setting| setting.apply(subnet.netuid));
            }
        });
        storage
    }
}

impl Subnet {
    /// A subnet with `//validator`, which has a permit and stake, and `//operator`, which may commit its key.
    #[must_use]
    pub fn new(netuid: u16) -> Self {
        let neurons = vec![
            Seat::validator(account("//validator")),
            Seat::miner(account("//operator")),
        ];
        Self {
            netuid,
            neurons,
            settings: Vec::new(),
        }
    }

    /// Adds hyperparameters; of two for the same the later holds.
    #[must_use]
    pub fn with(mut self, settings: impl IntoIterator<Item = Setting>) -> Self {
        self.settings.extend(settings);
        self
    }

    /// Without the settings but one, that must hold before anybody sits down.
    fn genesis(&self) -> SubnetGenesis {
        let owner = account("//owner");
        let neurons = self.neurons.iter().cloned().map(|seat| NeuronGenesis {
            coldkey: seat.hotkey.clone(),
            hotkey: seat.hotkey,
            stake: seat.stake,
            permit: seat.permit,
            commitment: seat.commitment,
        });
        let mut genesis = SubnetGenesis::new(self.netuid, owner.clone(), owner);
        genesis.max_uids = Some(self.seats());
        genesis.neurons = neurons.collect();
        genesis
    }

    fn seats(&self) -> u16 {
        let seats = self.settings.iter().rev().find_map(|setting| match setting {
            Setting::MaxUids(seats) => Some(*seats),
            _ => None,
        });
        seats.unwrap_or(SEATS)
    }
}

impl Seat {
    /// A neuron without a permit.
    #[must_use]
    pub fn miner(hotkey: impl Into<AccountId>) -> Self {
        Self {
            hotkey: hotkey.into(),
            stake: 0,
            permit: false,
            commitment: None,
        }
    }

    /// A neuron that may set weights.
    #[must_use]
    pub fn validator(hotkey: impl Into<AccountId>) -> Self {
        Self {
            hotkey: hotkey.into(),
            stake: BALANCE,
            permit: true,
            commitment: None,
        }
    }
}

/// The account of a development key such as `//Alice`.
///
/// # Panics
/// When it is no such key.
#[must_use]
pub fn account(uri: &str) -> AccountId {
    let uri = SecretUri::from_str(uri).expect("a development key's URI is well-formed");
    let (pair, _) = DEVELOPER
        .derive(uri.junctions.into_iter(), None)
        .expect("a key without a seed is derived either way");
    AccountId::new(pair.public().0)
}
