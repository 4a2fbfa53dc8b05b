-- Why: weights and the cycle's completion are one transaction (I6), and the database itself holds that: a weights
-- row points at its cycle in the state settled, and a settled cycle points at its weights row. Both are checked
-- at commit, so neither can be there without the other.
CREATE TABLE weights (
    cycle_id bigint NOT NULL,
    cycle_state text NOT NULL DEFAULT 'settled',
    block_number bigint NOT NULL,
    -- In the order they were computed in; weights, weights_u16 and points are aligned with them.
    uids int[] NOT NULL,
    weights double precision[] NOT NULL,
    weights_u16 int[] NOT NULL,
    points double precision[] NOT NULL,
    -- The uids on the Pareto frontier.
    frontier int[] NOT NULL,
    -- Aligned with the cycle's environments.
    epsilons double precision[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),

    CONSTRAINT weights_pkey PRIMARY KEY (cycle_id),
    CONSTRAINT weights_cycle_settled_fkey FOREIGN KEY (cycle_id, cycle_state)
        REFERENCES cycles (id, state) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT weights_cycle_state_check CHECK (cycle_state = 'settled'),
    CONSTRAINT weights_block_number_check CHECK (block_number >= 0),
    CONSTRAINT weights_aligned_check CHECK (
        cardinality(uids) = cardinality(weights)
        AND cardinality(uids) = cardinality(weights_u16)
        AND cardinality(uids) = cardinality(points)
    ),
    CONSTRAINT weights_frontier_check CHECK (frontier <@ uids),
    -- NaN is above infinity here, so this refuses it too. A null would pass it, so none may be in.
    CONSTRAINT weights_finite_check CHECK (
        0 <= ALL (weights) AND 'Infinity' > ALL (weights) AND array_position(weights, NULL) IS NULL
    ),
    CONSTRAINT weights_u16_check CHECK (
        0 <= ALL (weights_u16) AND 65535 >= ALL (weights_u16) AND array_position(weights_u16, NULL) IS NULL
    )
);

CREATE INDEX weights_block_number_idx ON weights (block_number, cycle_id);

ALTER TABLE cycles
    ADD COLUMN settled_id bigint GENERATED ALWAYS AS (CASE WHEN state = 'settled' THEN id END) STORED,
    ADD CONSTRAINT cycles_weights_fkey FOREIGN KEY (settled_id)
        REFERENCES weights (cycle_id) DEFERRABLE INITIALLY DEFERRED;
