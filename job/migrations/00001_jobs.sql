-- Work that survives its process, and whose turn it is.

-- +goose Up
CREATE TABLE jobs (
    id          TEXT PRIMARY KEY,
    tenant      TEXT NOT NULL, -- empty for the program's own
    owner       TEXT REFERENCES tenants (id) ON DELETE CASCADE, -- the tenant, where there is one
    kind        TEXT NOT NULL,
    lane        TEXT NOT NULL, -- kinds that share places
    once        TEXT, -- none: any number
    part        TEXT NOT NULL, -- of its kind's jobs, of which few are done at once
    status      TEXT NOT NULL,
    priority    BIGINT NOT NULL,
    run_at      TIMESTAMPTZ NOT NULL,
    turn        TIMESTAMPTZ NOT NULL, -- run_at less what the priority is worth
    ends_by     TIMESTAMPTZ NOT NULL,
    attempt     BIGINT NOT NULL,
    attempts    BIGINT NOT NULL,
    claim       BIGINT NOT NULL, -- rises with each worker; who has an older one has lost it
    lease_until TIMESTAMPTZ, -- while it runs
    done        BIGINT NOT NULL,
    total       BIGINT NOT NULL,
    output      BYTEA,
    error       TEXT NOT NULL,
    added_at    TIMESTAMPTZ NOT NULL,
    started_at  TIMESTAMPTZ,
    ended_at    TIMESTAMPTZ,
    keep_until  TIMESTAMPTZ
);
CREATE UNIQUE INDEX jobs_once ON jobs (tenant, kind, once);
CREATE INDEX jobs_of_owner ON jobs (owner);
CREATE INDEX jobs_due ON jobs (lane, run_at) WHERE status = 'queued';
CREATE INDEX jobs_due_of_tenant ON jobs (lane, tenant, run_at) WHERE status = 'queued';
CREATE INDEX jobs_turn ON jobs (lane, tenant, turn) WHERE status = 'queued';
CREATE INDEX jobs_running ON jobs (lane, tenant) WHERE status = 'running';
CREATE INDEX jobs_leased ON jobs (lease_until) WHERE status = 'running';
CREATE INDEX jobs_ending ON jobs (ends_by) WHERE ended_at IS NULL;
CREATE INDEX jobs_kept ON jobs (keep_until);

-- Apart from what changes with each step, since a row is written as a whole.
CREATE TABLE job_inputs (
    job   TEXT PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
    input BYTEA NOT NULL
);

-- Tenants with jobs in a lane, and in which order they were served last.
CREATE TABLE job_turns (
    lane   TEXT NOT NULL,
    tenant TEXT NOT NULL,
    served BIGINT NOT NULL,
    PRIMARY KEY (lane, tenant)
);
