-- Why: who checks a signature must know whose it is. These are the public halves of the keys that documents are signed with;
-- the secret halves are never here. A key is retired and stays: what it signed before is still to be checked.
CREATE TABLE signing_keys (
    -- The first 16 hex digits of the public key's SHA-256.
    key_id text NOT NULL,
    public_key bytea NOT NULL,
    added_at timestamptz NOT NULL DEFAULT now(),
    -- From then on it signs no document.
    retired_at timestamptz,

    CONSTRAINT signing_keys_pkey PRIMARY KEY (key_id),
    CONSTRAINT signing_keys_public_key_check CHECK (octet_length(public_key) = 32),
    -- So an id stands for its own key, whoever adds it.
    CONSTRAINT signing_keys_key_id_check CHECK (key_id = left(encode(sha256(public_key), 'hex'), 16)),
    CONSTRAINT signing_keys_retired_check CHECK (retired_at >= added_at)
);
