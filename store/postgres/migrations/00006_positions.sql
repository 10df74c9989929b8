-- A gallery's position is that of its last change, so that a search of it need
-- not wait for changes of others.

-- +goose Up
ALTER TABLE galleries ADD COLUMN position BIGINT NOT NULL DEFAULT 0;
UPDATE galleries SET position = (SELECT coalesce(max(seq), 0) FROM changes);

-- +goose StatementBegin
CREATE FUNCTION gallery_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE galleries g SET position = c.seq FROM (
        SELECT coalesce(a.gallery, f.gallery) AS gallery, max(a.seq) AS seq
        FROM added a LEFT JOIN faces f ON f.enrolled = a.enrolled
        GROUP BY 1
    ) c WHERE g.id = c.gallery;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER gallery_changed AFTER INSERT ON changes
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION gallery_changed();
