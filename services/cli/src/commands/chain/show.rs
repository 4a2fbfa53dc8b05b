//! What the chain holds, as text and as JSON.

use crate::commands::{short, table};
use kinitro_chain::{Commitment, Network, Snapshot, WeightRow};
use kinitro_proto::Uid;
use serde_json::{Value, json};

/// How much of a commitment a line of the table shows.
const SHOWN: usize = 56;

/// A subnet at one block, and its weights.
pub(super) struct View<'a> {
    pub(super) netuid: u16,
    pub(super) spec_version: u32,
    pub(super) snapshot: &'a Snapshot,
    pub(super) weights: &'a [WeightRow],
}

impl View<'_> {
    pub(super) fn text(&self, network: &Network) -> String {
        let Snapshot { genesis, block, block_hash, .. } = self.snapshot;
        let mut text = format!(
            "{network}: subnet {} at block {block}\nblock {block_hash}, genesis {genesis}, runtime {}\n\n",
            self.netuid, self.spec_version
        );
        let mut table = table(&["UID", "HOTKEY", "REGISTERED", "COMMITTED", "COMMITMENT"]);
        for neuron in &self.snapshot.neurons {
            let commitment = self.commitment(neuron.uid);
            table.add_row([
                neuron.uid.to_string(),
                short(neuron.hotkey.as_str()),
                neuron.registered_at.to_string(),
                commitment.map_or(String::new(), |commitment| commitment.block.to_string()),
                commitment.map_or(String::new(), |commitment| line(&said(commitment))),
            ]);
        }
        text += &table.trim_fmt();
        for row in &self.snapshot.unreadable {
            let whose = row.hotkey.as_ref().map_or("a hotkey", |hotkey| hotkey.as_str());
            text += &format!("\nthe commitment of {whose} cannot be read: {}", line(&row.reason));
        }
        text + "\n\n" + &weights(self.netuid, self.snapshot, self.weights)
    }

    pub(super) fn json(&self) -> String {
        let neurons = self.snapshot.neurons.iter().map(|neuron| {
            let commitment = self.commitment(neuron.uid);
            json!({
                "uid": neuron.uid,
                "hotkey": neuron.hotkey,
                "registered_at": neuron.registered_at,
                "commitment": commitment.map(|found| json!({"block": found.block, "text": found.text()})),
            })
        });
        json!({
            "netuid": self.netuid,
            "block": self.snapshot.block,
            "block_hash": self.snapshot.block_hash,
            "genesis": self.snapshot.genesis,
            "spec_version": self.spec_version,
            "neurons": neurons.collect::<Vec<_>>(),
            "weights": weights_json(self.weights),
        })
        .to_string()
    }

    fn commitment(&self, uid: Uid) -> Option<&Commitment> {
        self.snapshot.commitments.iter().find(|commitment| commitment.uid == Some(uid))
    }
}

/// The weights, a line for each validator, each miner's share of the row.
pub(super) fn weights(netuid: u16, snapshot: &Snapshot, rows: &[WeightRow]) -> String {
    let mut text = format!("Weights on subnet {netuid} of the chain, at block {}", snapshot.block);
    if rows.is_empty() {
        return text + ": none";
    }
    let mut table = table(&["VALIDATOR", "HOTKEY", "WEIGHTS"]);
    for row in rows {
        let hotkey = snapshot.neurons.iter().find(|neuron| neuron.uid == row.uid);
        let sum: f64 = row.weights.iter().map(|(_, weight)| f64::from(*weight)).sum();
        let share = |(uid, weight): &(Uid, u16)| format!("{uid}={:.4}", f64::from(*weight) / sum.max(1.0));
        table.add_row([
            row.uid.to_string(),
            hotkey.map_or(String::new(), |neuron| short(neuron.hotkey.as_str())),
            row.weights.iter().map(share).collect::<Vec<_>>().join("  "),
        ]);
    }
    text.push('\n');
    text + &table.trim_fmt()
}

/// The weights as the chain keeps them.
pub(super) fn weights_json(rows: &[WeightRow]) -> Value {
    let row = |row: &WeightRow| json!({"validator": row.uid, "weights": row.weights});
    rows.iter().map(row).collect()
}

/// A commitment's text, or what it holds instead.
fn said(commitment: &Commitment) -> String {
    commitment.text().unwrap_or_else(|| "(no text)".to_owned())
}

/// One line of text that others wrote: no control characters reach the terminal, and no more than fits.
fn line(text: &str) -> String {
    let mut line: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if text.chars().nth(SHOWN).is_some() {
        line.push('…');
    }
    line
}
