-- When a key ends by itself; NULL is never.

-- +goose Up
ALTER TABLE keys ADD COLUMN ends_at TIMESTAMPTZ;
