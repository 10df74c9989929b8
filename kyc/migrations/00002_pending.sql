-- Attempts whose sessions may have ended are found without a look at all others.

-- +goose Up
CREATE INDEX kyc_attempts_pending ON kyc_attempts (id) WHERE status = 'PENDING';
