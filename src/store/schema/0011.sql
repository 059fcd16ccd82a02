-- What was sent for a line of the log and what came back: no keys, bodies cut. Kept for days, not as long as the log.
CREATE TABLE exchange (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    log INTEGER NOT NULL,
    at INTEGER NOT NULL,
    took_ms INTEGER NOT NULL,
    request TEXT NOT NULL,
    condition TEXT,
    sent TEXT,
    status INTEGER,
    tag TEXT,
    answer TEXT
) STRICT;
CREATE INDEX exchange_log ON exchange (log);

-- Requests of others in that half minute, as far as the side tells.
ALTER TABLE rate ADD COLUMN others INTEGER NOT NULL DEFAULT 0;

-- Why somebody skipped or muted it.
ALTER TABLE error ADD COLUMN note TEXT;
