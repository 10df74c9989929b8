-- The checksum of a face's ids, pack and template; NULL in rows from before
-- there were checksums, until the store has looked at them.

-- +goose Up
ALTER TABLE faces ADD COLUMN checksum BIGINT;
CREATE INDEX faces_without_checksum ON faces (enrolled) WHERE checksum IS NULL;
