-- Where events are sent, the events, and how their deliveries went. Ids of events and
-- deliveries rise with time.

-- +goose Up
CREATE TABLE webhook_endpoints (
    id          TEXT PRIMARY KEY,
    tenant      TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    url         TEXT NOT NULL,
    types       TEXT NOT NULL,   -- with blanks between; none: every type
    description TEXT NOT NULL,
    disabled    TEXT NOT NULL,   -- why nothing is sent to it; empty: it is enabled
    sealed      BYTEA NOT NULL,  -- its keys, under the installation's secret
    former      BYTEA,           -- those before, in the same way
    former_ends TIMESTAMPTZ,     -- until when they sign too
    verified_at TIMESTAMPTZ,
    created_at  TIMESTAMPTZ NOT NULL,
    updated_at  TIMESTAMPTZ NOT NULL
);
CREATE INDEX webhook_endpoints_of_tenant ON webhook_endpoints (tenant, id);

CREATE TABLE webhook_events (
    id     TEXT PRIMARY KEY,
    tenant TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    type   TEXT NOT NULL,
    body   BYTEA NOT NULL        -- as it is sent, byte for byte; of a result, that under the installation's secret
);
CREATE INDEX webhook_events_of_tenant ON webhook_events (tenant, id);

CREATE TABLE webhook_deliveries (
    id         TEXT PRIMARY KEY,
    tenant     TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    endpoint   TEXT NOT NULL REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
    event      TEXT NOT NULL REFERENCES webhook_events (id) ON DELETE CASCADE,
    state      TEXT NOT NULL,
    round      BIGINT NOT NULL,  -- how often it was asked for, from 1
    tries      BIGINT NOT NULL,  -- of this round
    attempts   BIGINT NOT NULL,  -- of all rounds
    next_at    TIMESTAMPTZ,      -- none: it has ended
    created_at TIMESTAMPTZ NOT NULL,
    ended_at   TIMESTAMPTZ
);
CREATE INDEX webhook_deliveries_of_endpoint ON webhook_deliveries (endpoint, id);
CREATE INDEX webhook_deliveries_of_event ON webhook_deliveries (event);
CREATE INDEX webhook_deliveries_of_tenant ON webhook_deliveries (tenant, ended_at);
CREATE INDEX webhook_deliveries_ended ON webhook_deliveries (ended_at);

CREATE TABLE webhook_attempts (
    delivery TEXT NOT NULL REFERENCES webhook_deliveries (id) ON DELETE CASCADE,
    number   BIGINT NOT NULL,
    at       TIMESTAMPTZ NOT NULL,
    took     BIGINT NOT NULL,    -- milliseconds
    status   BIGINT NOT NULL,    -- of the answer; 0: none came
    fault    TEXT NOT NULL,
    PRIMARY KEY (delivery, number)
);
