-- Browsers that signed in with a key, and links that sign one in. Texts that open
-- either are kept as MACs alone.

-- +goose Up
CREATE TABLE access_sessions (
    mac     TEXT PRIMARY KEY,
    key_id  TEXT NOT NULL REFERENCES keys (id) ON DELETE CASCADE,
    opened  TIMESTAMPTZ NOT NULL,
    seen    TIMESTAMPTZ NOT NULL, -- when somebody was last at it
    ends    TIMESTAMPTZ NOT NULL  -- whatever is done in it
);
CREATE INDEX access_sessions_of_key ON access_sessions (key_id);

CREATE TABLE access_links (
    mac     TEXT PRIMARY KEY,
    key_id  TEXT NOT NULL REFERENCES keys (id) ON DELETE CASCADE,
    ends    TIMESTAMPTZ NOT NULL
);
CREATE INDEX access_links_of_key ON access_links (key_id);
