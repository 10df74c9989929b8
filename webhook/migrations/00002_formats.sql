-- How messages are written to an endpoint. What is sealed of one that is not standard
-- are its credentials.

-- +goose Up
ALTER TABLE webhook_endpoints ADD COLUMN format TEXT NOT NULL DEFAULT 'standard';
