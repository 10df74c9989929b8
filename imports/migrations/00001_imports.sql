-- Imports of many people, what they are made from until they are done, and what came
-- of each photo.

-- +goose Up
CREATE TABLE imports (
    id           TEXT PRIMARY KEY,
    tenant       TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    actor        TEXT NOT NULL, -- the key's id
    request      TEXT NOT NULL,
    gallery      TEXT NOT NULL, -- its name
    format       TEXT NOT NULL,
    subject_from TEXT NOT NULL,
    make_ids     BOOLEAN NOT NULL,
    existing     TEXT NOT NULL,
    detail       TEXT NOT NULL,
    job          TEXT, -- none: not started
    held         BIGINT NOT NULL, -- bytes that it is made from
    created_at   TIMESTAMPTZ NOT NULL,
    erase_at     TIMESTAMPTZ NOT NULL -- when nothing of it is kept any more
);
CREATE INDEX imports_of_tenant ON imports (tenant, id);
CREATE INDEX imports_to_erase ON imports (erase_at);

CREATE TABLE import_chunks (
    import TEXT NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
    part   BIGINT NOT NULL,
    chunk  BIGINT NOT NULL,
    size   BIGINT NOT NULL,
    bytes  BYTEA NOT NULL,
    PRIMARY KEY (import, part, chunk)
);

CREATE TABLE import_items (
    import  TEXT NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
    n       BIGINT NOT NULL, -- in the source's order
    ref     TEXT NOT NULL,
    subject TEXT NOT NULL,
    outcome TEXT NOT NULL,
    face    TEXT NOT NULL,
    code    TEXT NOT NULL,
    message TEXT NOT NULL,
    advice  TEXT NOT NULL,
    PRIMARY KEY (import, n)
);
CREATE INDEX import_items_of_outcome ON import_items (import, outcome, n);
