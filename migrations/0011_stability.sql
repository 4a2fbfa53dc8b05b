-- Why: two miners a hair apart have different weights and the same claim to them. How often each keeps its rank when the
-- episodes are drawn again says so. It decides nothing, and is null where it was not computed.
ALTER TABLE weights
    -- Aligned with uids: the share of the replicates.
    ADD COLUMN stability double precision[],
    ADD COLUMN replicates int,
    ADD CONSTRAINT weights_stability_check CHECK (
        0 <= ALL (stability) AND 1 >= ALL (stability) AND array_position(stability, NULL) IS NULL
    ),
    ADD CONSTRAINT weights_stability_aligned_check CHECK (cardinality(stability) = cardinality(uids)),
    ADD CONSTRAINT weights_replicates_check CHECK (
        (stability IS NULL) = (replicates IS NULL) AND (replicates IS NULL OR replicates > 0)
    );
