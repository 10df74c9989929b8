-- Why an attempt's status was changed, and attempts in lists, the newest first.

-- +goose Up
ALTER TABLE kyc_changes ADD COLUMN reason TEXT NOT NULL DEFAULT '';
CREATE INDEX kyc_attempts_listed ON kyc_attempts (tenant, id);
CREATE INDEX kyc_attempts_with_status ON kyc_attempts (tenant, status, id);
DROP INDEX kyc_attempts_of_tenant;
