-- How many lines end in a part, so that it is known how many there are in all; and the
-- import of a job.

-- +goose Up
ALTER TABLE import_chunks ADD COLUMN lines BIGINT NOT NULL DEFAULT 0;
CREATE INDEX imports_of_job ON imports (job);
