-- Sessions in which a person shows their face. What is of a person is sealed under a
-- key that follows from an id that is not here.

-- +goose Up
CREATE TABLE face_sessions (
    hash       TEXT PRIMARY KEY, -- of the session's id
    tenant     TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    client     TEXT NOT NULL,    -- the key that opened it
    terms      TEXT NOT NULL,    -- JSON
    ends_at    TIMESTAMPTZ NOT NULL,
    tab        TEXT NOT NULL,    -- hash of the binding; empty: no page has it yet
    nonce      BYTEA,            -- sealed
    phase      TEXT NOT NULL,
    attempt    BIGINT NOT NULL,  -- begun, from 1
    plan       TEXT NOT NULL,    -- JSON: the attempt's steps
    step       BIGINT NOT NULL,  -- of the plan, from 0
    token      TEXT NOT NULL,    -- hash of the step's token, or of who checks it; empty: none
    told_at    TIMESTAMPTZ,      -- when the step was told
    step_ends  TIMESTAMPTZ,
    claimed_at TIMESTAMPTZ,      -- when its check began
    code       TEXT NOT NULL,    -- why it ended; empty: it succeeded, or has not
    result     BYTEA             -- sealed
);
CREATE INDEX face_sessions_of_tenant ON face_sessions (tenant);
CREATE INDEX face_sessions_ending ON face_sessions (ends_at);

-- Apart from what changes with each step, since a row is written as a whole.
CREATE TABLE face_session_pictures (
    session TEXT NOT NULL REFERENCES face_sessions (hash) ON DELETE CASCADE,
    place   BIGINT NOT NULL, -- 0: the photo to compare with; n: what the attempt's step n kept
    score   BIGINT NOT NULL, -- how good it is for a comparison, in millionths
    content BYTEA NOT NULL,  -- sealed
    PRIMARY KEY (session, place)
);

-- Pictures that results name, for as long as these are valid.
CREATE TABLE face_images (
    hash    TEXT PRIMARY KEY, -- of the picture's id
    tenant  TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    client  TEXT NOT NULL,
    session TEXT NOT NULL,    -- hash of the session's id
    ends_at TIMESTAMPTZ NOT NULL,
    content BYTEA NOT NULL    -- sealed
);
CREATE INDEX face_images_of_tenant ON face_images (tenant);
CREATE INDEX face_images_of_session ON face_images (session);
CREATE INDEX face_images_ending ON face_images (ends_at);

-- What may come once only, nonces and frames, for as long as a result may be valid.
CREATE TABLE face_once (
    mac     TEXT PRIMARY KEY, -- keyed hash
    ends_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX face_once_ending ON face_once (ends_at);

-- What clients' sessions are like.
CREATE TABLE face_policies (
    tenant TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    client TEXT NOT NULL, -- the key; empty: any of the tenant's that has none of its own
    policy TEXT NOT NULL, -- JSON
    PRIMARY KEY (tenant, client)
);
