-- Which import made a subject, where it says that it adds to no others.

-- +goose Up
CREATE TABLE subject_imports (
    gallery TEXT NOT NULL,
    subject TEXT NOT NULL,
    import  TEXT NOT NULL,
    PRIMARY KEY (gallery, subject),
    FOREIGN KEY (gallery, subject) REFERENCES subjects (gallery, id) ON DELETE CASCADE
);
