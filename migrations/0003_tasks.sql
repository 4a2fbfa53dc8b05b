-- Why: a task exists iff its row here is committed (I1). What the stream holds is a copy of the open rows.
CREATE TABLE tasks (
    id uuid NOT NULL,
    cycle_id bigint NOT NULL,
    uid int NOT NULL,
    environment text NOT NULL,
    family text NOT NULL GENERATED ALWAYS AS (split_part(environment, '/', 1)) STORED,
    episode int NOT NULL,
    seed bigint NOT NULL,
    state text NOT NULL DEFAULT 'available',
    -- The attempt that is under way or due, from 1: rises when an attempt ended with a fault of ours.
    attempt int NOT NULL DEFAULT 1,
    -- When a retryable task is to be published again.
    due_at timestamptz,
    finished_at timestamptz,
    -- Why it was given up on.
    reason text,

    CONSTRAINT tasks_pkey PRIMARY KEY (id),
    CONSTRAINT tasks_cell_key UNIQUE (cycle_id, uid, environment, episode),
    CONSTRAINT tasks_miner_fkey FOREIGN KEY (cycle_id, uid) REFERENCES miners (cycle_id, uid),
    CONSTRAINT tasks_environment_check CHECK (environment ~ '^[a-z0-9_-]{1,32}/[a-z0-9_-]{1,32}$'),
    CONSTRAINT tasks_episode_check CHECK (episode >= 0),
    CONSTRAINT tasks_seed_check CHECK (seed >= 0),
    CONSTRAINT tasks_attempt_check CHECK (attempt >= 1),
    CONSTRAINT tasks_state_check
        CHECK (state IN ('available', 'retryable', 'completed', 'discarded', 'cancelled')),
    CONSTRAINT tasks_due_check CHECK ((state = 'retryable') = (due_at IS NOT NULL)),
    CONSTRAINT tasks_finished_check
        CHECK ((state IN ('completed', 'discarded', 'cancelled')) = (finished_at IS NOT NULL)),
    CONSTRAINT tasks_reason_check CHECK (state <> 'discarded' OR reason IS NOT NULL)
);

-- Publishing, reconciling and settling all walk a cycle's open tasks in the order of their ids.
CREATE INDEX tasks_open_idx ON tasks (cycle_id, id) WHERE state IN ('available', 'retryable');
CREATE INDEX tasks_due_idx ON tasks (cycle_id, due_at) WHERE state = 'retryable';
