-- What somebody should be told: one row a trouble, from the first sight of it to its end.
CREATE TABLE alert (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    since INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    count INTEGER NOT NULL,
    text TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX alert_active ON alert (name) WHERE state <> 'recovered';
-- Which notices went out, or are on their way while done = 0; phase is 'raised' or 'recovered'.
CREATE TABLE alert_notice (
    alert INTEGER NOT NULL REFERENCES alert (id) ON DELETE CASCADE,
    channel TEXT NOT NULL,
    phase TEXT NOT NULL,
    at INTEGER NOT NULL,
    done INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (alert, channel, phase)
) STRICT, WITHOUT ROWID;
