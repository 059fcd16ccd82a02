-- What webhooks told. A row stays when it is done, so that the same event is not taken twice.
CREATE TABLE hint (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    side TEXT NOT NULL,
    event TEXT NOT NULL,
    at INTEGER NOT NULL,
    hint TEXT NOT NULL,
    done INTEGER NOT NULL DEFAULT 0,
    UNIQUE (side, event)
) STRICT;
CREATE INDEX hint_pending ON hint (id) WHERE done = 0;
CREATE INDEX hint_at ON hint (at) WHERE done = 1;
