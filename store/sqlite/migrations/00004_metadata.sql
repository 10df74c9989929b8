-- The log's position at which a subject's metadata were last changed; the row
-- there says nothing more, so that an erased subject leaves only a number.

-- +goose Up
ALTER TABLE subjects ADD COLUMN changed INTEGER;
CREATE UNIQUE INDEX subjects_changed ON subjects (changed) WHERE changed IS NOT NULL;
