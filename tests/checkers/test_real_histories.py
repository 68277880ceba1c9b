"""Recorded histories of real systems, with known verdicts.

The recordings are not part of the project; ``CHAOSLAB_HISTORIES`` names their folder, which otherwise is looked for
beside the checkout. Without them these tests are skipped.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from chaoslab.checkers.registry import check
from chaoslab.history.files import format_of, read_history
from chaoslab.models import MODELS
from chaoslab.models.guess import guessed_model

FOLDER = Path(os.environ.get("CHAOSLAB_HISTORIES", Path(__file__).parents[3] / "shared" / "histories"))
FILES = sorted(path for path in FOLDER.rglob("*") if path.suffix in (".log", ".txt")) if FOLDER.is_dir() else []


LINEARIZABLE = {2, 5, 7, 18, 25, 31, 38, 45, 48, 49}
"""Of the fifty recordings of etcd; the other forty are not."""


def stated_verdict(path: Path) -> str:
    """Return the verdict that was published with a recording."""
    name, number = re.split("[_-]", path.stem)
    return "valid" if number == "ok" or (name == "etcd" and int(number) in LINEARIZABLE) else "invalid"


@pytest.mark.skipif(not FILES, reason="the recorded histories are not here")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_recorded_history_gets_its_known_verdict(path: Path) -> None:
    """What was found out about these systems years ago is found again."""
    format = format_of(path)
    history = read_history(path, format)
    model = guessed_model(history, format, MODELS)
    (verdict,) = check(history, model=model, levels=["linearizable"])
    assert verdict.outcome == stated_verdict(path)
