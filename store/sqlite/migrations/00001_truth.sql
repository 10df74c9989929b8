-- Times are microseconds since 1970 in UTC.

-- +goose Up
CREATE TABLE tenants (
    id         TEXT PRIMARY KEY CHECK (id <> ''),
    name       TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE keys (
    id         TEXT PRIMARY KEY CHECK (id <> ''),
    tenant     TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    mac        BLOB NOT NULL,
    scopes     TEXT NOT NULL, -- JSON array
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;
CREATE INDEX keys_of_tenant ON keys (tenant, id);

CREATE TABLE galleries (
    id         TEXT PRIMARY KEY CHECK (id <> ''),
    tenant     TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name       TEXT NOT NULL CHECK (name <> ''),
    pack       TEXT NOT NULL,
    policy     TEXT NOT NULL, -- JSON object
    created_at INTEGER NOT NULL,
    UNIQUE (tenant, name)
) STRICT;

CREATE TABLE subjects (
    gallery    TEXT NOT NULL REFERENCES galleries (id) ON DELETE CASCADE,
    id         TEXT NOT NULL CHECK (id <> ''),
    metadata   TEXT NOT NULL, -- JSON object
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (gallery, id)
) STRICT;

CREATE TABLE faces (
    n          INTEGER PRIMARY KEY AUTOINCREMENT, -- in order of enrolment
    id         TEXT NOT NULL UNIQUE,
    gallery    TEXT NOT NULL,
    subject    TEXT NOT NULL,
    pack       TEXT NOT NULL,
    template   BLOB NOT NULL, -- little-endian float32
    box        TEXT NOT NULL, -- JSON object
    landmarks  TEXT NOT NULL, -- JSON array
    quality    TEXT NOT NULL, -- JSON object
    created_at INTEGER NOT NULL,
    FOREIGN KEY (gallery, subject) REFERENCES subjects (gallery, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX faces_of_subject ON faces (gallery, subject, created_at);
CREATE INDEX faces_by_age ON faces (gallery, created_at);

CREATE TABLE photos (
    face       INTEGER PRIMARY KEY REFERENCES faces (n) ON DELETE CASCADE,
    media_type TEXT NOT NULL,
    sha256     BLOB NOT NULL,
    bytes      BLOB NOT NULL
) STRICT;

-- The change log. A row that puts a face names it by faces.n and says nothing
-- more, so that an erased face leaves only a number behind; a row that deletes
-- says what a view must forget.
CREATE TABLE changes (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    kind    INTEGER NOT NULL,
    n       INTEGER,
    tenant  TEXT,
    gallery TEXT,
    face    TEXT
) STRICT;
