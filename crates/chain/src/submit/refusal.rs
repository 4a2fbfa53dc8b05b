//! Why the chain takes no extrinsic: what a node's pool answers, and what an included one failed with.

use super::send::Sent;
use crate::{Error, client::line};
use subxt::rpcs::UserError;

/// What a pool's refusal is worth.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It is there already, or another stands in its way for now.
    Passing,
    /// Its nonce was right, so it is not included; and the chain does not want it.
    Sure(Error),
    /// The chain does not want it now. It may be because it is included already, in a block that is not final yet.
    Unsure(Error),
}

/// The codes of a node's transaction pool.
mod code {
    pub(super) const INVALID: i32 = 1010;
    pub(super) const UNKNOWN_VALIDITY: i32 = 1011;
    pub(super) const BANNED: i32 = 1012;
    pub(super) const ALREADY_IMPORTED: i32 = 1013;
    pub(super) const TOO_LOW_PRIORITY: i32 = 1014;
    pub(super) const DROPPED: i32 = 1016;
}

/// What a node answered when it was given the extrinsic.
pub(super) fn of_pool(sent: &Sent<'_>, error: &UserError) -> Refusal {
    match error.code {
        code::UNKNOWN_VALIDITY | code::ALREADY_IMPORTED | code::TOO_LOW_PRIORITY | code::DROPPED => {
            Refusal::Passing
        }
        // The node saw these bytes lately: included, or refused.
        code::BANNED => Refusal::Unsure(rejected(error)),
        code::INVALID => match custom(error) {
            Some(number) => Refusal::Sure(of_number(sent, number, error)),
            None => Refusal::Unsure(rejected(error)),
        },
        code => Refusal::Sure(Error::Refused {
            what: "an extrinsic",
            code,
            message: line(&error.message),
        }),
    }
}

/// The number that the runtime gives for its own reasons.
fn custom(error: &UserError) -> Option<u8> {
    data(error)?.strip_prefix("Custom error: ")?.trim().parse().ok()
}

fn data(error: &UserError) -> Option<String> {
    let text = error.data.as_ref()?.get();
    serde_json::from_str(text).ok()
}

/// The numbers are the runtime's alone; no metadata tells them.
fn of_number(sent: &Sent<'_>, number: u8, error: &UserError) -> Error {
    let hotkey = sent.hotkey.clone();
    match number {
        1 => Error::StakeTooLow { hotkey },
        3 => Error::NoSubnet { netuid: sent.netuid },
        6 => Error::RateLimited { blocks: None },
        10 | 19 => Error::NotRegistered {
            netuid: sent.netuid,
            hotkey,
        },
        18 => Error::Weights {
            reason: "as many uids as weights are needed".to_owned(),
        },
        _ => rejected(error),
    }
}

fn rejected(error: &UserError) -> Error {
    Error::Rejected {
        code: error.code,
        message: line(&error.message),
        data: data(error).map(|data| line(&data)),
    }
}

/// What an included extrinsic failed with, by name: the numbers differ from runtime to runtime.
pub(super) fn of_dispatch(sent: &Sent<'_>, pallet: &str, name: &str) -> Error {
    let (netuid, hotkey) = (sent.netuid, sent.hotkey.clone());
    match (pallet, name) {
        ("SubtensorModule", "HotKeyNotRegisteredInSubNet" | "HotKeyNotRegisteredInNetwork")
        | ("Commitments", "AccountNotAllowedCommit") => Error::NotRegistered { netuid, hotkey },
        ("Commitments", "SpaceLimitExceeded") => Error::SpaceLimit,
        ("SubtensorModule", "NotEnoughStakeToSetWeights") => Error::StakeTooLow { hotkey },
        ("SubtensorModule", "NeuronNoValidatorPermit") => Error::NoPermit { netuid, hotkey },
        ("SubtensorModule", "SettingWeightsTooFast" | "CommittingWeightsTooFast") => {
            Error::RateLimited { blocks: None }
        }
        ("SubtensorModule", "IncorrectWeightVersionKey") => Error::VersionKey {
            given: sent.version_key,
            required: None,
        },
        ("SubtensorModule", "SubnetNotExists" | "MechanismDoesNotExist") => Error::NoSubnet { netuid },
        ("SubtensorModule", name) => match law(name) {
            Some(reason) => Error::Weights {
                reason: reason.to_owned(),
            },
            None => dispatch(pallet, name),
        },
        (pallet, name) => dispatch(pallet, name),
    }
}

/// Which law of the subnet weights have broken.
fn law(name: &str) -> Option<&'static str> {
    Some(match name {
        "WeightVecNotEqualSize" => "as many uids as weights are needed",
        "WeightVecLengthIsLow" => "they are fewer than the subnet's least",
        "UidsLengthExceedUidsInSubNet" => "they are more than the subnet has uids",
        "UidVecContainInvalidOne" => "a uid is not registered",
        "DuplicateUids" => "a uid is there twice",
        "MaxWeightExceeded" => "the largest share is above the subnet's maximum",
        _ => return None,
    })
}

fn dispatch(pallet: &str, name: &str) -> Error {
    Error::Dispatch {
        pallet: pallet.to_owned(),
        name: name.to_owned(),
    }
}

/// What to do about a dispatch error that has no variant of its own.
pub(crate) fn hint(name: &str) -> Option<&'static str> {
    Some(match name {
        "CommitRevealEnabled" | "CommitRevealDisabled" => {
            "the subnet switched commit-reveal while the weights were under way; submit again"
        }
        "IncorrectCommitRevealVersion" => "the chain speaks another version of commit-reveal than this build",
        "TooManyUnrevealedCommits" => "wait until earlier commits are revealed",
        "InvalidRevealRound" => "the round of the reveal was over already; submit again",
        "TooManyFieldsInCommitmentInfo" => {
            "the chain takes fewer fields in a commitment than this build sends"
        }
        "BadOrigin" => "this account may not make that call",
        "CallFiltered" | "CallDisabled" | "DisabledTemporarily" => "the chain has disabled the call for now",
        _ => return None,
    })
}
