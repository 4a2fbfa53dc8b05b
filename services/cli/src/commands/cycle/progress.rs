//! A cycle's progress: a bar a family on a terminal, a line now and then elsewhere.

use crate::exit::{Exit, print};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use kinitro_proto::{CycleId, Family};
use kinitro_store::{Cycle, read::FamilyProgress};
use std::{
    collections::BTreeMap,
    io::{self, IsTerminal},
    time::Duration,
};
use tokio::time::Instant;

/// Without a terminal, a line at most this often.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// What has been shown so far.
#[derive(Debug)]
pub(super) struct Progress {
    bars: Option<(MultiProgress, BTreeMap<Family, ProgressBar>)>,
    cycle: Option<CycleId>,
    first: BTreeMap<Family, (Instant, u64)>,
    line_at: Option<Instant>,
}

impl Progress {
    pub(super) fn new() -> Self {
        // Bars go to standard error, lines to standard output.
        let bars = io::stderr()
            .is_terminal()
            .then(|| (MultiProgress::new(), BTreeMap::new()));
        Self {
            bars,
            cycle: None,
            first: BTreeMap::new(),
            line_at: None,
        }
    }

    pub(super) fn show(&mut self, cycle: &Cycle, families: &[FamilyProgress]) -> Result<(), Exit> {
        if self.cycle != Some(cycle.id) {
            self.begin(cycle)?;
        }
        let due = self.line_at.is_none_or(|at| at.elapsed() >= LINE_EVERY) || !cycle.state.is_active();
        for family in families {
            let (done, total) = (
                family.tasks.completed + family.tasks.failed(),
                family.tasks.total(),
            );
            let (since, at_first) = *self
                .first
                .entry(family.family.clone())
                .or_insert((Instant::now(), done));
            #[expect(clippy::cast_precision_loss, reason = "for a person to read")]
            let rate = (done - at_first.min(done)) as f64 / since.elapsed().as_secs_f64().max(1.0);
            if let Some((all, bars)) = &mut self.bars {
                let bar = bars
                    .entry(family.family.clone())
                    .or_insert_with(|| all.add(bar(&family.family, total)));
                bar.set_message(format!("{rate:.1}/s, {} left", left(total - done, rate)));
                bar.set_position(done);
            } else if due {
                print(format!(
                    "{}: {done}/{total} tasks, {rate:.1}/s, {} left",
                    family.family,
                    left(total - done, rate)
                ))?;
            }
        }
        if due {
            self.line_at = Some(Instant::now());
        }
        Ok(())
    }

    /// Leaves the bars as they stand.
    pub(super) fn end(&self) {
        for bar in self.bars.iter().flat_map(|(_, bars)| bars.values()) {
            bar.abandon();
        }
    }

    fn begin(&mut self, cycle: &Cycle) -> Result<(), Exit> {
        self.end();
        self.cycle = Some(cycle.id);
        self.first.clear();
        if let Some((_, bars)) = &mut self.bars {
            bars.clear();
        }
        print(format!(
            "cycle {} at block {}: {} miners × {} environments × {} episodes",
            cycle.id,
            cycle.block_number,
            cycle.miners,
            cycle.environments.len(),
            cycle.episodes_per_environment,
        ))
    }
}

fn bar(family: &Family, total: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix:>12} [{bar:40}] {pos}/{len} tasks  {msg}");
    let bar = ProgressBar::new(total).with_prefix(family.to_string());
    bar.set_style(style.expect("the template is well-formed").progress_chars("=> "));
    bar
}

/// The time left at that rate, as a person says it.
fn left(tasks: u64, rate: f64) -> String {
    if tasks == 0 {
        return "0 s".to_owned();
    }
    if rate <= 0.0 {
        return "unknown time".to_owned();
    }
    #[expect(clippy::cast_precision_loss, reason = "for a person to read")]
    let seconds = tasks as f64 / rate;
    if seconds < 90.0 {
        format!("{seconds:.0} s")
    } else {
        format!("{:.0} min", seconds / 60.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_told_as_people_do() {
        assert_eq!(left(0, 0.0), "0 s");
        assert_eq!(left(10, 0.0), "unknown time");
        assert_eq!(left(10, 1.0), "10 s");
        assert_eq!(left(600, 1.0), "10 min");
    }
}
