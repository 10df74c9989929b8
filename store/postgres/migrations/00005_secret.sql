-- The one secret that the keys of this database are made under, by a one-way
-- function of it.

-- +goose Up
CREATE TABLE secret (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    fingerprint BYTEA NOT NULL
);
