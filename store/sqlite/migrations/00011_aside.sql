-- When a face was set aside: it is kept, and no view has it; NULL is not.

-- +goose Up
ALTER TABLE faces ADD COLUMN aside_at INTEGER;
CREATE INDEX faces_aside ON faces (gallery, id) WHERE aside_at IS NOT NULL;
