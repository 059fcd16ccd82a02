-- When an intent was last sent on the ticks of a boot, which no setting of the clock moves.
ALTER TABLE intent ADD COLUMN sent_ticks INTEGER;
ALTER TABLE intent ADD COLUMN sent_boot TEXT;
