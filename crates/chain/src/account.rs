//! Hotkeys as the chain holds them: 32 bytes.

use crate::{Error, Result};
use kinitro_proto::Hotkey;
use subxt::utils::AccountId32;

/// The bytes of a hotkey.
///
/// # Errors
/// When the text is not SS58 as this chain writes it; one account has one text.
pub(crate) fn account(hotkey: &Hotkey) -> Result<AccountId32> {
    hotkey
        .as_str()
        .parse::<AccountId32>()
        .ok()
        .filter(|account| account.to_string() == hotkey.as_str())
        .ok_or_else(|| Error::BadHotkey {
            hotkey: hotkey.clone(),
        })
}

/// The text of a hotkey.
pub(crate) fn hotkey(account: &AccountId32) -> Hotkey {
    account
        .to_string()
        .parse()
        .expect("SS58 of 32 bytes is 47 to 48 letters and digits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hotkey_is_its_bytes() {
        let alice: Hotkey = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
            .parse()
            .unwrap();
        assert_eq!(hotkey(&account(&alice).unwrap()), alice);
    }

    #[test]
    fn every_account_has_a_text() {
        for byte in [0, 1, 0x7f, 0xff] {
            let bytes = AccountId32([byte; 32]);
            assert_eq!(account(&hotkey(&bytes)).unwrap(), bytes);
        }
    }

    #[test]
    fn another_chains_text_and_a_wrong_checksum_are_refused() {
        // Alice on Polkadot, and a digit changed.
        for text in [
            "15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5",
            "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQX",
            "x",
        ] {
            assert!(account(&text.parse().unwrap()).is_err(), "`{text}`");
        }
    }
}
