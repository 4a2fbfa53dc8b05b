//! What the database itself refuses, whoever asks.

use crate::ledger::{Ledger, RULE, report, scored, settle, settled, signed_by};

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
    all_refused(&ledger, &REFUSED.replace("$done", &tasks[0].id.to_string()), 30).await;
}

/// Whether each line's statement is refused by its constraint.
async fn all_refused(ledger: &Ledger, table: &str, lines: usize) {
    let cases: Vec<_> = table
        .lines()
        .filter_map(|line| line.trim().split_once(' '))
        .collect();
    assert_eq!(cases.len(), lines);
    for (constraint, statement) in cases {
        assert_eq!(refused(ledger, statement.trim()).await, constraint, "{statement}");
    }
}

/// What a settled cycle refuses: its scores, weights, document, signatures and bundle.
const REFUSED_SETTLED: &str = r"
    scores_interval_check           UPDATE scores SET success_low = NULL
    scores_interval_check           UPDATE scores SET success_high = NULL
    scores_interval_check           UPDATE scores SET success_low = success_rate + 0.1
    scores_interval_check           UPDATE scores SET success_high = success_rate - 0.1
    scores_interval_check           UPDATE scores SET success_low = -0.1
    scores_interval_check           UPDATE scores SET success_high = 1.1
    scores_interval_check           UPDATE scores SET success_low = 'NaN'
    scores_interval_check           UPDATE scores SET success_high = 'NaN'
    weights_stability_check         UPDATE weights SET stability = '{0.5,1.1}'
    weights_stability_check         UPDATE weights SET stability = '{0.5,-0.1}'
    weights_stability_check         UPDATE weights SET stability = '{0.5,NaN}'
    weights_stability_check         UPDATE weights SET stability = '{0.5,NULL}'
    weights_stability_aligned_check UPDATE weights SET stability = '{0.5}'
    weights_replicates_check        UPDATE weights SET stability = NULL
    weights_replicates_check        UPDATE weights SET replicates = NULL
    weights_replicates_check        UPDATE weights SET replicates = 0
    weights_document_check          UPDATE weights SET document_id = NULL
    weights_document_check          UPDATE weights SET document_id = cycle_id + 1
    documents_pkey                  INSERT INTO documents SELECT * FROM documents
    documents_document_check        UPDATE documents SET document = ''
    documents_sha256_check          UPDATE documents SET document = document || ' '
    documents_sha256_check          UPDATE documents SET sha256 = evidence_sha256
    documents_evidence_sha256_check UPDATE documents SET evidence_sha256 = '\x00'
    documents_evidence_check        UPDATE documents SET evidence_lines = 0
    documents_evidence_check        UPDATE documents SET evidence_bytes = evidence_lines - 1
    documents_evidence_check        UPDATE documents SET evidence_chunks = 0
    documents_weights_fkey          INSERT INTO documents SELECT 99, document, sha256, sha256, 1, 1, 1 FROM documents
    signatures_document_fkey        DELETE FROM documents
    signatures_key_fkey             UPDATE signatures SET key_id = '0000000000000000'
    signatures_key_fkey             DELETE FROM signing_keys
    signatures_pkey                 INSERT INTO signatures SELECT * FROM signatures
    signatures_signature_check      UPDATE signatures SET signature = '\x00'
    signing_keys_pkey               INSERT INTO signing_keys SELECT * FROM signing_keys
    signing_keys_key_id_check       UPDATE signing_keys SET key_id = '0000000000000000'
    signing_keys_key_id_check       UPDATE signing_keys SET key_id = upper(key_id)
    signing_keys_public_key_check   INSERT INTO signing_keys VALUES (left(encode(sha256('\x00'), 'hex'), 16), '\x00')
    signing_keys_retired_check      UPDATE signing_keys SET retired_at = added_at - interval '1 second'
    bundle_chunks_pkey              UPDATE bundle_chunks SET place = 0
    bundle_chunks_place_check       UPDATE bundle_chunks SET place = -1
    bundle_chunks_bytes_check       UPDATE bundle_chunks SET bytes = ''
    bundle_chunks_bytes_check       UPDATE bundle_chunks SET bytes = convert_to(repeat('x', 4194305), 'UTF8')
    bundle_chunks_document_fkey     UPDATE bundle_chunks SET cycle_id = 99
";

#[tokio::test]
async fn bad_rows_of_a_settled_cycle_are_refused_by_name() {
    let (ledger, tasks) = Ledger::running(1).await;
    let key = ledger.signing_key(1).await;
    ledger.pass_deadline(tasks[0].cycle).await;
    let settlement = ledger.store.begin_settle(tasks[0].cycle).await.unwrap().unwrap();
    settle(settlement, &signed_by(&[&key], settled())).await.unwrap();
    all_refused(&ledger, REFUSED_SETTLED, 42).await;
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
async fn a_settled_cycle_its_weights_and_their_document_are_there_together_or_not_at_all() {
    let (ledger, tasks) = Ledger::running(1).await;
    let id = tasks[0].cycle;
    let settle = "UPDATE cycles SET state = 'settled', finished_at = now()";
    let weigh = format!(
        "INSERT INTO weights (cycle_id, document_id, block_number, uids, weights, weights_u16, points, frontier, \
             epsilons) VALUES ({id}, {id}, 1, '{{0}}', '{{1}}', '{{65535}}', '{{0}}', '{{}}', '{{}}')"
    );
    let tell = format!("INSERT INTO documents VALUES ({id}, 'a', sha256('a'), sha256('b'), 1, 1, 1)");
    let chunk = format!("INSERT INTO bundle_chunks VALUES ({id}, 0, 'a')");
    assert_eq!(refused(&ledger, settle).await, "cycles_weights_fkey");
    assert_eq!(
        refused(&ledger, &format!("{weigh}; {tell}")).await,
        "weights_cycle_settled_fkey"
    );
    assert_eq!(
        refused(&ledger, &format!("{settle}; {weigh}")).await,
        "weights_document_fkey"
    );
    assert_eq!(refused(&ledger, &tell).await, "documents_weights_fkey");
    assert_eq!(refused(&ledger, &chunk).await, "bundle_chunks_document_fkey");
    let untold = weigh.replace(&format!("{id}, {id}"), &format!("{id}, NULL"));
    assert_eq!(refused(&ledger, &untold).await, "weights_document_check");
    let expire = "UPDATE cycles SET state = 'expired', finished_at = now(), reason = ''";
    assert_eq!(
        refused(&ledger, &format!("{weigh}; {tell}; {expire}")).await,
        "weights_cycle_settled_fkey"
    );
    let lie = weigh
        .replace("block_number, uids", "cycle_state, block_number, uids")
        .replace(&format!("{id}, {id}, 1"), &format!("{id}, {id}, 'running', 1"));
    assert_eq!(refused(&ledger, &lie).await, "weights_cycle_state_check");

    ledger.pass_deadline(id).await;
    ledger.settle(id).await;
    assert_eq!(
        refused(&ledger, "DELETE FROM weights").await,
        "cycles_weights_fkey"
    );
    assert_eq!(
        refused(&ledger, "DELETE FROM documents").await,
        "weights_document_fkey"
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
