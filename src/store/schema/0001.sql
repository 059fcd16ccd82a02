-- What the file knows about itself, and small texts of the engine (cursors, marks, setups).
CREATE TABLE meta (name TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE note (name TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- One row: who may write. `ticks` is the deadline on the clock of boot `boot`, `until` the same on wall time.
CREATE TABLE lease (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    fence INTEGER NOT NULL,
    holder TEXT,
    boot TEXT NOT NULL,
    ticks INTEGER NOT NULL,
    until INTEGER NOT NULL
) STRICT;
INSERT INTO lease VALUES (1, 0, NULL, '', 0, 0);

-- The pair of records that are the same thing. `ghl` and `growbots` say how the ends are: 0 missing, 1 live, 2 gone.
CREATE TABLE link (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    parent INTEGER REFERENCES link (id) ON DELETE SET NULL,
    dirty INTEGER NOT NULL DEFAULT 1,
    ignored INTEGER NOT NULL DEFAULT 0,
    held TEXT NOT NULL DEFAULT '[]',
    ghl INTEGER NOT NULL DEFAULT 0,
    growbots INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'one_side'
) STRICT;
CREATE INDEX link_dirty ON link (kind, id) WHERE dirty = 1;
CREATE INDEX link_ghl_only ON link (kind, id) WHERE ghl = 1 AND growbots = 0;
CREATE INDEX link_growbots_only ON link (kind, id) WHERE growbots = 1 AND ghl = 0;
CREATE INDEX link_parent ON link (parent, kind, id) WHERE parent IS NOT NULL;

-- The last version seen of each end. A record stands in one link only.
CREATE TABLE snapshot (
    link INTEGER NOT NULL REFERENCES link (id) ON DELETE CASCADE,
    side TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    parent TEXT,
    record TEXT NOT NULL,
    version TEXT,
    created_at INTEGER,
    updated_at INTEGER,
    external_id TEXT,
    email TEXT,
    phone TEXT,
    gone INTEGER NOT NULL DEFAULT 0,
    swept INTEGER NOT NULL DEFAULT 0,
    first_seen INTEGER NOT NULL,
    raw TEXT NOT NULL,
    PRIMARY KEY (link, side)
) STRICT;
CREATE UNIQUE INDEX snapshot_id ON snapshot (side, kind, id);
CREATE INDEX snapshot_external ON snapshot (side, kind, external_id) WHERE external_id IS NOT NULL AND gone = 0;
CREATE INDEX snapshot_email ON snapshot (side, kind, email) WHERE email IS NOT NULL AND gone = 0;
CREATE INDEX snapshot_phone ON snapshot (side, kind, phone) WHERE phone IS NOT NULL AND gone = 0;
CREATE INDEX snapshot_parent ON snapshot (side, parent) WHERE parent IS NOT NULL;
CREATE INDEX snapshot_swept ON snapshot (side, kind, swept, link) WHERE gone = 0;

-- Ids of records that are gone and in no link any more, so that a late page does not bring them back.
CREATE TABLE tomb (
    side TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    version TEXT,
    updated_at INTEGER,
    at INTEGER NOT NULL,
    PRIMARY KEY (side, kind, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE base (
    link INTEGER PRIMARY KEY REFERENCES link (id) ON DELETE CASCADE,
    record TEXT NOT NULL
) STRICT;

-- Values are JSON; NULL is empty.
CREATE TABLE decided (
    link INTEGER NOT NULL REFERENCES link (id) ON DELETE CASCADE,
    field TEXT NOT NULL,
    value TEXT,
    seen_ghl TEXT,
    seen_growbots TEXT,
    cause TEXT NOT NULL,
    PRIMARY KEY (link, field)
) STRICT, WITHOUT ROWID;
CREATE TABLE parked (
    link INTEGER NOT NULL REFERENCES link (id) ON DELETE CASCADE,
    field TEXT NOT NULL,
    side TEXT NOT NULL,
    seen_ghl TEXT,
    seen_growbots TEXT,
    why TEXT NOT NULL,
    PRIMARY KEY (link, field, side)
) STRICT, WITHOUT ROWID;

-- Closed conflicts outlive their link. `rank` is the order of reasons, `staged` the number of staged answers,
-- `weight` the number of records that it holds.
CREATE TABLE conflict (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    link INTEGER NOT NULL,
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    rank INTEGER NOT NULL,
    state TEXT NOT NULL,
    title TEXT NOT NULL,
    revision INTEGER NOT NULL DEFAULT 1,
    opened_at INTEGER NOT NULL,
    closed_at INTEGER,
    fields TEXT NOT NULL DEFAULT '[]',
    candidates TEXT NOT NULL DEFAULT '[]',
    gone TEXT,
    deferred_until INTEGER,
    note TEXT,
    decided_by TEXT,
    staged INTEGER NOT NULL DEFAULT 0,
    weight INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE UNIQUE INDEX conflict_live ON conflict (link, reason) WHERE state IN ('open', 'decided');
CREATE INDEX conflict_order ON conflict (rank, opened_at, id) WHERE state IN ('open', 'decided');

-- `field` is '' for an answer to the whole conflict.
CREATE TABLE staged (
    conflict INTEGER NOT NULL REFERENCES conflict (id) ON DELETE CASCADE,
    operator TEXT NOT NULL,
    field TEXT NOT NULL,
    answer TEXT NOT NULL,
    revision INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (conflict, operator, field)
) STRICT, WITHOUT ROWID;

-- The outbox. `rank` is the sending order: see `outbox.rs`. `key` stays with the row for ever.
CREATE TABLE intent (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pass INTEGER NOT NULL,
    link INTEGER NOT NULL,
    side TEXT NOT NULL,
    rank INTEGER NOT NULL,
    write TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'planned',
    attempt INTEGER NOT NULL DEFAULT 0,
    key TEXT NOT NULL DEFAULT '',
    fence INTEGER,
    sent_at INTEGER,
    siblings TEXT NOT NULL DEFAULT '[]',
    made_at INTEGER NOT NULL,
    done_at INTEGER
) STRICT;
CREATE INDEX intent_open ON intent (rank, id) WHERE state IN ('planned', 'sending', 'unknown');
CREATE INDEX intent_link ON intent (link, id) WHERE state IN ('planned', 'sending', 'unknown');

CREATE TABLE action (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    operator TEXT NOT NULL,
    at INTEGER NOT NULL,
    action TEXT NOT NULL,
    outcome TEXT,
    done_at INTEGER
) STRICT;
CREATE INDEX action_pending ON action (id) WHERE outcome IS NULL;

CREATE TABLE log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    pass INTEGER NOT NULL,
    side TEXT,
    kind TEXT NOT NULL,
    link INTEGER NOT NULL,
    title TEXT NOT NULL,
    op TEXT NOT NULL,
    fields TEXT NOT NULL,
    cause TEXT NOT NULL,
    operator TEXT,
    requests INTEGER NOT NULL
) STRICT;
CREATE INDEX log_link ON log (link, id);
CREATE INDEX log_pass ON log (pass, id);

-- Ended passes; a run of idle ones is one row, with `idle` as their number.
CREATE TABLE pass (
    id INTEGER PRIMARY KEY,
    idle INTEGER NOT NULL,
    summary TEXT NOT NULL
) STRICT;

CREATE TABLE error (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pattern TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    side TEXT,
    operation TEXT NOT NULL,
    status INTEGER,
    message TEXT NOT NULL,
    link INTEGER,
    title TEXT NOT NULL,
    count INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    next_retry_at INTEGER
) STRICT;
CREATE INDEX error_order ON error (count DESC, last_at DESC, id) WHERE state <> 'closed';
CREATE TABLE error_record (
    error INTEGER NOT NULL REFERENCES error (id) ON DELETE CASCADE,
    link INTEGER NOT NULL,
    PRIMARY KEY (error, link)
) STRICT, WITHOUT ROWID;
CREATE INDEX error_record_link ON error_record (link);

CREATE TABLE rate (
    side TEXT NOT NULL,
    at INTEGER NOT NULL,
    ours INTEGER NOT NULL,
    throttled INTEGER NOT NULL,
    PRIMARY KEY (side, at)
) STRICT, WITHOUT ROWID;

-- What the lists show: narrow rows, kept by `refresh`. `waits` has a bit a side: 1 GHL, 2 Growbots.
CREATE TABLE contact (
    link INTEGER PRIMARY KEY REFERENCES link (id) ON DELETE CASCADE,
    name_key TEXT NOT NULL,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    phone TEXT NOT NULL,
    company TEXT NOT NULL,
    owner TEXT NOT NULL,
    edited INTEGER NOT NULL,
    state TEXT NOT NULL,
    ghl_id TEXT,
    growbots_id TEXT,
    waits INTEGER NOT NULL,
    folded TEXT NOT NULL
) STRICT;
-- covering for the walk of a search
CREATE INDEX contact_name ON contact (name_key, link, folded);
CREATE INDEX contact_edited ON contact (edited, link);
CREATE INDEX contact_state_name ON contact (state, name_key, link);
CREATE INDEX contact_state_edited ON contact (state, edited, link);

CREATE TABLE task (
    link INTEGER PRIMARY KEY REFERENCES link (id) ON DELETE CASCADE,
    contact INTEGER,
    contact_name TEXT NOT NULL,
    title TEXT NOT NULL,
    due INTEGER NOT NULL,
    completed INTEGER NOT NULL,
    assignee TEXT NOT NULL,
    state TEXT NOT NULL,
    ghl_id TEXT,
    growbots_id TEXT,
    waits INTEGER NOT NULL,
    folded TEXT NOT NULL
) STRICT;
CREATE INDEX task_due ON task (completed, due, link);
CREATE INDEX task_contact ON task (contact) WHERE contact IS NOT NULL;

-- Folded on both sides of the comparison, so the tokenizer need not fold again. What changed in a transaction waits
-- in `contact_unindexed` or `task_unindexed` (`was`: the text that is in the index) for its end: written row by row, each statement
-- between would make the index flush.
CREATE VIRTUAL TABLE contact_search USING fts5 (
    folded, content = 'contact', content_rowid = 'link', columnsize = 0, tokenize = 'trigram case_sensitive 1'
);
CREATE VIRTUAL TABLE task_search USING fts5 (
    folded, content = 'task', content_rowid = 'link', columnsize = 0, tokenize = 'trigram case_sensitive 1'
);
CREATE TABLE contact_unindexed (link INTEGER PRIMARY KEY, was TEXT) STRICT;
CREATE TRIGGER contact_unindexed_add AFTER INSERT ON contact BEGIN
    INSERT OR IGNORE INTO contact_unindexed (link, was) VALUES (new.link, NULL);
END;
CREATE TRIGGER contact_unindexed_remove AFTER DELETE ON contact BEGIN
    INSERT OR IGNORE INTO contact_unindexed (link, was) VALUES (old.link, old.folded);
END;
CREATE TRIGGER contact_unindexed_change AFTER UPDATE OF folded ON contact WHEN old.folded <> new.folded BEGIN
    INSERT OR IGNORE INTO contact_unindexed (link, was) VALUES (old.link, old.folded);
END;
CREATE TABLE task_unindexed (link INTEGER PRIMARY KEY, was TEXT) STRICT;
CREATE TRIGGER task_unindexed_add AFTER INSERT ON task BEGIN
    INSERT OR IGNORE INTO task_unindexed (link, was) VALUES (new.link, NULL);
END;
CREATE TRIGGER task_unindexed_remove AFTER DELETE ON task BEGIN
    INSERT OR IGNORE INTO task_unindexed (link, was) VALUES (old.link, old.folded);
END;
CREATE TRIGGER task_unindexed_change AFTER UPDATE OF folded ON task WHEN old.folded <> new.folded BEGIN
    INSERT OR IGNORE INTO task_unindexed (link, was) VALUES (old.link, old.folded);
END;

-- Totals, kept by triggers so that no path can forget them.
CREATE TABLE tally (name TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO tally (name, n) VALUES
    ('link.contact', 0), ('link.task', 0), ('link.note', 0), ('link.appointment', 0), ('link.business', 0),
    ('contact.ignored', 0), ('contact.conflict', 0), ('contact.error', 0), ('contact.waiting', 0),
    ('contact.one_side', 0), ('contact.in_step', 0),
    ('tasks_open', 0), ('conflicts_open', 0), ('conflicts_undecided', 0), ('errors_open', 0), ('waiting', 0),
    ('held', 0);

CREATE TRIGGER tally_link_add AFTER INSERT ON link BEGIN
    UPDATE tally SET n = n + 1 WHERE name = 'link.' || new.kind;
END;
CREATE TRIGGER tally_link_remove AFTER DELETE ON link BEGIN
    UPDATE tally SET n = n - 1 WHERE name = 'link.' || old.kind;
END;
CREATE TRIGGER tally_contact_add AFTER INSERT ON contact BEGIN
    UPDATE tally SET n = n + 1 WHERE name = 'contact.' || new.state;
END;
CREATE TRIGGER tally_contact_remove AFTER DELETE ON contact BEGIN
    UPDATE tally SET n = n - 1 WHERE name = 'contact.' || old.state;
END;
CREATE TRIGGER tally_contact_change AFTER UPDATE OF state ON contact WHEN old.state <> new.state BEGIN
    UPDATE tally SET n = n - 1 WHERE name = 'contact.' || old.state;
    UPDATE tally SET n = n + 1 WHERE name = 'contact.' || new.state;
END;
CREATE TRIGGER tally_task_add AFTER INSERT ON task WHEN new.completed = 0 BEGIN
    UPDATE tally SET n = n + 1 WHERE name = 'tasks_open';
END;
CREATE TRIGGER tally_task_remove AFTER DELETE ON task WHEN old.completed = 0 BEGIN
    UPDATE tally SET n = n - 1 WHERE name = 'tasks_open';
END;
CREATE TRIGGER tally_task_change AFTER UPDATE OF completed ON task WHEN old.completed <> new.completed BEGIN
    UPDATE tally SET n = n + old.completed - new.completed WHERE name = 'tasks_open';
END;
CREATE TRIGGER staged_add AFTER INSERT ON staged BEGIN
    UPDATE conflict SET staged = staged + 1 WHERE id = new.conflict;
END;
CREATE TRIGGER staged_remove AFTER DELETE ON staged BEGIN
    UPDATE conflict SET staged = staged - 1 WHERE id = old.conflict;
END;
CREATE TRIGGER tally_conflict_add AFTER INSERT ON conflict BEGIN
    UPDATE tally SET n = n + (new.state IN ('open', 'decided')) WHERE name = 'conflicts_open';
    UPDATE tally SET n = n + (new.state = 'open' AND new.staged = 0) WHERE name = 'conflicts_undecided';
    UPDATE tally SET n = n + new.weight * (new.state = 'open' AND new.reason = 'mass_change') WHERE name = 'held';
END;
CREATE TRIGGER tally_conflict_change AFTER UPDATE OF state, staged, weight ON conflict BEGIN
    UPDATE tally SET n = n + (new.state IN ('open', 'decided')) - (old.state IN ('open', 'decided'))
    WHERE name = 'conflicts_open';
    UPDATE tally SET n = n + (new.state = 'open' AND new.staged = 0) - (old.state = 'open' AND old.staged = 0)
    WHERE name = 'conflicts_undecided';
    UPDATE tally SET n = n + new.weight * (new.state = 'open' AND new.reason = 'mass_change')
        - old.weight * (old.state = 'open' AND old.reason = 'mass_change')
    WHERE name = 'held';
END;
CREATE TRIGGER tally_error_add AFTER INSERT ON error WHEN new.state = 'open' BEGIN
    UPDATE tally SET n = n + 1 WHERE name = 'errors_open';
END;
CREATE TRIGGER tally_error_change AFTER UPDATE OF state ON error WHEN old.state <> new.state BEGIN
    UPDATE tally SET n = n + (new.state = 'open') - (old.state = 'open') WHERE name = 'errors_open';
END;
CREATE TRIGGER tally_intent_add AFTER INSERT ON intent WHEN new.state IN ('planned', 'sending', 'unknown') BEGIN
    UPDATE tally SET n = n + 1 WHERE name = 'waiting';
END;
CREATE TRIGGER tally_intent_change AFTER UPDATE OF state ON intent WHEN old.state <> new.state BEGIN
    UPDATE tally SET n = n + (new.state IN ('planned', 'sending', 'unknown'))
        - (old.state IN ('planned', 'sending', 'unknown'))
    WHERE name = 'waiting';
END;
