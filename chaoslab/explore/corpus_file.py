"""The SQLite file of a corpus: its tables, its version, and what may go wrong with it.

Rules:

1. What was written survives a kill at any moment, and a power cut.
2. Several campaigns may use one file at once.
3. A file of another version, or a damaged one, is refused in words and left as it is.

This file does not know what the tables are for: see ``corpus``.
"""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from chaoslab.errors import UsageError

__all__ = ["VERSION", "CorpusFile"]

VERSION: Final = 2
_APPLICATION: Final = 0x43484C42  # "CHLB", so that no other SQLite file is taken for a corpus
_PATIENCE_S: Final = 30.0

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS failures (
    id INTEGER PRIMARY KEY,
    protocol TEXT NOT NULL,
    "check" TEXT NOT NULL,
    anomaly TEXT NOT NULL,
    shape TEXT NOT NULL DEFAULT '',
    scenario TEXT NOT NULL,
    seed INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    summary TEXT NOT NULL,
    recording TEXT NOT NULL,
    shrunk TEXT NOT NULL DEFAULT '',
    size TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL DEFAULT 'failing',
    seen INTEGER NOT NULL DEFAULT 1,
    UNIQUE (protocol, "check", anomaly, shape)
);
CREATE TABLE IF NOT EXISTS sightings (
    id INTEGER PRIMARY KEY,
    protocol TEXT NOT NULL,
    "check" TEXT NOT NULL,
    anomaly TEXT NOT NULL,
    scenario TEXT NOT NULL,
    seed INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    summary TEXT NOT NULL,
    recording TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS settled (
    recording TEXT PRIMARY KEY
);
CREATE TABLE IF NOT EXISTS probes (
    scenario TEXT NOT NULL,
    probe TEXT NOT NULL,
    times INTEGER NOT NULL,
    PRIMARY KEY (scenario, probe)
);
CREATE TABLE IF NOT EXISTS learned (
    scenario TEXT PRIMARY KEY,
    features TEXT NOT NULL,
    recordings TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS campaigns (
    id INTEGER PRIMARY KEY,
    scenarios TEXT NOT NULL,
    first_seed INTEGER NOT NULL,
    runs INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0
);
"""


class CorpusFile:
    """A corpus file; made if there is none.

    Args:
        path: Where it is.

    Attributes:
        database: The connection to it.

    Raises:
        UsageError: the file is none of ours, is damaged, or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._told():
            self.database = sqlite3.connect(path, timeout=_PATIENCE_S, isolation_level=None)
            self._close = weakref.finalize(self, self.database.close)  # also if it is no corpus, or nobody closes it
            self.database.row_factory = sqlite3.Row
            self._open()

    def _open(self) -> None:
        database = self.database
        application = database.execute("PRAGMA application_id").fetchone()[0]
        version = database.execute("PRAGMA user_version").fetchone()[0]
        empty = not database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if not empty and application != _APPLICATION:
            raise UsageError("is an SQLite database, but no corpus of ChaosLab.", file=self._path)
        if not empty and version != VERSION:
            raise UsageError(
                f"is a corpus of version {version}; this ChaosLab reads version {VERSION}.", file=self._path
            )
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")  # a failure that was told survives a power cut, too
        database.execute(f"PRAGMA application_id = {_APPLICATION}")
        database.execute(f"PRAGMA user_version = {VERSION}")
        database.executescript(_TABLES)

    def close(self) -> None:
        """Close the file."""
        self._close()  # once: another thread, which may collect this object, must not

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise UsageError(_in_words(error), file=self._path) from None

    @contextmanager
    def told(self) -> Iterator[sqlite3.Connection]:
        """Say in words what is wrong with the file, if something is.

        Raises:
            UsageError: the block came upon it.
        """
        with self._told():
            yield self.database

    @contextmanager
    def at_once(self) -> Iterator[sqlite3.Connection]:
        """Do all of the block or nothing of it, and let no other campaign in between.

        Raises:
            UsageError: something is wrong with the file.
        """
        with self.told() as database:
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
            except BaseException:
                if database.in_transaction:
                    database.execute("ROLLBACK")
                raise
            database.execute("COMMIT")


def _in_words(error: sqlite3.DatabaseError) -> str:
    """Say what is wrong with a file, and what to do about it."""
    said = str(error)
    if "malformed" in said or "not a database" in said:
        return f"is damaged, or no corpus: {said}. It is left as it is; give --corpus another file."
    if "full" in said:
        return f"cannot be written: {said}. Make room, and run the campaign again."
    if "readonly" in said or "unable to open" in said:
        return f"cannot be written: {said}. Its folder must be there and writable, for SQLite puts files beside it."
    if "locked" in said:
        return f"is in use: {said} for more than {_PATIENCE_S:g} s."
    return f"cannot be used: {said}."
