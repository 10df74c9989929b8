-- When a face was set aside: it is kept, and no view has it; NULL is not.

-- +goose Up
ALTER TABLE faces ADD COLUMN aside_at TIMESTAMPTZ;
CREATE INDEX faces_aside ON faces (gallery, id) WHERE aside_at IS NOT NULL;
-- Faces that came back are newcomers.
CREATE INDEX faces_put ON faces (put) WHERE put IS NOT NULL;
