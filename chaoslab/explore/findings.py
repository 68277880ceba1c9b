"""Where findings go when the corpus cannot be written: a file of lines, so that a full disk loses no night's work.

Rules:

1. Each failure is one line of JSON, written and synced before the next run is looked at.
2. The first of some folders that can be written takes it: beside the corpus, the current one, that for temporary files.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import attrs
import cattrs

from chaoslab.errors import UsageError
from chaoslab.explore.corpus import Corpus
from chaoslab.explore.failures import Entry
from chaoslab.explore.outcome import Outcome

__all__ = ["Keeper", "read_findings"]

_BEGIN = '{"scenario"'
"""How the line of a failure begins."""


class Keeper:
    """Keeps failures in a corpus, or beside it once that fails.

    Attributes:
        corpus: Where they go.
        trouble: What was wrong with the corpus, in words, or None.
        fallback: The file they go to instead, or None: nowhere could be written.
    """

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self.trouble: str | None = None
        self.fallback: Path | None = None

    def keep(self, outcome: Outcome) -> bool:
        """Keep the failure in *outcome*; return whether nobody has seen one like it."""
        if self.trouble is None:
            try:
                return self.corpus.add(outcome)
            except UsageError as error:
                self.trouble = str(error)
        self._keep_beside(outcome)
        return True  # nobody can say; rather told twice than not at all

    def entries(self) -> list[Entry]:
        """Return what the corpus holds; nothing once it cannot be read: a campaign is reported all the same."""
        if self.trouble is None:
            try:
                return self.corpus.entries()
            except UsageError as error:
                self.trouble = str(error)
        return []

    def _keep_beside(self, outcome: Outcome) -> None:
        line = json.dumps(attrs.asdict(outcome)) + "\n"
        folders = (self.corpus.path.parent, Path.cwd(), Path(tempfile.gettempdir()))
        for path in (self.fallback, *(folder / f"{self.corpus.path.name}.findings.jsonl" for folder in folders)):
            if path is not None and _appended(path, line):
                self.fallback = path
                return
        self.fallback = None


def _appended(path: Path, line: str) -> bool:
    try:
        with path.open("ab") as file:
            if file.tell():
                with path.open("rb") as before:
                    before.seek(-1, os.SEEK_END)
                    cut_off = before.read() != b"\n"
                line = "\n" + line if cut_off else line  # the disk was full; what is written now is whole
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        return False
    return True


def read_findings(path: str | Path) -> list[Outcome]:
    """Return the failures in the file *path*. Lines that were cut off by a full disk are left out.

    Raises:
        UsageError: it cannot be read, or a line of it is no failure.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines(keepends=True)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot be read: {error}.", file=path) from None
    outcomes = []
    for number, line in enumerate(lines, start=1):
        try:
            outcomes.append(cattrs.structure(json.loads(line), Outcome))
        except Exception as error:
            if isinstance(error, json.JSONDecodeError) and line.startswith(_BEGIN):
                continue
            raise UsageError(f"this line is no failure of a campaign: {error}.", file=path, line=number) from None
    return outcomes
