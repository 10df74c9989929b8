-- What receivers answered, in part.

-- +goose Up
ALTER TABLE webhook_attempts ADD COLUMN answer TEXT NOT NULL DEFAULT '';
