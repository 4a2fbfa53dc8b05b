//! What the database itself refuses, whoever asks.

use crate::ledger::{Ledger, RULE, report, scored};

/// Runs a transaction that must fail, and says which constraint refused it.
pub(crate) async fn refused(ledger: &Ledger, statements: &str) -> String {
    let script = format!("BEGIN; {statements}; COMMIT");
    let mut connection = ledger.sql.acquire().await.unwrap();
    let outcome = sqlx::raw_sql(sqlx::AssertSqlSafe(script))
        .execute(&mut *connection)
        .await;
    let Err(error) = outcome else {
        panic!("not refused: {statements}")
    };
    sqlx::raw_sql("ROLLBACK").execute(&mut *connection).await.unwrap();
    let database = error.as_database_error().unwrap_or_else(|| panic!("{error:?}"));
    database
        .constraint()
        .unwrap_or_else(|| panic!("{database:?}"))
        .to_owned()
}

/// The constraint, then what it refuses. `$done` is a task with a result.
const REFUSED: &str = r"
    cycles_state_check        UPDATE cycles SET state = 'done'
    cycles_state_times_check  UPDATE cycles SET state = 'open'
    cycles_state_times_check  UPDATE cycles SET finished_at = now()
    cycles_reason_check       UPDATE cycles SET state = 'expired', finished_at = now()
    cycles_deadline_check     UPDATE cycles SET deadline = opened_at
    cycles_secret_check       UPDATE cycles SET secret = '\x00'
    cycles_netuid_check       UPDATE cycles SET netuid = 65536
    cycles_block_number_check UPDATE cycles SET block_number = -1
    cycles_episodes_check     UPDATE cycles SET episodes_per_environment = 0
    miners_uid_check          UPDATE miners SET uid = -1
    miners_hotkey_check       UPDATE miners SET hotkey = ''
    miners_hotkey_key         UPDATE miners SET hotkey = 'same'
    tasks_environment_check   UPDATE tasks SET environment = 'a.b/c'
    tasks_state_check         UPDATE tasks SET state = 'running' WHERE id <> '$done'
    tasks_due_check           UPDATE tasks SET state = 'retryable', finished_at = NULL
    tasks_finished_check      UPDATE tasks SET state = 'cancelled', finished_at = NULL
    tasks_reason_check        UPDATE tasks SET state = 'discarded', finished_at = now()
    tasks_seed_check          UPDATE tasks SET seed = -1
    tasks_episode_check       UPDATE tasks SET episode = -1
    tasks_attempt_check       UPDATE tasks SET attempt = 0
    tasks_miner_fkey          UPDATE tasks SET uid = 7 WHERE id = '$done'
    tasks_cell_key            UPDATE tasks SET uid = 0, environment = 'a/b'
    results_pkey              INSERT INTO results SELECT * FROM results
    results_outcome_check     UPDATE results SET outcome = 'infra_fault', success = false, reward = 0
    results_fault_check       UPDATE results SET outcome = 'miner_fault', success = false, reward = 0
    results_fault_fails_check UPDATE results SET outcome = 'miner_fault', fault_kind = 'timeout'
    results_reward_check      UPDATE results SET reward = 'NaN'
    results_reward_check      UPDATE results SET reward = '-Infinity'
    results_counts_check      UPDATE results SET delivery = 0
    results_task_fkey         DELETE FROM tasks WHERE id = '$done'
";

#[tokio::test]
async fn bad_rows_are_refused_by_name() {
    let (ledger, tasks) = Ledger::running(1).await;
    let result = report(&tasks[0], 1, scored(true, 1.0));
    ledger.store.record(&[result], &RULE).await.unwrap();
    let text = REFUSED.replace("$done", &tasks[0].id.to_string());
    let cases: Vec<_> = text
        .lines()
        .filter_map(|line| line.trim().split_once(' '))
        .collect();
    assert_eq!(cases.len(), 30);
    for (constraint, statement) in cases {
        assert_eq!(
            refused(&ledger, statement.trim()).await,
            constraint,
            "{statement}"
        );
    }
}

#[tokio::test]
async fn a_second_active_cycle_is_refused() {
    let (ledger, _) = Ledger::running(1).await;
    let copy = "INSERT INTO cycles (netuid, interval_number, deadline, block_number, secret, secret_hash, \
                    episodes_per_environment, environments, strategy, settings, code_version) \
                SELECT netuid, interval_number + 1, deadline, block_number, secret, secret_hash, \
                    episodes_per_environment, environments, strategy, settings, code_version FROM cycles";
    assert_eq!(refused(&ledger, copy).await, "cycles_one_active_key");
    let same = copy.replace("+ 1", "+ 0");
    assert_eq!(
        refused(
            &ledger,
            &format!("UPDATE cycles SET state = 'cancelled', finished_at = now(), reason = ''; {same}")
        )
        .await,
        "cycles_interval_key"
    );
}

#[tokio::test]
async fn weights_and_a_settled_cycle_are_there_together_or_not_at_all() {
    let (ledger, tasks) = Ledger::running(1).await;
    let id = tasks[0].cycle;
    let settle = "UPDATE cycles SET state = 'settled', finished_at = now()";
    let weigh = format!(
        "INSERT INTO weights (cycle_id, block_number, uids, weights, weights_u16, points, frontier, epsilons) \
         VALUES ({id}, 1, '{{0}}', '{{1}}', '{{65535}}', '{{0}}', '{{}}', '{{}}')"
    );
    assert_eq!(refused(&ledger, settle).await, "cycles_weights_fkey");
    assert_eq!(refused(&ledger, &weigh).await, "weights_cycle_settled_fkey");
    let expire = "UPDATE cycles SET state = 'expired', finished_at = now(), reason = ''";
    assert_eq!(
        refused(&ledger, &format!("{weigh}; {expire}")).await,
        "weights_cycle_settled_fkey"
    );
    let lie = weigh
        .replace("block_number, uids", "cycle_state, block_number, uids")
        .replace(", 1, ", ", 'running', 1, ");
    assert_eq!(refused(&ledger, &lie).await, "weights_cycle_state_check");

    ledger.pass_deadline(id).await;
    ledger.settle(id).await;
    assert_eq!(
        refused(&ledger, "DELETE FROM weights").await,
        "cycles_weights_fkey"
    );
    let reopen = "UPDATE cycles SET state = 'running', finished_at = NULL";
    assert_eq!(refused(&ledger, reopen).await, "weights_cycle_settled_fkey");
    assert_eq!(refused(&ledger, expire).await, "weights_cycle_settled_fkey");
}

#[tokio::test]
async fn weights_that_are_no_weights_are_refused() {
    let (ledger, tasks) = Ledger::running(1).await;
    ledger.pass_deadline(tasks[0].cycle).await;
    ledger.settle(tasks[0].cycle).await;
    let cases = [
        ("weights = '{0.5,NaN}'", "weights_finite_check"),
        ("weights = '{0.5,-1}'", "weights_finite_check"),
        ("weights = '{0.5,Infinity}'", "weights_finite_check"),
        ("weights = '{0.5,NULL}'", "weights_finite_check"),
        ("weights = '{1}'", "weights_aligned_check"),
        ("weights_u16 = '{0,65536}'", "weights_u16_check"),
        ("weights_u16 = '{0,NULL}'", "weights_u16_check"),
        ("frontier = '{5}'", "weights_frontier_check"),
    ];
    for (change, constraint) in cases {
        assert_eq!(
            refused(&ledger, &format!("UPDATE weights SET {change}")).await,
            constraint,
            "{change}"
        );
    }
}
