-- Why: keys are exchanged with overlap, so a document may have several signatures, one of each key. Nothing changes a row here.
CREATE TABLE signatures (
    cycle_id bigint NOT NULL,
    key_id text NOT NULL,
    -- Ed25519, over the document's bytes.
    signature bytea NOT NULL,

    CONSTRAINT signatures_pkey PRIMARY KEY (cycle_id, key_id),
    CONSTRAINT signatures_document_fkey FOREIGN KEY (cycle_id) REFERENCES documents (cycle_id),
    CONSTRAINT signatures_key_fkey FOREIGN KEY (key_id) REFERENCES signing_keys (key_id),
    CONSTRAINT signatures_signature_check CHECK (octet_length(signature) = 64)
);

-- How many documents a key signed.
CREATE INDEX signatures_key_idx ON signatures (key_id);
