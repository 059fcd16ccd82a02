-- What a side made of a value that couplet wrote: `stored` there means `sent`.
CREATE TABLE echo (
    link INTEGER NOT NULL REFERENCES link (id) ON DELETE CASCADE,
    side TEXT NOT NULL,
    field TEXT NOT NULL,
    sent TEXT NOT NULL,
    stored TEXT NOT NULL,
    PRIMARY KEY (link, side, field)
) STRICT, WITHOUT ROWID;
