"""The page about the ladder: each history on it satisfies and breaks exactly what the page says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from chaoslab.checkers.ladder import ladder
from chaoslab.checkers.registry import LEVELS, check, implied, levels_of
from chaoslab.history import History
from chaoslab.models import MODELS

PAGE = (Path(__file__).parents[2] / "docs" / "explanation" / "ladder.md").read_text(encoding="utf-8")
CASES = re.findall(r"^((?:Holds|Broken): [^\n]*)\n\n```history\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE)


def value_of(word: str) -> Any:
    return None if word == "nothing" else json.loads(word)


def history_in(text: str) -> History:
    history = History()
    for line in text.splitlines():
        process, words = re.fullmatch(r"(\d+): (.*)", line).groups()  # type: ignore[union-attr]
        f, *rest = words.split()
        if f == "txn":
            micros = [[rest[i], rest[i + 1], value_of(rest[i + 2])] for i in range(0, len(rest), 3)]
            history.invoke(
                int(process), "txn", None, [[kind, key, None if kind == "r" else value] for kind, key, value in micros]
            )
            history.complete(int(process), "ok", micros)
        else:
            key, value = rest
            history.invoke(int(process), f, key, None if f == "read" else value_of(value))
            history.complete(int(process), "ok", value_of(value))
    return history


def model_of(text: str) -> Any:
    if "txn" not in text:
        return MODELS["register"]
    return MODELS["list-append" if "append" in text else "rw-register"]


@pytest.mark.parametrize(("statement", "text"), CASES, ids=[statement for statement, _ in CASES])
def test_a_history_on_the_page_is_what_the_page_says(statement: str, text: str) -> None:
    """Level by level, each checked by itself and not by implication."""
    history, model = history_in(text), model_of(text)
    for word, outcome in (("Holds", "valid"), ("Broken", "invalid")):
        names = re.search(rf"{word}: ([\w, -]+)", statement)
        for name in names[1].split(", ") if names else []:
            (verdict,) = check(history, model=model, levels=[name.strip()])
            assert (name, verdict.outcome) == (name, outcome)
            if outcome == "invalid":
                assert verdict.summary.endswith(".")
                assert verdict.operations


@pytest.mark.parametrize(("statement", "text"), CASES, ids=[statement for statement, _ in CASES])
def test_what_is_implied_really_holds(statement: str, text: str) -> None:
    """No level holds while one that it implies is broken."""
    history, model = history_in(text), model_of(text)
    outcomes = {name: check(history, model=model, levels=[name])[0].outcome for name in levels_of(model)}
    for name, outcome in outcomes.items():
        if outcome == "valid":
            assert {
                lower: outcomes[lower] for lower in implied(name) if lower in outcomes and outcomes[lower] != "valid"
            } == {}


def test_every_level_is_on_the_page() -> None:
    """Each holds somewhere and is broken somewhere, but for the strongest, which need not hold, and the weakest."""
    for word, exceptions in (("Holds", {"linearizable", "strict-serializable", "eventual"}), ("Broken", set())):
        named = {
            name.strip()
            for statement, _ in CASES
            for part in re.findall(rf"{word}: ([\w, -]+)", statement)
            for name in part.split(",")
        }
        assert set(LEVELS) - named == exceptions


def test_the_ladder_names_the_strongest_level_and_the_weakest_broken_one() -> None:
    """What is broken by the least tells most."""
    found = ladder(
        history_in("0: write x 1\n1: read x 1\n1: write y 2\n2: read y 2\n2: read x nothing"), MODELS["register"]
    )
    assert found.strongest == "pram"
    assert found.broken is not None
    assert found.broken.name == "writes-follow-reads"
    assert [verdict.name for verdict in found.verdicts][:2] == ["linearizable", "sequential"]


def test_below_a_level_that_holds_nothing_is_checked_again() -> None:
    """What follows is said to follow."""
    found = ladder(history_in("0: write x 1\n1: read x 1"), MODELS["register"])
    assert found.strongest == "linearizable"
    assert found.broken is None
    assert all(verdict.details.get("implied_by") == "linearizable" for verdict in found.verdicts[1:])
