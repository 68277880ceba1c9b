"""The corpus: what campaigns have found, kept in one SQLite file between nights.

Rules:

1. A failure is in the file before anybody is told of it: see ``corpus_file``.
2. Failures that look alike are one entry, with a count: one bug is told once. At first sight they look alike if
   protocol, check and anomaly are the same; made small, also the shape of the smallest plan must be: the kinds of fault
   that it takes. Some further failures of a known look are kept as sightings until they are made small, too.
3. Local code is named from the folder of the file, so that both can be moved: to a colleague, or out of a nightly run.
   Whoever uses this class sees names that are found from anywhere.
4. A run that was settled once, and that goes as it went then, is not made small again: who runs the same seeds every
   night, over code that has not changed, waits for it once.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import attrs

from chaoslab import local_code
from chaoslab.errors import UsageError
from chaoslab.explore.corpus_file import CorpusFile
from chaoslab.explore.failures import Entry, Sighting, Signature, signature_of
from chaoslab.explore.outcome import Outcome
from chaoslab.explore.recording import recording_with_code_named
from chaoslab.scenario.files import with_code_named

__all__ = ["SIGHTINGS_MAX", "Corpus"]

RECORDINGS_MAX: Final = 256
"""How many recordings are kept for strategies that learn, of each scenario."""
SIGHTINGS_MAX: Final = 4
"""How many failures of one look are kept, beyond those with an entry, to see whether they are another bug."""

_ALIKE: Final = 'protocol = ? AND "check" = ? AND anomaly = ?'


class Corpus:
    """A corpus file; made if there is none.

    Args:
        path: Where it is.

    Raises:
        UsageError: the file is none of ours, is damaged, or cannot be written.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._file = CorpusFile(self.path)
        self._folder = self.path.resolve().parent

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def note_campaign(self, scenarios: str, first_seed: int, runs: int, failures: int) -> None:
        """Note that a campaign took place."""
        with self._file.told() as database:
            database.execute(
                "INSERT INTO campaigns (scenarios, first_seed, runs, failures) VALUES (?, ?, ?, ?)",
                (scenarios, first_seed, runs, failures),
            )

    def add(self, outcome: Outcome) -> bool:
        """Keep the failure in *outcome*; return whether none like it was known. Durable when this returns."""
        stored = attrs.evolve(
            outcome, protocol=self._name_in(outcome.protocol), recording=self._recording_in(outcome.recording)
        )
        with self._file.at_once() as database:
            return _add(database, stored)

    def note_probes(self, scenario: str, probes: Mapping[str, int]) -> None:
        """Count how often runs of *scenario* passed each of *probes*."""
        with self._file.at_once() as database:
            database.executemany(
                "INSERT INTO probes (scenario, probe, times) VALUES (?, ?, ?) "
                "ON CONFLICT (scenario, probe) DO UPDATE SET times = times + excluded.times",
                [(scenario, probe, times) for probe, times in sorted(probes.items())],
            )

    def probes(self) -> dict[str, dict[str, int]]:
        """Return how often each probe was passed, by scenario."""
        found: dict[str, dict[str, int]] = {}
        with self._file.told() as database:
            for row in database.execute("SELECT * FROM probes ORDER BY scenario, probe"):
                found.setdefault(row["scenario"], {})[row["probe"]] = row["times"]
        return found

    def note_learned(self, scenario: str, features: Iterable[int], recordings: Iterable[str]) -> None:
        """Add to what strategies have learned of a scenario.

        Args:
            scenario: The scenario as TOML: of another text, be it ever so alike, nothing was learned.
            features: What was reached.
            recordings: Those that were first to reach something, the oldest first. The latest are kept.
        """
        scenario = with_code_named(scenario, self._name_in)
        recordings = map(self._recording_in, recordings)
        with self._file.at_once() as database:
            known_features, known_recordings = _learned(database, scenario)
            database.execute(
                "INSERT OR REPLACE INTO learned (scenario, features, recordings) VALUES (?, ?, ?)",
                (
                    scenario,
                    json.dumps(sorted({*known_features, *features})),
                    json.dumps([*dict.fromkeys((*known_recordings, *recordings))][-RECORDINGS_MAX:]),
                ),
            )

    def learned(self, scenario: str) -> tuple[list[int], list[str]]:
        """Return the features and the recordings that ``note_learned`` was given for *scenario*."""
        with self._file.told() as database:
            features, recordings = _learned(database, with_code_named(scenario, self._name_in))
        return features, [recording_with_code_named(one, self._name_from) for one in recordings]

    def keep_shrunk(self, entry: int, scenario: str, size: str, shape: str) -> bool:
        """Keep the smallest scenario that shows the failure *entry*; return False if it turned out to be a known one.

        Then the two become one, which was seen as often as both: the older one, of which somebody was told.
        """
        scenario = with_code_named(scenario, self._name_in)
        with self._file.at_once() as database:
            same = database.execute(
                "SELECT other.id FROM failures AS one JOIN failures AS other "
                'ON other.protocol = one.protocol AND other."check" = one."check" AND other.anomaly = one.anomaly '
                "WHERE one.id = ? AND other.shape = ? AND other.id != one.id",
                (entry, shape),
            ).fetchone()
            kept = (scenario, size, shape)
            if same is None:
                _keep_small(database, entry, kept)
            elif same["id"] < entry:
                _merge(database, entry, into=same["id"])
            else:
                _merge(database, same["id"], into=entry)
                _keep_small(database, entry, kept)
        return same is None

    def sightings(self) -> list[Sighting]:
        """Return the failures that are kept until they are made small, in the order in which they were found."""
        with self._file.told() as database:
            rows = database.execute("SELECT * FROM sightings ORDER BY id").fetchall()
        return [
            Sighting(
                signature=Signature(
                    protocol=self._name_from(row["protocol"]), check=row["check"], anomaly=row["anomaly"]
                ),
                recording=recording_with_code_named(row["recording"], self._name_from),
                **{key: row[key] for key in ("id", "scenario", "seed", "verdict", "summary")},
            )
            for row in rows
        ]

    def settle(self, sighting: Sighting, scenario: str, size: str, shape: str) -> Entry | None:
        """Say what became of *sighting* when it was made small: return its new entry, or None if it has one already.

        An empty *shape* means that it could not be made small: it is forgotten.
        """
        look = sighting.signature
        named = (self._name_in(look.protocol), look.check, look.anomaly)
        scenario, recording = with_code_named(scenario, self._name_in), self._recording_in(sighting.recording)
        with self._file.at_once() as database:
            database.execute("DELETE FROM sightings WHERE id = ?", (sighting.id,))
            database.execute("INSERT OR IGNORE INTO settled VALUES (?)", (_digest(recording),))
            known = database.execute(
                f"SELECT id FROM failures WHERE {_ALIKE} AND shape = ?",  # noqa: S608
                (*named, shape),
            ).fetchone()
            if known is not None or not shape:
                return None
            found = (sighting.scenario, sighting.seed, sighting.verdict, sighting.summary, recording)
            number = _insert(database, "failures", named, found, {"shrunk": scenario, "size": size, "shape": shape})
        return self.entry(number)

    def set_state(self, entry: int, state: str) -> None:
        """Note that the failure *entry* is failing, fixed or diverged."""
        with self._file.told() as database:
            database.execute("UPDATE failures SET state = ? WHERE id = ?", (state, entry))

    def entries(self) -> list[Entry]:
        """Return every kind of failure, in the order in which they were found."""
        with self._file.told() as database:
            return [self._entry(row) for row in database.execute("SELECT * FROM failures ORDER BY id")]

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
        with self._file.told() as database:
            return database.execute("DELETE FROM failures WHERE state = 'fixed'").rowcount

    def _entry(self, row: Any) -> Entry:
        return Entry(
            signature=Signature(
                protocol=self._name_from(row["protocol"]),
                check=row["check"],
                anomaly=row["anomaly"],
                shape=row["shape"],
            ),
            recording=recording_with_code_named(row["recording"], self._name_from),
            shrunk=with_code_named(row["shrunk"], self._name_from),
            **{key: row[key] for key in ("id", "scenario", "seed", "verdict", "summary", "size", "state", "seen")},
        )

    def _name_in(self, name: str) -> str:
        return local_code.named_in(self._folder, name)

    def _name_from(self, name: str) -> str:
        return local_code.named_from(self._folder, name)

    def _recording_in(self, text: str) -> str:
        return recording_with_code_named(text, self._name_in)


