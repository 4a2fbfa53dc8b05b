-- Why: a cycle is one evaluation round. Its identity is (netuid, interval_number), so two schedulers may
-- run and only one opens; at most one cycle per subnet is active, so tasks of a dead cycle are never served.
CREATE TABLE cycles (
    id bigint GENERATED ALWAYS AS IDENTITY,
    netuid int NOT NULL,
    interval_number bigint NOT NULL,
    block_number bigint NOT NULL,
    block_hash text,
    state text NOT NULL DEFAULT 'open',
    opened_at timestamptz NOT NULL DEFAULT now(),
    running_at timestamptz,
    -- When it settled, expired or was cancelled.
    finished_at timestamptz,
    deadline timestamptz NOT NULL,
    -- What the seeds are made from: its hash is public from the start, itself once the cycle has finished.
    secret bytea NOT NULL,
    secret_hash bytea NOT NULL,
    episodes_per_environment int NOT NULL,
    -- In the order scores and weights are computed in.
    environments text[] NOT NULL,
    strategy text NOT NULL,
    settings jsonb NOT NULL,
    code_version text NOT NULL,
    -- Tasks are published in the order of their ids: all up to this one have been, at least once.
    published_to uuid,
    reason text,

    CONSTRAINT cycles_pkey PRIMARY KEY (id),
    CONSTRAINT cycles_interval_key UNIQUE (netuid, interval_number),
    -- What the weights' foreign key points at (0007).
    CONSTRAINT cycles_id_state_key UNIQUE (id, state),
    CONSTRAINT cycles_netuid_check CHECK (netuid BETWEEN 0 AND 65535),
    CONSTRAINT cycles_block_number_check CHECK (block_number >= 0),
    CONSTRAINT cycles_state_check CHECK (state IN ('open', 'running', 'settled', 'expired', 'cancelled')),
    CONSTRAINT cycles_state_times_check CHECK (
        CASE state
            WHEN 'open' THEN running_at IS NULL AND finished_at IS NULL
            WHEN 'running' THEN running_at IS NOT NULL AND finished_at IS NULL
            WHEN 'settled' THEN running_at IS NOT NULL AND finished_at IS NOT NULL
            ELSE finished_at IS NOT NULL
        END
    ),
    CONSTRAINT cycles_reason_check CHECK (state NOT IN ('expired', 'cancelled') OR reason IS NOT NULL),
    CONSTRAINT cycles_deadline_check CHECK (deadline > opened_at),
    CONSTRAINT cycles_secret_check CHECK (octet_length(secret) = 32 AND octet_length(secret_hash) = 32),
    CONSTRAINT cycles_episodes_check CHECK (episodes_per_environment > 0)
);

CREATE UNIQUE INDEX cycles_one_active_key ON cycles (netuid) WHERE state IN ('open', 'running');
CREATE INDEX cycles_state_idx ON cycles (state, id);
