//! Commitments that give no miner: told when they change, counted always.

use kinitro_chain::{
    Commitment, Unreadable,
    commitment::{Fault, Refused},
};
use kinitro_proto::{Hotkey, Uid};
use std::collections::HashMap;

/// Why a commitment gives no miner, in the words of the metric.
pub(crate) const REASONS: [&str; 7] = [
    "malformed",
    "no_key",
    "no_text",
    "plain",
    "sealed",
    "unreadable",
    "url",
];
/// The most characters of a reason's text that are logged.
const MAX_DETAIL: usize = 300;

/// A commitment that gives no miner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// One of [`REASONS`].
    pub(crate) reason: &'static str,
    hotkey: Option<Hotkey>,
    uid: Option<Uid>,
    detail: String,
}

/// What was refused last, so that only changes are told. As many as hotkeys are registered.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    known: HashMap<Option<Hotkey>, String>,
}

impl Refusal {
    pub(super) fn refused(row: &Commitment, refused: &Refused) -> Self {
        let reason = refused.faults().first().map_or("malformed", reason);
        Self::new(row, reason, &refused.to_string())
    }

    pub(super) fn no_text(row: &Commitment) -> Self {
        Self::new(row, "no_text", "the commitment has no raw field, so no text")
    }

    pub(super) fn url(row: &Commitment) -> Self {
        Self::new(row, "url", "the endpoint is no URL that is called")
    }

    pub(super) fn unreadable(row: &Unreadable) -> Self {
        Self {
            reason: "unreadable",
            hotkey: row.hotkey.clone(),
            uid: None,
            detail: cut(&row.reason),
        }
    }

    fn new(row: &Commitment, reason: &'static str, detail: &str) -> Self {
        Self {
            reason,
            hotkey: Some(row.hotkey.clone()),
            uid: row.uid,
            detail: cut(detail),
        }
    }

    fn tell(&self) {
        tracing::warn!(
            miner.uid = self.uid.map(|uid| uid.0),
            miner.hotkey = self.hotkey.as_ref().map(Hotkey::as_str),
            reason = self.reason,
            detail = self.detail,
            "a commitment is not judged"
        );
    }
}

impl Refusals {
    /// Takes what is refused now, and logs what was not refused before, or otherwise.
    pub(super) fn tell(&mut self, now: Vec<Refusal>) {
        for refusal in self.changed(now) {
            refusal.tell();
        }
    }

    fn changed(&mut self, now: Vec<Refusal>) -> Vec<Refusal> {
        let before = std::mem::take(&mut self.known);
        for refusal in &now {
            self.known.insert(refusal.hotkey.clone(), refusal.detail.clone());
        }
        let is_news = |refusal: &Refusal| before.get(&refusal.hotkey) != Some(&refusal.detail);
        now.into_iter().filter(is_news).collect()
    }
}

fn reason(fault: &Fault) -> &'static str {
    match fault {
        Fault::PlainEndpoint => "plain",
        Fault::NoSecretKey => "no_key",
        Fault::Sealed(_) => "sealed",
        Fault::Url { .. } => "url",
        _ => "malformed",
    }
}

fn cut(detail: &str) -> String {
    detail.chars().take(MAX_DETAIL).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(hotkey: &str, detail: &str) -> Refusal {
        Refusal {
            reason: "sealed",
            hotkey: Some(hotkey.parse().unwrap()),
            uid: Some(Uid(1)),
            detail: detail.to_owned(),
        }
    }

    #[test]
    fn a_refusal_is_told_when_it_is_new_or_another_and_not_again() {
        let mut refusals = Refusals::default();
        let [one, two] = ["5A", "5B"].map(|hotkey| refusal(hotkey, "another key"));
        let otherwise = refusal("5A", "no text");
        let mut told = |now: &[&Refusal]| {
            let changed = refusals.changed(now.iter().copied().cloned().collect());
            changed
                .into_iter()
                .map(|refusal| (refusal.hotkey, refusal.detail))
                .collect::<Vec<_>>()
        };
        let news = |refusal: &Refusal| vec![(refusal.hotkey.clone(), refusal.detail.clone())];
        assert_eq!(told(&[&one]), news(&one));
        assert_eq!(told(&[&one, &two]), news(&two));
        assert_eq!(told(&[&two, &one]), []);
        assert_eq!(told(&[&otherwise, &two]), news(&otherwise));
        // It was mended, and broke again.
        assert_eq!(told(&[&two]), []);
        assert_eq!(told(&[&otherwise, &two]), news(&otherwise));
    }
}
