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
        let Snapshot {
            genesis,
            block,
            block_hash,
            ..
        } = self.snapshot;
        let mut text = format!(
            "Subnet {} of {network}, at block {block}\nblock {block_hash}, genesis {genesis}, runtime {}\n\n",
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
            text += &format!(
                "\nthe commitment of {whose} cannot be read: {}",
                line(&row.reason)
            );
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
        let unreadable = self.snapshot.unreadable.iter();
        let unreadable = unreadable.map(|row| json!({"hotkey": row.hotkey, "reason": row.reason}));
        json!({
            "netuid": self.netuid,
            "block": self.snapshot.block,
            "block_hash": self.snapshot.block_hash,
            "genesis": self.snapshot.genesis,
            "spec_version": self.spec_version,
            "neurons": neurons.collect::<Vec<_>>(),
            "unreadable": unreadable.collect::<Vec<_>>(),
            "weights": weights_json(self.weights),
        })
        .to_string()
    }

    fn commitment(&self, uid: Uid) -> Option<&Commitment> {
        self.snapshot
            .commitments
            .iter()
            .find(|commitment| commitment.uid == Some(uid))
    }
}

/// The weights, a line for each validator, each miner's share of the row.
pub(super) fn weights(netuid: u16, snapshot: &Snapshot, rows: &[WeightRow]) -> String {
    let mut text = format!(
        "Weights on subnet {netuid} of the chain, at block {}",
        snapshot.block
    );
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

/// One line of text that others wrote: nothing in it moves the terminal's cursor, and no more is shown than fits.
fn line(text: &str) -> String {
    let shown = |letter: char| match letter {
        '"' | '\'' | '\\' => letter.to_string(),
        _ => letter.escape_debug().to_string(),
    };
    let mut line: String = text.chars().take(SHOWN).map(shown).collect();
    if text.chars().nth(SHOWN).is_some() {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use kinitro_chain::{Field, Hash, Neuron, Unreadable};
    use kinitro_proto::BlockNumber;

    fn snapshot(text: &str) -> Snapshot {
        let hotkey = "5GbVPzNr7ANGAWbDPL9KxB6DVZ26TDCKz2vuCQ1MSMaBagvq"
            .parse()
            .unwrap();
        Snapshot {
            genesis: Hash([1; 32]),
            block: BlockNumber(57),
            block_hash: Hash([2; 32]),
            neurons: vec![Neuron {
                uid: Uid(3),
                hotkey,
                registered_at: BlockNumber(4),
            }],
            commitments: vec![Commitment {
                uid: Some(Uid(3)),
                hotkey: "5GbVPzNr7ANGAWbDPL9KxB6DVZ26TDCKz2vuCQ1MSMaBagvq"
                    .parse()
                    .unwrap(),
                block: BlockNumber(50),
                fields: vec![Field::Raw(text.as_bytes().to_vec())],
            }],
            unreadable: vec![Unreadable {
                hotkey: None,
                reason: "no such\nvariant".to_owned(),
            }],
        }
    }

    fn rows() -> Vec<WeightRow> {
        vec![WeightRow {
            uid: Uid(3),
            weights: vec![(Uid(0), 65_535), (Uid(7), 21_845)],
        }]
    }

    #[test]
    fn a_row_is_shown_as_shares() {
        let text = weights(26, &snapshot(""), &rows());
        assert!(
            text.starts_with("Weights on subnet 26 of the chain, at block 57\n"),
            "{text}"
        );
        assert!(
            text.ends_with("3          5GbVPz…aBagvq  0=0.7500  7=0.2500"),
            "{text}"
        );
        assert!(weights(26, &snapshot(""), &[]).ends_with("at block 57: none"));
    }

    #[test]
    fn what_others_wrote_stays_in_its_line() {
        let snapshot = snapshot("{\"a\":1}\u{1b}[2J\r\n\u{202e}x");
        let view = View {
            netuid: 26,
            spec_version: 461,
            snapshot: &snapshot,
            weights: &[],
        };
        let text = view.text(&"local".parse().unwrap());
        assert!(text.contains(r#"{"a":1}\u{1b}[2J\r\n\u{202e}x"#), "{text}");
        assert!(
            text.contains(r"a hotkey cannot be read: no such\nvariant"),
            "{text}"
        );
        assert_eq!(line(&"x".repeat(1000)).chars().count(), SHOWN + 1);
    }

    #[test]
    fn json_holds_it_whole() {
        let text = "x".repeat(128);
        let snapshot = snapshot(&text);
        let view = View {
            netuid: 26,
            spec_version: 461,
            snapshot: &snapshot,
            weights: &rows(),
        };
        let json: Value = serde_json::from_str(&view.json()).unwrap();
        assert_eq!(
            json["neurons"][0]["commitment"],
            json!({"block": 50, "text": text})
        );
        assert_eq!(
            json["weights"],
            json!([{"validator": 3, "weights": [[0, 65_535], [7, 21_845]]}])
        );
        assert_eq!(json["unreadable"][0]["reason"], "no such\nvariant");
        assert_eq!(json["genesis"], Hash([1; 32]).to_string());
    }
}
