-- When a subject is to be deleted by itself; NULL is never.

-- +goose Up
ALTER TABLE subjects ADD COLUMN ends_at INTEGER;
CREATE INDEX subjects_ending ON subjects (ends_at) WHERE ends_at IS NOT NULL;
