-- What happened in GHL that a rule may follow; a row goes when the rules have looked at it.
CREATE TABLE occurrence (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    at INTEGER NOT NULL,
    occurrence TEXT NOT NULL
) STRICT;

-- Each rule meets each event once. `state`: waiting, held, done, failed, dropped. `record` is the id in GHL; `task` the
-- link of the task that was made.
CREATE TABLE fired (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    rule TEXT NOT NULL,
    key TEXT NOT NULL,
    record TEXT NOT NULL,
    happened TEXT NOT NULL,
    occurrence TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',
    task INTEGER,
    at INTEGER NOT NULL,
    done_at INTEGER,
    UNIQUE (rule, key)
) STRICT;
CREATE INDEX fired_pending ON fired (id) WHERE state IN ('waiting', 'held');
CREATE INDEX fired_done ON fired (rule, done_at) WHERE state = 'done';
CREATE INDEX fired_record ON fired (record, happened);
CREATE INDEX fired_task ON fired (task) WHERE task IS NOT NULL;
