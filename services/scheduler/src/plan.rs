//! What a cycle consists of. Pure: the same miners, environments and secret plan the same seeds.

use crate::miners::Miner;
use kinitro_audit::seed;
use kinitro_proto::{Environment, TaskId, Uid};
use kinitro_store::NewTask;

/// Every task of a cycle: episodes outermost and miners innermost, so that at any moment all miners have been
/// judged about equally far, and a deadline cuts all of them alike. Ids rise in that order.
pub(crate) fn tasks<'a>(
    miners: &'a [Miner],
    environments: &'a [Environment],
    episodes: u32,
    secret: &'a [u8; 32],
) -> impl Iterator<Item = NewTask> + Send + 'a {
    let uids = move || miners.iter().map(|miner| miner.uid);
    (0..episodes).flat_map(move |episode| {
        environments.iter().flat_map(move |environment| {
            let seed = seed(secret, environment, episode);
            uids().map(move |uid: Uid| NewTask {
                id: TaskId::now(),
                uid,
                environment: environment.clone(),
                episode,
                seed,
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{HashMap, HashSet};

    fn plan(miners: u16, episodes: u32) -> Vec<NewTask> {
        let environments = ["metaworld/reach-v3", "metaworld/push-v3"].map(|text| text.parse().unwrap());
        let miner = |uid| Miner {
            uid: Uid(uid),
            hotkey: format!("5A{uid}").parse().unwrap(),
            endpoint: "https://a.example".to_owned(),
            commit_block: None,
            repo: None,
            revision: None,
        };
        let miners: Vec<_> = (0..miners).map(miner).collect();
        tasks(&miners, &environments, episodes, &[9; 32]).collect()
    }

    #[test]
    fn every_miner_has_every_episode_of_every_environment_once() {
        let tasks = plan(5, 7);
        let cells: HashSet<_> = tasks
            .iter()
            .map(|task| (task.uid, task.environment.clone(), task.episode))
            .collect();
        assert_eq!((tasks.len(), cells.len()), (70, 70));
    }

    #[test]
    fn miners_are_compared_on_the_same_seeds() {
        let mut seeds = HashMap::new();
        for task in plan(5, 7) {
            let known = seeds.entry((task.environment, task.episode)).or_insert(task.seed);
            assert_eq!(*known, task.seed);
        }
        assert_eq!(seeds.values().collect::<HashSet<_>>().len(), 14);
    }

    #[test]
    fn ids_rise_in_the_order_of_the_plan() {
        let tasks = plan(5, 200);
        assert!(tasks.is_sorted_by(|a, b| a.id < b.id));
    }

    #[test]
    fn miners_progress_alike() {
        let uids: Vec<_> = plan(3, 1).iter().map(|task| task.uid.0).collect();
        assert_eq!(uids, [0, 1, 2, 0, 1, 2]);
    }
}
