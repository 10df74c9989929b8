-- The checksums of what else decides about answers and deletions; NULL in rows
-- from before, until the store has looked at them.

-- +goose Up
ALTER TABLE galleries ADD COLUMN checksum INTEGER; -- of its ids, and of its policy
ALTER TABLE keys ADD COLUMN checksum INTEGER;
ALTER TABLE calibrations ADD COLUMN checksum INTEGER;
ALTER TABLE subjects ADD COLUMN checksum INTEGER; -- of its metadata
ALTER TABLE faces ADD COLUMN details INTEGER; -- of its box, landmarks, quality and age
CREATE INDEX subjects_without_checksum ON subjects (checksum) WHERE checksum IS NULL;
CREATE INDEX faces_without_details ON faces (details) WHERE details IS NULL;
