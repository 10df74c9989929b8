-- Texts are compared by their bytes, so that pages come in one order wherever
-- the database was made.

-- +goose Up
CREATE TABLE tenants (
    id         TEXT COLLATE "C" PRIMARY KEY CHECK (id <> ''),
    name       TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE keys (
    id         TEXT COLLATE "C" PRIMARY KEY CHECK (id <> ''),
    tenant     TEXT COLLATE "C" NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    mac        BYTEA NOT NULL,
    scopes     JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    revoked_at TIMESTAMPTZ
);
CREATE INDEX keys_of_tenant ON keys (tenant, id);

-- A gallery without a tenant is dropped: nothing of it can be seen, and what
-- it held is removed a part at a time, so that no writer waits for all of it.
CREATE TABLE galleries (
    id         TEXT COLLATE "C" PRIMARY KEY CHECK (id <> ''),
    tenant     TEXT COLLATE "C" REFERENCES tenants (id) ON DELETE SET NULL,
    name       TEXT COLLATE "C" NOT NULL CHECK (name <> ''),
    pack       TEXT NOT NULL,
    policy     JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    UNIQUE (tenant, name)
);
CREATE INDEX dropped_galleries ON galleries (id) WHERE tenant IS NULL;

CREATE TABLE subjects (
    gallery    TEXT COLLATE "C" NOT NULL REFERENCES galleries (id),
    id         TEXT COLLATE "C" NOT NULL CHECK (id <> ''),
    metadata   JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (gallery, id)
);

CREATE TABLE faces (
    enrolled   BIGINT PRIMARY KEY, -- the log's position at which it came
    id         TEXT COLLATE "C" NOT NULL UNIQUE,
    gallery    TEXT COLLATE "C" NOT NULL,
    subject    TEXT COLLATE "C" NOT NULL,
    pack       TEXT NOT NULL,
    template   BYTEA NOT NULL, -- little-endian float32
    box        JSONB NOT NULL,
    landmarks  JSONB NOT NULL,
    quality    JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    FOREIGN KEY (gallery, subject) REFERENCES subjects (gallery, id)
);
CREATE INDEX faces_of_subject ON faces (gallery, subject, created_at);
CREATE INDEX faces_by_age ON faces (gallery, created_at);

CREATE TABLE photos (
    face       BIGINT PRIMARY KEY REFERENCES faces (enrolled) ON DELETE CASCADE,
    media_type TEXT NOT NULL,
    sha256     BYTEA NOT NULL,
    bytes      BYTEA NOT NULL
);

-- The change log. A row that puts a face names it by faces.enrolled and says
-- nothing more, so that an erased face leaves only a number behind; a row that
-- deletes says what a view must forget.
CREATE TABLE changes (
    seq      BIGINT PRIMARY KEY,
    kind     SMALLINT NOT NULL,
    enrolled BIGINT,
    tenant   TEXT,
    gallery  TEXT,
    face     TEXT
);

-- The last commit of each process, by which it is told from one that was lost.
CREATE TABLE commits (
    mark UUID PRIMARY KEY,
    at   TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- Neither vectors nor photos can be compressed.
ALTER TABLE faces ALTER COLUMN template SET STORAGE EXTERNAL;
ALTER TABLE photos ALTER COLUMN bytes SET STORAGE EXTERNAL;
