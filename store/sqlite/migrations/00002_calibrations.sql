-- +goose Up
CREATE TABLE calibrations (
    pack       TEXT PRIMARY KEY CHECK (pack <> ''),
    definition TEXT NOT NULL -- JSON object
) STRICT;
