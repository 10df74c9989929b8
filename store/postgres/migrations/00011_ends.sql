-- When a subject is to be deleted by itself; NULL is never.
--
-- A face that comes to another gallery comes there at a new position, and its photo
-- goes with it.

-- +goose Up
ALTER TABLE subjects ADD COLUMN ends_at TIMESTAMPTZ;
CREATE INDEX subjects_ending ON subjects (ends_at) WHERE ends_at IS NOT NULL;
ALTER TABLE photos DROP CONSTRAINT photos_face_fkey;
ALTER TABLE photos ADD CONSTRAINT photos_face_fkey FOREIGN KEY (face) REFERENCES faces (enrolled) ON UPDATE CASCADE ON DELETE CASCADE;
