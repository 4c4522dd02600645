-- A store of version 1, as the first mim that had one left it. It is never changed.
PRAGMA auto_vacuum=INCREMENTAL;
PRAGMA journal_mode=WAL;
BEGIN;
CREATE TABLE meta (
		key   TEXT PRIMARY KEY,
		value ANY
	) STRICT, WITHOUT ROWID;
	CREATE TABLE account (
		folded TEXT PRIMARY KEY,
		name   TEXT NOT NULL,
		alias  TEXT NOT NULL,
		bound  INTEGER NOT NULL,
		open   INTEGER NOT NULL,
		hash   TEXT NOT NULL
	) STRICT, WITHOUT ROWID;
	CREATE TABLE block (
		by_folded  TEXT NOT NULL,
		who_folded TEXT NOT NULL,
		by_name    TEXT NOT NULL,
		who_name   TEXT NOT NULL,
		PRIMARY KEY (by_folded, who_folded)
	) STRICT, WITHOUT ROWID;
	CREATE TABLE seen (
		folded TEXT PRIMARY KEY,
		name   TEXT NOT NULL,
		at     INTEGER NOT NULL
	) STRICT, WITHOUT ROWID;
	CREATE TABLE text (
		id       INTEGER PRIMARY KEY,
		owner    TEXT NOT NULL,
		receiver TEXT NOT NULL,
		sender   TEXT NOT NULL,
		at       INTEGER NOT NULL,
		body     BLOB NOT NULL
	) STRICT;
	CREATE INDEX text_owner ON text (owner);
	INSERT INTO meta VALUES ('last_text', 41), ('seal', '$argon2id$seal');
	INSERT INTO account VALUES
		('alice', 'Alice', '', 1, 1, '$argon2id$alice'),
		('jürgen k', 'Jürgen K', 'JurgenK', 1, 1, ''),
		('mallory', 'Mallory', '', 0, 0, '');
	INSERT INTO block VALUES ('alice', 'mallory', 'Alice', 'Mallory');
	INSERT INTO seen VALUES ('alice', 'Alice', 1794821400000123);
	INSERT INTO text VALUES
		(12, 'alice', 'ALICE', 'Jürgen K', 1794821400000123, x'68c3a9'),
		(40, 'alice', 'alice', 'bob', 1794821400000123, x'');
	PRAGMA application_id=1835625777;
	PRAGMA user_version=1;
COMMIT;
