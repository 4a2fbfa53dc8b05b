-- Why: a success rate over a few episodes says little by itself. Beside each stands the interval that the true rate is in with
-- 95 % confidence. Nobody computed it for the cycles of before, so theirs is null.
ALTER TABLE scores
    ADD COLUMN success_low double precision,
    ADD COLUMN success_high double precision,
    -- NaN is above infinity here, so this refuses it too.
    ADD CONSTRAINT scores_interval_check CHECK (
        (success_low IS NULL) = (success_high IS NULL)
        AND success_low BETWEEN 0 AND success_rate
        AND success_high BETWEEN success_rate AND 1
    );
