-- One day of the journal.

-- What stood before the first entry of this file: the chain goes on from here.
CREATE TABLE head (
    id          INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    chain       BLOB    NOT NULL
) STRICT;

CREATE TABLE entry (
    id          INTEGER PRIMARY KEY,
    received_ms INTEGER NOT NULL,
    kind        TEXT    NOT NULL,
    gateway     TEXT    NOT NULL,
    epoch       INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    envelope    BLOB    NOT NULL,
    body_hash   BLOB    NOT NULL,
    fresh       INTEGER NOT NULL,
    block       BLOB    NOT NULL,
    known_rows  INTEGER NOT NULL,
    chain       BLOB    NOT NULL
) STRICT;

-- What is fresh of a block; a body at most once.
CREATE UNIQUE INDEX block ON entry (gateway, block, body_hash) WHERE fresh AND length(block) > 0;
-- Catalogues and configurations are few, and a start reads all of them.
CREATE INDEX catalogue ON entry (id) WHERE kind = 'catalogue';
CREATE INDEX config ON entry (id) WHERE kind = 'config';

-- What is committed of each epoch of each gateway, carried over from day to day; entry = the last entry of that epoch.
CREATE TABLE position (
    gateway TEXT    NOT NULL,
    epoch   INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    hash    BLOB    NOT NULL,
    refused BLOB    NOT NULL,
    entry   INTEGER NOT NULL,
    PRIMARY KEY (gateway, epoch)
) STRICT, WITHOUT ROWID;
