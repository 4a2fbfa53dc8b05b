//! Publishing: tasks in a window, results until they are kept, dead letters and events.

use crate::Error;

/// What became of one task that was to be published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// The stream has it now.
    Stored,
    /// The stream had it already: queued, or in an executor's hands.
    AlreadyThere,
    /// The stream holds as many tasks as it may.
    Full,
    /// No answer, or a refusal: it may or may not be there. Publish it again.
    Failed,
    /// Not sent, because one before it was [`Published::Full`] or [`Published::Failed`].
    NotSent,
}

impl Published {
    /// Whether the stream is known to hold the task.
    #[must_use]
    pub const fn is_there(self) -> bool {
        matches!(self, Self::Stored | Self::AlreadyThere)
    }
}

/// What became of the tasks of one call, in their order.
#[derive(Debug, Default)]
pub struct Publication {
    /// One entry a task.
    pub outcomes: Vec<Published>,
    /// The first fault behind a [`Published::Full`] or [`Published::Failed`].
    pub fault: Option<Error>,
}

impl Publication {
    /// How many tasks from the first on are there without a gap: as far as a watermark may rise.
    #[must_use]
    pub fn contiguous(&self) -> usize {
        self.outcomes
            .iter()
            .take_while(|outcome| outcome.is_there())
            .count()
    }

    /// How many tasks ended so.
    #[must_use]
    pub fn count(&self, outcome: Published) -> usize {
        self.outcomes.iter().filter(|&&found| found == outcome).count()
    }
}
