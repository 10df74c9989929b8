-- Keys that tokens and results are signed with. A public key is told by the private one,
-- which opens only under the installation's secret: so no row that another wrote counts.

-- +goose Up
CREATE TABLE signing_keys (
    number     BIGINT PRIMARY KEY,   -- rises by one; of two that are made at once one is kept
    id         TEXT NOT NULL UNIQUE, -- the kid
    sealed     BYTEA NOT NULL,       -- the private key, under the installation's secret
    created_at TIMESTAMPTZ NOT NULL,
    signs_from TIMESTAMPTZ NOT NULL
);
