-- Attempts of people to show who they are, with what each check said, and the users
-- that were registered from them. Photos are here only while one is kept for a review.

-- +goose Up
CREATE TABLE kyc_attempts (
    id         TEXT PRIMARY KEY,
    tenant     TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    kind       TEXT NOT NULL,
    status     TEXT NOT NULL,
    face       TEXT NOT NULL, -- the subject in the tenant's gallery; empty: none
    person     TEXT NOT NULL, -- the user whom it is about, where it is about one
    metadata   TEXT NOT NULL, -- JSON, for the user to be; empty: none
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX kyc_attempts_of_tenant ON kyc_attempts (tenant);
CREATE INDEX kyc_attempts_by_age ON kyc_attempts (created_at);
CREATE INDEX kyc_attempts_of_person ON kyc_attempts (person);
CREATE INDEX kyc_attempts_of_face ON kyc_attempts (face);

-- Sessions that are open: one that is closed or has ended leaves.
CREATE TABLE kyc_sessions (
    mac     TEXT PRIMARY KEY, -- keyed hash of the token
    attempt TEXT NOT NULL UNIQUE REFERENCES kyc_attempts (id) ON DELETE CASCADE,
    opener  TEXT NOT NULL,    -- the key that opened it
    ends_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX kyc_sessions_ending ON kyc_sessions (ends_at);

-- How often an endpoint was used in a session.
CREATE TABLE kyc_uses (
    attempt  TEXT NOT NULL REFERENCES kyc_attempts (id) ON DELETE CASCADE,
    endpoint TEXT NOT NULL,
    used     BIGINT NOT NULL,
    PRIMARY KEY (attempt, endpoint)
);

-- What each job is about, and what came of it.
CREATE TABLE kyc_jobs (
    id         TEXT PRIMARY KEY,
    attempt    TEXT NOT NULL REFERENCES kyc_attempts (id) ON DELETE CASCADE,
    workflow   TEXT NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    ended_at   TIMESTAMPTZ, -- none: it has not ended
    status     BIGINT NOT NULL,
    result     TEXT NOT NULL -- JSON; empty: it has not ended
);
CREATE INDEX kyc_jobs_of_attempt ON kyc_jobs (attempt);

CREATE TABLE kyc_stages (
    job     TEXT NOT NULL REFERENCES kyc_jobs (id) ON DELETE CASCADE,
    place   BIGINT NOT NULL,
    attempt TEXT NOT NULL,
    name    TEXT NOT NULL,
    status  TEXT NOT NULL,
    input   TEXT NOT NULL, -- JSON
    output  TEXT NOT NULL, -- JSON
    photo   TEXT NOT NULL, -- the kept photo of what was checked; empty: none
    at      TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (job, place)
);
CREATE INDEX kyc_stages_of_attempt ON kyc_stages (attempt);

-- Who changed an attempt's status, and when.
CREATE TABLE kyc_changes (
    id      TEXT PRIMARY KEY,
    attempt TEXT NOT NULL REFERENCES kyc_attempts (id) ON DELETE CASCADE,
    at      TIMESTAMPTZ NOT NULL,
    actor   TEXT NOT NULL, -- the key
    request TEXT NOT NULL,
    was     TEXT NOT NULL,
    became  TEXT NOT NULL
);
CREATE INDEX kyc_changes_of_attempt ON kyc_changes (attempt);

CREATE TABLE kyc_photos (
    id         TEXT PRIMARY KEY,
    attempt    TEXT NOT NULL REFERENCES kyc_attempts (id) ON DELETE CASCADE,
    media_type TEXT NOT NULL,
    content    BYTEA NOT NULL,
    erase_at   TIMESTAMPTZ NOT NULL
);
CREATE INDEX kyc_photos_of_attempt ON kyc_photos (attempt);
CREATE INDEX kyc_photos_ending ON kyc_photos (erase_at);

-- Faces that were, or were about to be, put into a tenant's gallery, so that none
-- stays there for want of anything that names it.
CREATE TABLE kyc_faces (
    subject TEXT PRIMARY KEY,
    tenant  TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    gallery TEXT NOT NULL,
    attempt TEXT NOT NULL,
    drop_at TIMESTAMPTZ NOT NULL -- from when on it leaves, unless an attempt or a user names it
);
CREATE INDEX kyc_faces_of_tenant ON kyc_faces (tenant);
CREATE INDEX kyc_faces_of_attempt ON kyc_faces (attempt);
CREATE INDEX kyc_faces_leaving ON kyc_faces (drop_at);

CREATE TABLE kyc_users (
    id            TEXT PRIMARY KEY,
    tenant        TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    document_id   TEXT NOT NULL, -- as it was given
    document_key  TEXT NOT NULL, -- without separators, in capitals
    document_type TEXT NOT NULL,
    metadata      TEXT NOT NULL, -- JSON
    attempt       TEXT NOT NULL,
    face          TEXT NOT NULL, -- as in attempts
    created_at    TIMESTAMPTZ NOT NULL,
    updated_at    TIMESTAMPTZ NOT NULL,
    UNIQUE (tenant, document_key, document_type),
    UNIQUE (tenant, attempt)
);
CREATE INDEX kyc_users_of_face ON kyc_users (face);
