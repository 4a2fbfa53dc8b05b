//! Revealing fields that were encrypted until a round of the beacon.

use frame_support::BoundedVec;

use super::Data;
use super::pallet::*;
use crate::pallets::drand::{Pulses, open};
use crate::pallets::numbers::NetUid;
use crate::runtime::AccountId;

/// How many revealed texts of one hotkey are kept.
const KEPT: usize = 10;

impl<T: Config> Pallet<T> {
    /// Reveals every field whose round is known.
    pub fn reveal_fields() {
        for (netuid, who) in TimelockedIndex::<T>::get() {
            Self::reveal_fields_of(netuid, &who);
        }
    }

    fn reveal_fields_of(netuid: NetUid, who: &AccountId) {
        let Some(mut registration) = CommitmentOf::<T>::get(netuid, who) else {
            TimelockedIndex::<T>::mutate(|index| index.remove(&(netuid, who.clone())));
            return;
        };
        let (mut kept, mut revealed) = (Vec::new(), Vec::new());
        for field in registration.info.fields {
            match field.reveal_round().and_then(Pulses::<T>::get) {
                Some(pulse) => match opened(field, &pulse.signature) {
                    Ok(text) => revealed.push(text),
                    Err(failed) => kept.push(failed),
                },
                None => kept.push(field),
            }
        }
        let is_waiting = kept.iter().any(|field| field.reveal_round().is_some());
        registration.info.fields = BoundedVec::truncate_from(kept);
        if registration.info.fields.is_empty() {
            CommitmentOf::<T>::remove(netuid, who);
        } else {
            CommitmentOf::<T>::insert(netuid, who, registration);
        }
        if !is_waiting {
            TimelockedIndex::<T>::mutate(|index| index.remove(&(netuid, who.clone())));
        }
        if !revealed.is_empty() {
            Self::keep_revealed(netuid, who, revealed);
        }
    }

    fn keep_revealed(netuid: NetUid, who: &AccountId, revealed: Vec<Vec<u8>>) {
        let block =
            sp_runtime::SaturatedConversion::saturated_into(frame_system::Pallet::<T>::block_number());
        RevealedCommitments::<T>::mutate(netuid, who, |kept| {
            let kept = kept.get_or_insert_default();
            kept.extend(revealed.into_iter().map(|text| (text, block)));
            kept.drain(..kept.len().saturating_sub(KEPT));
        });
        Self::deposit_event(Event::CommitmentRevealed {
            netuid,
            who: who.clone(),
        });
    }
}

/// What the field hides, or the field that says it could not be opened.
fn opened(field: Data, signature: &[u8]) -> Result<Vec<u8>, Data> {
    match field {
        Data::TimelockEncrypted {
            encrypted,
            reveal_round,
        } => open(&encrypted, signature).ok_or(Data::TimelockRevealFailed {
            encrypted,
            reveal_round,
        }),
        other => Err(other),
    }
}
