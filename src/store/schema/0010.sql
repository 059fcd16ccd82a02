-- Which conflict an operator has open; a row of long ago says nothing.
CREATE TABLE presence (
    operator TEXT NOT NULL PRIMARY KEY,
    conflict INTEGER NOT NULL,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who retried, skipped or muted it last.
ALTER TABLE error ADD COLUMN operator TEXT;
