//! What applying or comparing the setup found, for people and for logs.

use serde_json::Value;
use std::fmt;

/// A stream or a consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asset {
    /// A stream.
    Stream(String),
    /// A consumer of a stream.
    Consumer {
        /// The stream.
        stream: String,
        /// The consumer.
        name: String,
    },
}

impl fmt::Display for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stream(name) => write!(f, "stream {name}"),
            Self::Consumer { stream, name } => write!(f, "consumer {stream} > {name}"),
        }
    }
}

/// One place where the server is not as the setup wants it.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Where.
    pub asset: Asset,
    /// Which field of its configuration, as JetStream's API names it; empty if the asset is missing.
    pub field: String,
    /// What the setup wants.
    pub wanted: Value,
    /// What the server has.
    pub found: Value,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            write!(f, "{}: missing", self.asset)
        } else {
            write!(
                f,
                "{}: `{}` is {}, wanted {}",
                self.asset, self.field, self.found, self.wanted
            )
        }
    }
}

/// What was done about an asset.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// It was missing and is there now.
    Created(Asset),
    /// It differed and is as wanted now.
    Updated(Asset, Vec<Difference>),
    /// It differs and was left as it is: the change would lose messages, or the server refuses it.
    Kept(Asset, Vec<Difference>, String),
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (asset, what, differences) = match self {
            Self::Created(asset) => return write!(f, "{asset}: created"),
            Self::Updated(asset, differences) => (asset, "updated".to_owned(), differences),
            Self::Kept(asset, differences, why) => (asset, format!("kept as it is: {why}"), differences),
        };
        write!(f, "{asset}: {what}")?;
        for Difference {
            field, wanted, found, ..
        } in differences
        {
            write!(f, "\n  {field}: {found} -> {wanted}")?;
        }
        Ok(())
    }
}

/// What applying the setup did, in the setup's order; empty if nothing differed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// What was done, asset by asset.
    pub changes: Vec<Change>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.changes.is_empty() {
            return f.write_str("nothing to change");
        }
        let lines: Vec<_> = self.changes.iter().map(Change::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}
