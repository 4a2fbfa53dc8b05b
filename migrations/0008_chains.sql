-- Why: no scheduler remembers across its restart which chain it read, and how far. A node with another genesis is another chain
-- (a development chain that was started anew, a wrong address); a node below what was seen is behind. Neither may pass
-- unnoticed: both would judge miners by what is not, or no longer, so.
CREATE TABLE chains (
    netuid int NOT NULL,
    -- The chain that the subnet's miners are read from now.
    genesis_hash text NOT NULL,
    -- Since when it is this one; how often it was another before, and which one last.
    since timestamptz NOT NULL DEFAULT now(),
    resets int NOT NULL DEFAULT 0,
    former_genesis_hash text,
    -- The highest final block that any scheduler saw, and when it was first seen.
    head_block bigint NOT NULL,
    head_seen_at timestamptz NOT NULL DEFAULT now(),
    -- The highest block that commitments were read at.
    read_block bigint,

    CONSTRAINT chains_pkey PRIMARY KEY (netuid),
    CONSTRAINT chains_netuid_check CHECK (netuid BETWEEN 0 AND 65535),
    CONSTRAINT chains_genesis_hash_check CHECK (genesis_hash ~ '^0x[0-9a-f]{64}$'),
    CONSTRAINT chains_former_check CHECK (former_genesis_hash <> genesis_hash),
    CONSTRAINT chains_resets_check CHECK (resets >= 0 AND (resets = 0) = (former_genesis_hash IS NULL)),
    CONSTRAINT chains_head_block_check CHECK (head_block >= 0),
    CONSTRAINT chains_read_block_check CHECK (read_block BETWEEN 0 AND head_block)
);
