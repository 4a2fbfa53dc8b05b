-- Why: a task is complete iff its row here is committed (I2), and there is one row a task (I4). Only these
-- rows touch a score, so a fault of ours cannot be one (I5).
CREATE TABLE results (
    task_id uuid NOT NULL,
    attempt bigint NOT NULL,
    delivery bigint NOT NULL,
    executor text NOT NULL,
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
    -- The W3C trace context of the attempt.
    traceparent text,
    recorded_at timestamptz NOT NULL DEFAULT now(),

    CONSTRAINT results_pkey PRIMARY KEY (task_id),
    CONSTRAINT results_task_fkey FOREIGN KEY (task_id) REFERENCES tasks (id),
    CONSTRAINT results_counts_check CHECK (attempt >= 1 AND delivery >= 1 AND steps >= 0),
    CONSTRAINT results_outcome_check CHECK (outcome IN ('scored', 'miner_fault')),
    CONSTRAINT results_fault_check CHECK ((outcome = 'miner_fault') = (fault_kind IS NOT NULL)),
    CONSTRAINT results_fault_fails_check CHECK (outcome = 'scored' OR (NOT success AND reward = 0)),
    -- Bounded, so that the sum of any cell stays finite: one reward must not keep a cycle from settling.
    CONSTRAINT results_reward_check CHECK (reward BETWEEN -1e100 AND 1e100)
);

-- Rows arrive in the order of this column, so a BRIN index costs next to nothing: who has reported lately.
CREATE INDEX results_recorded_idx ON results USING brin (recorded_at);
