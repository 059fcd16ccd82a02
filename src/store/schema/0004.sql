-- Pairs that an operator split: they pair again only when one matches them.
CREATE TABLE never (
    kind TEXT NOT NULL,
    ghl TEXT NOT NULL,
    growbots TEXT NOT NULL,
    action INTEGER NOT NULL,
    operator TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (kind, growbots, ghl)
) STRICT, WITHOUT ROWID;
CREATE INDEX never_ghl ON never (kind, ghl);

-- Policies that operators chose to remember. `scope` is 'record' (of `link`), 'field', or 'filter' (`filter` as typed).
CREATE TABLE policy (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    field TEXT NOT NULL,
    scope TEXT NOT NULL,
    link INTEGER,
    filter TEXT,
    policy TEXT NOT NULL,
    operator TEXT NOT NULL,
    at INTEGER NOT NULL,
    note TEXT
) STRICT;
