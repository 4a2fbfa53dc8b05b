-- Why: anyone may check a settled cycle, and needs all that it was judged by: its bundle. It is kept as it was judged, since the
-- rows it was made from may be pruned one day. In chunks, because it is written and served piece by piece, never whole in memory.
-- Each is a gzip member, and so is their sequence. Nothing changes a row here.
CREATE TABLE bundle_chunks (
    cycle_id bigint NOT NULL,
    -- From 0, without a gap.
    place int NOT NULL,
    bytes bytea NOT NULL,

    CONSTRAINT bundle_chunks_pkey PRIMARY KEY (cycle_id, place),
    -- Chunks come before the document that names their hash. A cycle that settles to nothing keeps none.
    CONSTRAINT bundle_chunks_document_fkey FOREIGN KEY (cycle_id)
        REFERENCES documents (cycle_id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT bundle_chunks_place_check CHECK (place >= 0),
    CONSTRAINT bundle_chunks_bytes_check CHECK (octet_length(bytes) BETWEEN 1 AND 4194304)
);

-- Compressed already: the server need not try again.
ALTER TABLE bundle_chunks ALTER COLUMN bytes SET STORAGE EXTERNAL;
