-- What a gallery's answers were last found to be worth. Rows that name people go with
-- them.

-- +goose Up
CREATE TABLE evaluations (
    gallery TEXT PRIMARY KEY REFERENCES galleries (id) ON DELETE CASCADE,
    job     TEXT NOT NULL, -- the last that was asked for
    made_at TIMESTAMPTZ,   -- none: never finished
    figures TEXT           -- a JSON object, which names nobody
);

CREATE TABLE evaluation_findings (
    gallery    TEXT NOT NULL,
    kind       TEXT NOT NULL, -- alike or unlike
    place      BIGINT NOT NULL,
    subject    TEXT NOT NULL,
    face       TEXT NOT NULL,
    other      TEXT, -- who looks like it; none: nobody
    other_face TEXT,
    figures    TEXT NOT NULL, -- a JSON object
    PRIMARY KEY (gallery, kind, place),
    FOREIGN KEY (gallery) REFERENCES evaluations (gallery) ON DELETE CASCADE,
    FOREIGN KEY (gallery, subject) REFERENCES subjects (gallery, id) ON DELETE CASCADE,
    FOREIGN KEY (gallery, other) REFERENCES subjects (gallery, id) ON DELETE CASCADE
);
CREATE INDEX evaluation_findings_of_subject ON evaluation_findings (gallery, subject);
CREATE INDEX evaluation_findings_of_other ON evaluation_findings (gallery, other);