def _add(database: sqlite3.Connection, outcome: Outcome) -> bool:
    look, finding = signature_of(outcome), outcome.findings[0]
    named = (look.protocol, look.check, look.anomaly)
    found = (outcome.scenario, outcome.seed, finding.verdict, finding.summary, outcome.recording)
    known = database.execute(
        f"SELECT id, state, recording FROM failures WHERE {_ALIKE} ORDER BY state = 'fixed', id",  # noqa: S608
        named,
    ).fetchall()
    if not known:
        _insert(database, "failures", named, found)
        return True
    back = next((row for row in known if row["state"] == "fixed"), None)
    if back is not None and len(known) == 1:  # the bug has returned: what shows it now replaces what showed it then
        database.execute(
            "UPDATE failures SET scenario = ?, seed = ?, verdict = ?, summary = ?, recording = ?, "
            "state = 'failing', seen = seen + 1 WHERE id = ?",
            (*found, back["id"]),
        )
        return False
    if outcome.trace_hash and not _is_settled(database, known, outcome.recording):
        waiting = database.execute(f"SELECT count(*) FROM sightings WHERE {_ALIKE}", named).fetchone()[0]  # noqa: S608
        if waiting < SIGHTINGS_MAX:
            _insert(database, "sightings", named, found)
    database.execute("UPDATE failures SET seen = seen + 1 WHERE id = ?", (known[0]["id"],))
    return False


