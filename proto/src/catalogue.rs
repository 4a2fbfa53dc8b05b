//! The families and environments this version knows, from `environments/<family>/family.toml`.
//!
//! The order is the one scores and weights are computed in, and the one `/v1/environments` answers in.

use crate::{Environment, Family};
use serde::Deserialize;
use std::sync::LazyLock;

/// A family: environments that share one image and its limits.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FamilyEntry {
    /// The family.
    pub name: Family,
    /// Its name for people.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// The image of its simulator.
    pub image: String,
    /// The most memory a simulator may take, e.g. `1GiB`.
    pub memory: String,
    /// The most processors a simulator may use.
    pub cpus: f64,
    /// The most processes and threads a simulator may have.
    pub pids: u32,
    /// The size of the simulator's `/tmp`, e.g. `64MiB`.
    pub tmpfs: String,
    /// The steps after which an episode ends.
    pub max_steps: u32,
    /// How to run the simulator without a container, in the family's folder.
    pub command: Vec<String>,
    /// Its environments, in order.
    pub environments: Vec<EnvironmentEntry>,
}

/// An environment of a family.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvironmentEntry {
    /// The environment.
    pub id: Environment,
    /// What the simulator itself calls it.
    pub task: String,
}

/// One line a family.
const FILES: &[&str] = &[include_str!("../../environments/metaworld/family.toml")];

static FAMILIES: LazyLock<Vec<FamilyEntry>> = LazyLock::new(|| {
    FILES
        .iter()
        .map(|text| toml::from_str(text).expect("family.toml is well-formed: a test reads it"))
        .collect()
});

/// Every family, in order.
#[must_use]
pub fn families() -> &'static [FamilyEntry] {
    &FAMILIES
}

/// The family of that name.
#[must_use]
pub fn family(name: &Family) -> Option<&'static FamilyEntry> {
    families().iter().find(|entry| entry.name == *name)
}

/// Every environment, in order.
pub fn environments() -> impl Iterator<Item = &'static EnvironmentEntry> {
    families().iter().flat_map(|family| &family.environments)
}

/// Whether this version knows the environment.
#[must_use]
pub fn knows(environment: &Environment) -> bool {
    environments().any(|entry| entry.id == *environment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_is_well_formed_and_owns_its_environments() {
        for entry in families() {
            assert!(!entry.environments.is_empty(), "{}", entry.name);
            for environment in &entry.environments {
                assert_eq!(environment.id.family(), entry.name);
            }
        }
    }

    #[test]
    fn metaworld_has_the_eight_tasks_in_order() {
        let names: Vec<_> = environments().map(|entry| entry.id.name()).take(8).collect();
        let expected = [
            "reach",
            "push",
            "pick-place",
            "door-open",
            "drawer-open",
            "drawer-close",
            "button-press",
        ]
        .map(|name| format!("{name}-v3"));
        assert_eq!(names[..7], expected);
        assert_eq!(names[7], "peg-insert-v3");
    }
}
