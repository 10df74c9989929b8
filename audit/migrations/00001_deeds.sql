-- Who changed what, one row for each act, under ids that rise with time.

-- +goose Up
CREATE TABLE deeds (
    id      TEXT PRIMARY KEY,
    at      TIMESTAMPTZ NOT NULL,
    tenant  TEXT NOT NULL, -- empty for what concerns all
    actor   TEXT NOT NULL, -- the key's id; empty for the command line
    request TEXT NOT NULL,
    verb    TEXT NOT NULL,
    what    TEXT NOT NULL
);
CREATE INDEX deeds_of_tenant ON deeds (tenant, id);
