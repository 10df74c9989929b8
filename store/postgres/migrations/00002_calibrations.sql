-- +goose Up
CREATE TABLE calibrations (
    pack       TEXT COLLATE "C" PRIMARY KEY CHECK (pack <> ''),
    definition JSONB NOT NULL
);
