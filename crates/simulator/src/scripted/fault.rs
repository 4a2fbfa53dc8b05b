//! Faults on demand: which, how often, at which step.

use super::luck::luck;
use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

/// A fault a scripted simulator is to have: `crash:0.05`, `hang:1/20`, `oom:0.1@reset`, `crash:1/3@7`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScriptedFault {
    /// What happens.
    pub kind: ScriptedFaultKind,
    /// In which episodes.
    pub rate: Rate,
    /// At which step of an episode, from 1; 0 is the reset.
    pub step: u32,
}

/// What a scripted simulator can be made to do wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScriptedFaultKind {
    /// It cannot be started; its rate is `1/n`, counted in starts.
    Start,
    /// It ends.
    Crash,
    /// It is killed for its memory.
    Oom,
    /// It does not answer.
    Hang,
    /// It breaks the protocol.
    Protocol,
    /// It reports an error of its own and goes on serving.
    Error,
}

/// In which episodes a fault happens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rate {
    /// In this share of all seeds: the same seed always or never, whoever runs it and however often.
    Seeds(f64),
    /// In every nth reset (or start) of the launcher: another try of the same task goes well.
    Every(NonZeroU64),
}

const NAMES: [(&str, ScriptedFaultKind); 6] = [
    ("start", ScriptedFaultKind::Start),
    ("crash", ScriptedFaultKind::Crash),
    ("oom", ScriptedFaultKind::Oom),
    ("hang", ScriptedFaultKind::Hang),
    ("protocol", ScriptedFaultKind::Protocol),
    ("error", ScriptedFaultKind::Error),
];

impl Rate {
    /// Whether it strikes: the `count`th time, with this seed, as the `index`th fault of its script.
    pub(super) fn strikes(self, count: u64, seed: u64, index: usize) -> bool {
        match self {
            Self::Every(n) => count % n == 0,
            // Another number for each fault, and none that tells the episode's own luck.
            Self::Seeds(share) => luck(!seed ^ ((index as u64) << 56)) < share,
        }
    }
}

impl FromStr for ScriptedFault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        read(text).ok_or_else(|| {
            let names = NAMES.map(|(name, _)| name).join(", ");
            format!("`{text}` is no fault: write e.g. `crash:0.05`, `hang:1/20` or `oom:1/9@reset`; faults are {names}, and start takes only 1/n")
        })
    }
}

fn read(text: &str) -> Option<ScriptedFault> {
    let (name, rest) = text.split_once(':')?;
    let (rate, step) = rest.split_once('@').unwrap_or((rest, "1"));
    let (_, kind) = *NAMES.iter().find(|(known, _)| *known == name)?;
    let step = if step == "reset" { 0 } else { step.parse().ok()? };
    let rate = match rate.strip_prefix("1/") {
        Some(n) => Rate::Every(n.parse().ok()?),
        None => Rate::Seeds(rate.parse().ok().filter(|share| (0.0..=1.0).contains(share))?),
    };
    let counts_starts = matches!(rate, Rate::Every(_)) && !rest.contains('@');
    (kind != ScriptedFaultKind::Start || counts_starts).then_some(ScriptedFault { kind, rate, step })
}

impl fmt::Display for ScriptedFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES
            .iter()
            .find(|(_, kind)| *kind == self.kind)
            .map_or("", |(name, _)| name);
        match self.rate {
            Rate::Seeds(share) => write!(f, "{name}:{share}")?,
            Rate::Every(n) => write!(f, "{name}:1/{n}")?,
        }
        match self.step {
            0 => f.write_str("@reset"),
            1 => Ok(()),
            step => write!(f, "@{step}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_printed_as_they_are_read() {
        for text in [
            "crash:0.05",
            "hang:1/20",
            "oom:0.1@reset",
            "crash:1/3@7",
            "start:1/2",
            "error:1",
            "protocol:0",
        ] {
            assert_eq!(text.parse::<ScriptedFault>().unwrap().to_string(), text);
        }
        for text in [
            "crash",
            "crash:",
            "crash:2",
            "crash:-1",
            "crash:NaN",
            "crash:1/0",
            "melt:1",
            "start:0.5",
            "start:1/2@1",
            "crash:1@x",
        ] {
            assert!(text.parse::<ScriptedFault>().is_err(), "`{text}`");
        }
    }

    #[test]
    fn a_share_of_seeds_is_fixed_and_apart_from_their_luck() {
        let rate = Rate::Seeds(0.25);
        let struck: Vec<u64> = (0..10_000).filter(|seed| rate.strikes(1, *seed, 0)).collect();
        assert!((2_350..2_650).contains(&struck.len()), "{}", struck.len());
        assert!(struck.iter().all(|seed| rate.strikes(7, *seed, 0)));
        let lucky = struck.iter().filter(|seed| luck(**seed) < 0.5).count();
        assert!(
            (0.45..0.55).contains(&(lucky as f64 / struck.len() as f64)),
            "{lucky}"
        );
    }
}
