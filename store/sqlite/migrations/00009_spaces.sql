-- A face is of a template space, which is a pack's version, and the galleries of a
-- pack are searched in one space at a time. Faces can be put again in another;
-- put is the log's position at which that was last done.
--
-- Programs that know of no spaces can neither follow the log nor enrol any more:
-- they would miss whoever is in another one.

-- +goose Up
ALTER TABLE faces RENAME COLUMN pack TO space;
ALTER TABLE faces ADD COLUMN put INTEGER;
CREATE INDEX faces_of_space ON faces (space);

CREATE TABLE spaces (
    pack    TEXT PRIMARY KEY CHECK (pack <> ''),
    version TEXT NOT NULL CHECK (version <> ''),
    plain   TEXT NOT NULL, -- the version whose space has the pack's name alone
    moving  INTEGER NOT NULL,
    since   INTEGER NOT NULL -- the log's position from which on all faces are there
) STRICT;
