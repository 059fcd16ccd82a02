-- A record that an operator had couplet forget: it is not stored again, whatever a side shows of it.
ALTER TABLE tomb ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0;
