-- The checksums of what else decides about answers and deletions; NULL in rows
-- from before, until the store has looked at them.

-- +goose Up
ALTER TABLE galleries ADD COLUMN checksum BIGINT; -- of its ids, and of its policy
ALTER TABLE keys ADD COLUMN checksum BIGINT;
ALTER TABLE calibrations ADD COLUMN checksum BIGINT;
ALTER TABLE subjects ADD COLUMN checksum BIGINT; -- of its metadata
ALTER TABLE faces ADD COLUMN details BIGINT; -- of its box, landmarks, quality and age
CREATE INDEX subjects_without_checksum ON subjects (gallery) WHERE checksum IS NULL;
CREATE INDEX faces_without_details ON faces (enrolled) WHERE details IS NULL;
