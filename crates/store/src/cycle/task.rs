//! Tasks as the stream's messages.

use crate::{Result, Store, row::Columns};
use kinitro_proto::{CycleId, Policy, Seed, Task, TaskId};
use sqlx::{FromRow, Postgres, Row, postgres::PgRow, query::QueryAs};

/// Every column of a task's message. Complete it with a `WHERE`.
macro_rules! select_task {
    ($rest:literal) => {
        concat!(
            "SELECT t.id, t.cycle_id, t.uid, t.environment, t.episode, t.seed, t.attempt, ",
            "m.hotkey, m.endpoint, c.deadline ",
            "FROM tasks t JOIN miners m ON m.cycle_id = t.cycle_id AND m.uid = t.uid ",
            "JOIN cycles c ON c.id = t.cycle_id ",
            $rest
        )
    };
}
pub(super) use select_task;

/// A row of [`select_task`].
pub(super) struct Listed(Task);

impl FromRow<'_, PgRow> for Listed {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let seed: u64 = row.number("seed")?;
        Ok(Self(Task {
            id: TaskId(row.try_get("id")?),
            cycle: CycleId(row.number("cycle_id")?),
            uid: row.uid("uid")?,
            hotkey: row.hotkey("hotkey")?,
            policy: Policy::Endpoint {
                url: row.try_get("endpoint")?,
            },
            environment: row.environment("environment")?,
            episode: row.number("episode")?,
            seed: Seed::new(seed),
            attempt: row.number("attempt")?,
            deadline_ms: row.time("deadline")?.as_millisecond(),
        }))
    }
}

type Query = QueryAs<'static, Postgres, Listed, sqlx::postgres::PgArguments>;

impl Store {
    pub(super) async fn list_tasks(&self, query: Query) -> Result<Vec<Task>, sqlx::Error> {
        let rows = query.fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(|Listed(task)| task).collect())
    }
}
