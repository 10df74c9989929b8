-- A gallery without a tenant is dropped: nothing of it can be seen, and what
-- it held is removed a part at a time, so that no writer waits for all of it.
-- A photo is listed as dropped with its face, or alone, and removed likewise.
--
-- The rules of two columns change where they stand, which SQLite documents for
-- constraints that leave the rows' form as it is: photos are too large to copy.

-- +goose Up
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql,
    'TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE',
    'TEXT REFERENCES tenants (id) ON DELETE SET NULL')
WHERE type = 'table' AND name = 'galleries';
UPDATE sqlite_schema SET sql = replace(sql, ' REFERENCES faces (n) ON DELETE CASCADE', '')
WHERE type = 'table' AND name = 'photos';
PRAGMA writable_schema = RESET;

CREATE INDEX dropped_galleries ON galleries (id) WHERE tenant IS NULL;

CREATE TABLE dropped_photos (
    face INTEGER PRIMARY KEY -- photos.face
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER drop_photo AFTER DELETE ON faces BEGIN
    INSERT OR IGNORE INTO dropped_photos SELECT face FROM photos WHERE face = old.n;
END;
-- +goose StatementEnd

CREATE VIEW kept_photos AS
    SELECT * FROM photos WHERE NOT EXISTS (SELECT 1 FROM dropped_photos d WHERE d.face = photos.face);
