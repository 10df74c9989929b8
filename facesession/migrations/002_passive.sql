-- +goose Up
ALTER TABLE face_session_pictures ADD COLUMN passive TEXT NOT NULL DEFAULT ''; -- what the passive check said; empty: nothing
