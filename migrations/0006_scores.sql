-- Why: a miner's figures in each environment, as they were when the cycle settled. A missing row is a missing
-- cell, never a zero (I5).
CREATE TABLE scores (
    cycle_id bigint NOT NULL,
    uid int NOT NULL,
    environment text NOT NULL,
    success_rate double precision NOT NULL,
    mean_reward double precision NOT NULL,
    -- Accepted results in this cell.
    episodes int NOT NULL,
    successes int NOT NULL,
    miner_faults int NOT NULL,

    CONSTRAINT scores_pkey PRIMARY KEY (cycle_id, uid, environment),
    CONSTRAINT scores_miner_fkey FOREIGN KEY (cycle_id, uid) REFERENCES miners (cycle_id, uid),
    CONSTRAINT scores_rate_check CHECK (success_rate BETWEEN 0 AND 1),
    CONSTRAINT scores_reward_check CHECK (mean_reward > '-Infinity' AND mean_reward < 'Infinity'),
    CONSTRAINT scores_counts_check CHECK (
        episodes > 0 AND successes >= 0 AND miner_faults >= 0 AND successes + miner_faults <= episodes
    )
);

-- How many miners were ever scored, by hopping from uid to uid.
CREATE INDEX scores_uid_idx ON scores (uid);