def _is_settled(database: sqlite3.Connection, known: Sequence[Any], recording: str) -> bool:
    """Return whether it is known already which of the *known* failures that run shows, none of which is fixed since."""
    if any(row["state"] != "failing" for row in known):
        return False
    if any(row["recording"] == recording for row in known):
        return True
    digest = (_digest(recording),)
    return database.execute("SELECT 1 FROM settled WHERE recording = ?", digest).fetchone() is not None


def _keep_small(database: sqlite3.Connection, entry: int, kept: tuple[str, str, str]) -> None:
    database.execute("UPDATE failures SET shrunk = ?, size = ?, shape = ? WHERE id = ?", (*kept, entry))


def _merge(database: sqlite3.Connection, entry: int, *, into: int) -> None:
    """Count what was seen of *entry* as seen of *into*, and forget *entry*."""
    gone = database.execute("SELECT recording, seen FROM failures WHERE id = ?", (entry,)).fetchone()
    database.execute("DELETE FROM failures WHERE id = ?", (entry,))
    database.execute("UPDATE failures SET seen = seen + ?, state = 'failing' WHERE id = ?", (gone["seen"], into))
    database.execute("INSERT OR IGNORE INTO settled VALUES (?)", (_digest(gone["recording"]),))


def _digest(recording: str) -> str:
    return hashlib.blake2b(recording.encode(), digest_size=16).hexdigest()


def _insert(
    database: sqlite3.Connection,
    table: str,
    named: tuple[str, ...],
    found: tuple[object, ...],
    more: Mapping[str, str] = MappingProxyType({}),
) -> int:
    """Insert a row and return its number."""
    columns = ["protocol", '"check"', "anomaly", "scenario", "seed", "verdict", "summary", "recording", *more]
    places = ", ".join("?" * len(columns))
    cursor = database.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})",  # noqa: S608
        (*named, *found, *more.values()),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def _learned(database: sqlite3.Connection, scenario: str) -> tuple[list[int], list[str]]:
    row = database.execute("SELECT * FROM learned WHERE scenario = ?", (scenario,)).fetchone()
    return ([], []) if row is None else (json.loads(row["features"]), json.loads(row["recordings"]))
