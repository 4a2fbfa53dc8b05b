//! How a cycle ends: what the judge says, as the rows that the ledger keeps.

use super::evidence::{Evidence, unjudged};
use crate::{Error, signing::Signers};
use kinitro_audit::{CellScore, Document, Judged, Verdict, bundle::Finished, judge};
use kinitro_proto::CycleId;
use kinitro_store::{NewDocument, NewScore, NewSignature, NewWeights, Settled};

/// How a cycle ends.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Ending {
    /// With scores, weights and their document.
    Settled(Box<Settled>),
    /// Without, for this reason; the previous weights stand.
    Expired(String),
}

/// Judges the cycle by its evidence alone. Takes long: not for a thread that others wait for.
///
/// # Errors
/// This version cannot judge it.
pub(super) fn conclude(cycle: CycleId, evidence: &Evidence, signers: &Signers) -> Result<Ending, Error> {
    let Evidence { tally, bundle } = evidence;
    let of_the_cycle = |source| unjudged(cycle, source);
    match judge(tally).map_err(of_the_cycle)? {
        Judged::Expired(reason) => Ok(Ending::Expired(reason)),
        Judged::Settled(verdict) => {
            let document = Document::new(tally, &verdict, bundle.sha256).map_err(of_the_cycle)?;
            let signatures = signers.sign(document.as_bytes());
            Ok(Ending::Settled(Box::new(Settled {
                document: new_document(&document, bundle, signatures),
                weights: new_weights(&verdict),
                scores: verdict.scores.into_iter().map(new_score).collect(),
            })))
        }
    }
}

fn new_document(document: &Document, bundle: &Finished, signatures: Vec<NewSignature>) -> NewDocument {
    NewDocument {
        text: document.text().to_owned(),
        sha256: document.sha256(),
        evidence_sha256: bundle.sha256,
        evidence_bytes: bundle.bytes,
        evidence_lines: bundle.lines,
        signatures,
    }
}

fn new_weights(verdict: &Verdict) -> NewWeights {
    let miners = &verdict.miners;
    let kept = &verdict.stability;
    NewWeights {
        uids: miners.iter().map(|miner| miner.uid).collect(),
        weights: miners.iter().map(|miner| miner.weight).collect(),
        weights_u16: miners.iter().map(|miner| miner.weight_u16).collect(),
        points: miners.iter().map(|miner| miner.points).collect(),
        frontier: verdict.frontier.clone(),
        epsilons: verdict.epsilons.clone(),
        stability: (kept.replicates > 0).then(|| kept.of_rank.clone()),
        replicates: kept.replicates,
    }
}

fn new_score(score: CellScore) -> NewScore {
    NewScore {
        uid: score.uid,
        environment: score.environment,
        success_rate: score.success_rate,
        success_low: score.low,
        success_high: score.high,
        mean_reward: score.mean_reward,
        episodes: score.episodes,
        successes: score.successes,
        miner_faults: score.miner_faults,
    }
}
