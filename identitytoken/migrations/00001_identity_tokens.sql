-- The identity tokens that are valid, and nothing of what they hold. One that is
-- revoked or replaced leaves; none that is not here is taken.

-- +goose Up
CREATE TABLE identity_tokens (
    id         TEXT PRIMARY KEY,
    tenant     TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ -- none: never
);
CREATE INDEX identity_tokens_of_tenant ON identity_tokens (tenant);
CREATE INDEX identity_tokens_expiring ON identity_tokens (expires_at);
