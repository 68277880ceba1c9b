"""The page of planted mistakes says of those that were not found why."""

from __future__ import annotations

from typing import Any

import pytest

from chaoslab.plugins import registry
from docs import scoreboard


def told(id: str, *, found: bool) -> dict[str, Any]:
    """One mutant as `chaoslab mutants --json` tells of it."""
    return {
        "id": id,
        "name": f"raft~{id}",
        "mistake": f"the mistake {id}",
        "source": "a paper",
        "found": found,
        "runs": 3,
        "cpu_s": 1.0,
        "fired": ["linearizable"] if found else [],
        "campaigns": [{"runs": 3, "found": found}],
    }


def test_a_mistake_that_is_not_found_is_listed_with_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """And one that is found is not, whatever the table says of it."""
    monkeypatch.setattr(scoreboard, "WHY", {"R1": "Nobody looks there.", "R2": "It is too rare."})
    text = scoreboard.page({"items": [told("R1", found=False), told("R2", found=True)]}, "chaoslab mutants", "today")
    assert text.endswith("## Not found\n\n- **R1** the mistake R1. Nobody looks there.\n")
    assert "too rare" not in text


def test_a_mistake_without_a_reason_is_listed_all_the_same() -> None:
    """Nobody knows yet."""
    items = [told("R0", found=False), told("R2", found=True)]
    assert scoreboard.page({"items": items}, "chaoslab mutants", "today").endswith("- **R0** the mistake R0.\n")


@pytest.mark.parametrize("id", scoreboard.WHY)
def test_the_table_of_reasons_is_about_planted_mistakes(id: str) -> None:
    """A reason for a mistake that is gone, or was renamed, fails here."""
    assert id in registry().mutants
    assert scoreboard.WHY[id].endswith(".")
