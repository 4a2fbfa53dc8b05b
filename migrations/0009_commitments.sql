-- Why: earlier miners have the advantage over later ones, and the chain forgets who was first: each commit overwrites the
-- block of the one before. So the first block of each lineage, which is what a hotkey committed, is kept here.
CREATE TABLE commitments (
    netuid int NOT NULL,
    -- A block number means nothing without its chain.
    genesis_hash text NOT NULL,
    hotkey text NOT NULL,
    -- SHA-256 over repository, revision and endpoint: the same content is the same lineage, however it was written or sealed.
    -- The endpoint itself may be a secret between miner and operator.
    lineage bytea NOT NULL,
    repo text,
    revision text,
    first_block bigint NOT NULL,
    last_block bigint NOT NULL,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),

    CONSTRAINT commitments_pkey PRIMARY KEY (netuid, genesis_hash, hotkey, lineage),
    CONSTRAINT commitments_netuid_check CHECK (netuid BETWEEN 0 AND 65535),
    CONSTRAINT commitments_genesis_hash_check CHECK (genesis_hash ~ '^0x[0-9a-f]{64}$'),
    CONSTRAINT commitments_hotkey_check CHECK (hotkey ~ '^[A-Za-z0-9]{1,64}$'),
    CONSTRAINT commitments_lineage_check CHECK (octet_length(lineage) = 32),
    CONSTRAINT commitments_blocks_check CHECK (first_block >= 0 AND last_block >= first_block),
    CONSTRAINT commitments_seen_check CHECK (last_seen_at >= first_seen_at)
);
