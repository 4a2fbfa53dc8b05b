-- Why: a cycle judges the miners as they were committed at its block. This is that snapshot, so a miner who
-- moves, re-registers or commits again meanwhile changes nothing in a cycle that is under way.
CREATE TABLE miners (
    cycle_id bigint NOT NULL,
    uid int NOT NULL,
    hotkey text NOT NULL,
    -- The block of the commitment, when the chain said it: earlier committers have the advantage.
    commit_block bigint,
    endpoint text NOT NULL,
    repo text,
    revision text,

    CONSTRAINT miners_pkey PRIMARY KEY (cycle_id, uid),
    CONSTRAINT miners_hotkey_key UNIQUE (cycle_id, hotkey),
    CONSTRAINT miners_cycle_fkey FOREIGN KEY (cycle_id) REFERENCES cycles (id),
    CONSTRAINT miners_uid_check CHECK (uid BETWEEN 0 AND 65535),
    CONSTRAINT miners_hotkey_check CHECK (hotkey ~ '^[A-Za-z0-9]{1,64}$'),
    CONSTRAINT miners_commit_block_check CHECK (commit_block >= 0)
);
