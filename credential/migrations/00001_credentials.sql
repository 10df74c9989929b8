-- Whose client tokens there are, and what is asked and tried until somebody has
-- one. Addresses are kept as keyed hashes alone.

-- +goose Up
-- Verified pairs of an email address and a phone number, each with its tenant.
CREATE TABLE credential_accounts (
    pair    TEXT PRIMARY KEY,
    tenant  TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    made_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX credential_accounts_of_tenant ON credential_accounts (tenant);

-- Tenants of pairs that nobody verified, and when they end.
CREATE TABLE credential_unverified (
    tenant  TEXT PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
    ends_at TIMESTAMPTZ NOT NULL
);

-- What was asked of a pair, or guessed of one that was asked nothing, and what a
-- verification allows.
CREATE TABLE credential_challenges (
    pair        TEXT PRIMARY KEY,
    salt        TEXT NOT NULL,
    code        TEXT NOT NULL, -- keyed hash of both codes
    tries       BIGINT NOT NULL,
    used        BOOLEAN NOT NULL,
    ends_at     TIMESTAMPTZ NOT NULL,
    claim       TEXT NOT NULL, -- keyed hash of the ticket; empty when there is none
    claim_from  TEXT NOT NULL, -- keyed hash of who verified; empty where that is not certain
    claim_until TIMESTAMPTZ
);

-- When what is limited is free again, by a keyed hash of what it is.
CREATE TABLE credential_limits (
    name    TEXT PRIMARY KEY,
    free_at TIMESTAMPTZ NOT NULL
);
