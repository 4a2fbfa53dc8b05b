-- Why: whatever was reported and did not become a task's accepted result is kept and never counted (I4): faults
-- of ours, second and late results. The key makes recording the same report again harmless.
CREATE TABLE evidence (
    task_id uuid NOT NULL,
    attempt bigint NOT NULL,
    -- 0 when the ledger itself gave the task up.
    delivery bigint NOT NULL,
    executor text NOT NULL,
    -- What the ledger made of the report.
    verdict text NOT NULL,
    outcome text NOT NULL,
    fault_kind text,
    success boolean NOT NULL,
    reward double precision NOT NULL,
    steps bigint NOT NULL,
    detail text NOT NULL,
    total_us bigint NOT NULL,
    simulator_us bigint NOT NULL,
    policy_us bigint NOT NULL,
    policy_max_us bigint NOT NULL,
    traceparent text,
    recorded_at timestamptz NOT NULL DEFAULT now(),

    CONSTRAINT evidence_pkey PRIMARY KEY (task_id, attempt, delivery, executor),
    CONSTRAINT evidence_task_fkey FOREIGN KEY (task_id) REFERENCES tasks (id),
    CONSTRAINT evidence_verdict_check
        CHECK (verdict IN ('retry', 'discarded', 'stale', 'duplicate', 'late')),
    CONSTRAINT evidence_outcome_check CHECK (outcome IN ('scored', 'miner_fault', 'infra_fault')),
    CONSTRAINT evidence_fault_check CHECK ((outcome = 'scored') = (fault_kind IS NULL))
);
