-- Why a write was made (the cause as JSON) and, after a delete, the ids of what is gone: what an undo and the blame ask.
ALTER TABLE log ADD COLUMN source TEXT;
ALTER TABLE log ADD COLUMN lost TEXT;
