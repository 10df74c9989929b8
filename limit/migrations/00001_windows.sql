-- How often each tenant has asked in its window.

-- +goose Up
CREATE TABLE limit_windows (
    tenant  TEXT PRIMARY KEY,
    used    BIGINT NOT NULL,
    ends_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX limit_windows_ending ON limit_windows (ends_at);
