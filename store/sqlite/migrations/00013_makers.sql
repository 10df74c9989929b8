-- The key by which another was made, through the API; empty for those that the operator
-- made.

-- +goose Up
ALTER TABLE keys ADD COLUMN made_by TEXT NOT NULL DEFAULT '';
