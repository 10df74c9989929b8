-- A review's photo is kept as long as all are there whom the answer named.

-- +goose Up
ALTER TABLE reviews ADD COLUMN named BIGINT NOT NULL DEFAULT -1; -- how many that were while the photo is to be kept, or -1
