-- Why: what a cycle settled to is one text that is hashed, signed and served byte for byte, so it is kept byte for byte: made
-- anew by another version, it might be another text. Nothing changes a row here.
CREATE TABLE documents (
    cycle_id bigint NOT NULL,
    document text NOT NULL,
    sha256 bytea NOT NULL,
    -- Of the evidence that the document names, as text: its hash and its size. Kept in chunks (0015).
    evidence_sha256 bytea NOT NULL,
    evidence_bytes bigint NOT NULL,
    evidence_lines bigint NOT NULL,
    evidence_chunks int NOT NULL,

    CONSTRAINT documents_pkey PRIMARY KEY (cycle_id),
    CONSTRAINT documents_weights_fkey FOREIGN KEY (cycle_id)
        REFERENCES weights (cycle_id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT documents_document_check CHECK (octet_length(document) BETWEEN 1 AND 33554432),
    CONSTRAINT documents_sha256_check CHECK (sha256 = sha256(convert_to(document, 'UTF8'))),
    CONSTRAINT documents_evidence_sha256_check CHECK (octet_length(evidence_sha256) = 32),
    CONSTRAINT documents_evidence_check CHECK (
        evidence_lines >= 1 AND evidence_bytes >= evidence_lines AND evidence_chunks >= 1
    )
);

-- Weights and their document are there together or not at all, as weights and a settled cycle are (0007). Cycles of before
-- have no document and keep their weights: not valid means that only rows written from now on are checked.
ALTER TABLE weights
    ADD COLUMN document_id bigint,
    ADD CONSTRAINT weights_document_check CHECK (coalesce(document_id = cycle_id, false)) NOT VALID,
    ADD CONSTRAINT weights_document_fkey FOREIGN KEY (document_id)
        REFERENCES documents (cycle_id) DEFERRABLE INITIALLY DEFERRED;
