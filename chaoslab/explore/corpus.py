"""The corpus: what campaigns have found, kept in one SQLite file between nights.

Rules:

1. A failure is in the file before anybody is told of it: a kill at any moment loses nothing that was printed.
2. Failures that look alike (protocol, check, anomaly) are one entry, with a count: one bug is told once.
3. Several campaigns may use one file at once.
4. A file of another version, or a damaged one, is refused in words and left as it is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import attrs

from chaoslab.errors import UsageError
from chaoslab.explore.outcome import Outcome

__all__ = ["Corpus", "Entry", "Signature", "signature_of"]

VERSION: Final = 1
_APPLICATION: Final = 0x43484C42  # "CHLB", so that no other SQLite file is taken for a corpus
_PATIENCE_S: Final = 30.0

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS failures (
    id INTEGER PRIMARY KEY,
    protocol TEXT NOT NULL,
    "check" TEXT NOT NULL,
    anomaly TEXT NOT NULL,
    scenario TEXT NOT NULL,
    seed INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    summary TEXT NOT NULL,
    recording TEXT NOT NULL,
    shrunk TEXT NOT NULL DEFAULT '',
    size TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL DEFAULT 'failing',
    seen INTEGER NOT NULL DEFAULT 1,
    UNIQUE (protocol, "check", anomaly)
);
CREATE TABLE IF NOT EXISTS campaigns (
    id INTEGER PRIMARY KEY,
    scenarios TEXT NOT NULL,
    first_seed INTEGER NOT NULL,
    runs INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0
);
"""


@attrs.frozen(kw_only=True)
class Signature:
    """By what one bug is told from another."""

    protocol: str
    check: str
    anomaly: str


@attrs.frozen(kw_only=True)
class Entry:
    """One kind of failure.

    Attributes:
        id: Its number in the file.
        signature: By what it is recognised.
        scenario: The name of the scenario that showed it first.
        seed: The seed that showed it first.
        verdict: ``"invalid"`` or ``"unknown"``.
        summary: One sentence.
        recording: What replays it; empty where the run did not end.
        shrunk: The smallest scenario that shows it, as TOML; empty if none was made.
        size: How much was shrunk, in words.
        state: ``"failing"``, ``"fixed"`` (its recording holds now), or ``"diverged"`` (it does something else now).
        seen: In how many runs it was seen.
    """

    id: int
    signature: Signature
    scenario: str
    seed: int
    verdict: str
    summary: str
    recording: str
    shrunk: str
    size: str
    state: str
    seen: int


def signature_of(outcome: Outcome) -> Signature:
    """Return by what the failure in *outcome* is recognised: its first check that did not hold."""
    finding = outcome.findings[0]
    return Signature(protocol=outcome.protocol, check=finding.check, anomaly=finding.anomaly or "")


class Corpus:
    """A corpus file; made if there is none.

    Args:
        path: Where it is.

    Raises:
        UsageError: the file is none of ours, is damaged, or cannot be written.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        with self._told():
            self._database = sqlite3.connect(self.path, timeout=_PATIENCE_S, isolation_level=None)
            self._database.row_factory = sqlite3.Row
            self._open()

    def _open(self) -> None:
        database = self._database
        application = database.execute("PRAGMA application_id").fetchone()[0]
        version = database.execute("PRAGMA user_version").fetchone()[0]
        empty = not database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if not empty and application != _APPLICATION:
            raise UsageError("is an SQLite database, but no corpus of ChaosLab.", file=self.path)
        if not empty and version != VERSION:
            raise UsageError(
                f"is a corpus of version {version}; this ChaosLab reads version {VERSION}.", file=self.path
            )
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")  # a failure that was told survives a power cut, too
        database.execute(f"PRAGMA application_id = {_APPLICATION}")
        database.execute(f"PRAGMA user_version = {VERSION}")
        database.executescript(_TABLES)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say in words what is wrong with the file."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            what = "is damaged, or no corpus" if "malformed" in str(error) or "not a database" in str(error) else ""
            raise UsageError(f"{what or 'cannot be used'}: {error}.", file=self.path) from None

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def note_campaign(self, scenarios: str, first_seed: int, runs: int, failures: int) -> None:
        """Note that a campaign took place."""
        with self._told():
            self._database.execute(
                "INSERT INTO campaigns (scenarios, first_seed, runs, failures) VALUES (?, ?, ?, ?)",
                (scenarios, first_seed, runs, failures),
            )

    def add(self, outcome: Outcome) -> bool:
        """Keep the failure in *outcome*; return whether it is the first of its kind. Durable when this returns."""
        signature, finding = signature_of(outcome), outcome.findings[0]
        with self._told():
            cursor = self._database.execute(
                'INSERT INTO failures (protocol, "check", anomaly, scenario, seed, verdict, summary, recording) '
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
                'ON CONFLICT (protocol, "check", anomaly) DO UPDATE SET seen = seen + 1, '
                "  recording = CASE WHEN state = 'fixed' THEN excluded.recording ELSE recording END, "
                "  seed = CASE WHEN state = 'fixed' THEN excluded.seed ELSE seed END, "
                "  scenario = CASE WHEN state = 'fixed' THEN excluded.scenario ELSE scenario END, "
                "  state = 'failing' "
                "RETURNING seen",
                (
                    signature.protocol,
                    signature.check,
                    signature.anomaly,
                    outcome.scenario,
                    outcome.seed,
                    finding.verdict,
                    finding.summary,
                    outcome.recording,
                ),
            )
            return bool(cursor.fetchone()[0] == 1)

    def keep_shrunk(self, entry: int, scenario: str, size: str) -> None:
        """Keep the smallest scenario that shows the failure *entry*."""
        with self._told():
            self._database.execute("UPDATE failures SET shrunk = ?, size = ? WHERE id = ?", (scenario, size, entry))

    def set_state(self, entry: int, state: str) -> None:
        """Note that the failure *entry* is failing, fixed or diverged."""
        with self._told():
            self._database.execute("UPDATE failures SET state = ? WHERE id = ?", (state, entry))

    def entries(self) -> list[Entry]:
        """Return every kind of failure, in the order in which they were found."""
        with self._told():
            return [_entry(row) for row in self._database.execute("SELECT * FROM failures ORDER BY id")]

    def entry(self, number: int) -> Entry:
        """Return the failure with that number.

        Raises:
            UsageError: there is none.
        """
        found = {entry.id: entry for entry in self.entries()}
        if number not in found:
            numbers = ", ".join(map(str, found)) or "none: it is empty"
            raise UsageError(f"has no failure {number}; it has {numbers}.", file=self.path)
        return found[number]

    def prune(self) -> int:
        """Remove what is fixed; return how many that were."""
        with self._told():
            return self._database.execute("DELETE FROM failures WHERE state = 'fixed'").rowcount


def _entry(row: Any) -> Entry:
    return Entry(
        signature=Signature(protocol=row["protocol"], check=row["check"], anomaly=row["anomaly"]),
        **{
            key: row[key]
            for key in ("id", "scenario", "seed", "verdict", "summary", "recording", "shrunk", "size", "state", "seen")
        },
    )
