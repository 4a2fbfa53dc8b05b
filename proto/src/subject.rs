//! The subjects, made and read in one place. Ids cannot hold a dot, a star or a space (see the types),
//! so a subject says what it seems to say.

use crate::{CycleId, Event, Family, TaskId};

/// A task's own subject in TASKS: `tasks.<family>.<cycle>.<task>`.
#[must_use]
pub fn task(family: &Family, cycle: CycleId, task: TaskId) -> String {
    format!("tasks.{family}.{cycle}.{task}")
}

/// Every task of a cycle: `tasks.*.<cycle>.>`.
#[must_use]
pub fn tasks_of_cycle(cycle: CycleId) -> String {
    format!("tasks.*.{cycle}.>")
}

/// Where the results of a family in a cycle go: `results.<family>.<cycle>`.
#[must_use]
pub fn results(family: &Family, cycle: CycleId) -> String {
    format!("results.{family}.{cycle}")
}

/// Where an event goes: `events.cycle.<what>`.
#[must_use]
pub fn event(event: &Event) -> String {
    format!("events.cycle.{}", event.name())
}

/// Where a dead letter goes: `dead.<family>.<reason>`.
#[must_use]
pub fn dead(family: &str, reason: &str) -> String {
    format!("dead.{family}.{reason}")
}

/// What a task's subject says, even when its body cannot be read.
#[must_use]
pub fn parse_task(subject: &str) -> Option<(Family, CycleId, TaskId)> {
    let mut tokens = subject.split('.');
    let parsed = match (tokens.next()?, tokens.next()?, tokens.next()?, tokens.next()?) {
        ("tasks", family, cycle, task) => (family.parse().ok()?, cycle.parse().ok()?, task.parse().ok()?),
        _ => return None,
    };
    tokens.next().is_none().then_some(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_subject_reads_back() {
        let (family, id) = ("metaworld".parse().unwrap(), TaskId::now());
        let subject = task(&family, CycleId(7), id);
        assert_eq!(parse_task(&subject), Some((family, CycleId(7), id)));
        for other in [
            "tasks.metaworld.7",
            "results.metaworld.7",
            "tasks.a.b.c",
            "tasks.metaworld.7.x.y",
            "",
        ] {
            assert_eq!(parse_task(other), None, "`{other}`");
        }
    }
}
