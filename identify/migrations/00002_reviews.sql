-- Answers of several candidates that wait for a person to decide, and what was decided.
-- What names a person goes with the person.

-- +goose Up
CREATE TABLE reviews (
    id         TEXT PRIMARY KEY,
    gallery    TEXT NOT NULL REFERENCES galleries (id) ON DELETE CASCADE,
    at         TIMESTAMPTZ NOT NULL,
    actor      TEXT NOT NULL, -- the key of who searched
    request    TEXT NOT NULL,
    figures    TEXT NOT NULL, -- a JSON object
    decision   TEXT NOT NULL, -- empty: none yet
    decided_at TIMESTAMPTZ,
    decided_by TEXT NOT NULL, -- the key
    ends_at    TIMESTAMPTZ NOT NULL
);
CREATE INDEX reviews_of_gallery ON reviews (gallery, decision, id);
CREATE INDEX reviews_to_end ON reviews (ends_at);

CREATE TABLE review_candidates (
    review  TEXT NOT NULL REFERENCES reviews (id) ON DELETE CASCADE,
    place   BIGINT NOT NULL,
    gallery TEXT NOT NULL,
    subject TEXT NOT NULL,
    face    TEXT NOT NULL,
    figures TEXT NOT NULL, -- a JSON object
    chosen  BOOLEAN NOT NULL,
    PRIMARY KEY (review, place),
    FOREIGN KEY (gallery, subject) REFERENCES subjects (gallery, id) ON DELETE CASCADE
);
CREATE INDEX review_candidates_of_subject ON review_candidates (gallery, subject);

CREATE TABLE review_photos (
    review     TEXT PRIMARY KEY REFERENCES reviews (id) ON DELETE CASCADE,
    gallery    TEXT NOT NULL,
    media_type TEXT NOT NULL,
    bytes      BYTEA NOT NULL
);
