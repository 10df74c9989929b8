-- A gallery's position is that of its last change, so that a search of it need
-- not wait for changes of others.

-- +goose Up
ALTER TABLE galleries ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
UPDATE galleries SET position = (SELECT coalesce(max(seq), 0) FROM changes);

-- +goose StatementBegin
CREATE TRIGGER gallery_changed AFTER INSERT ON changes BEGIN
    UPDATE galleries SET position = NEW.seq
    WHERE id = coalesce(NEW.gallery, (SELECT gallery FROM faces WHERE n = NEW.n));
END;
-- +goose StatementEnd
