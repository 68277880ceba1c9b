"""What is said of a log, or a text, that is only ever appended to."""

from __future__ import annotations

from typing import Any

import pytest

from chaoslab.checkers.linearizable import linearizable
from chaoslab.checkers.linearizable.appends import about_appends
from chaoslab.checkers.verdict import Verdict
from chaoslab.history import History
from chaoslab.models import MODELS, Model
from tests.checkers.linearizable.test_lookahead import KV, LOG, Clients

Step = tuple[Any, ...]


def judged(model: str, *steps: Step) -> Verdict:
    """Return the verdict on steps ``(process, "append", entry)``, ``(process, "read", seen)``, each ended at once.

    A fourth item ends it otherwise; ``"open"`` leaves it open until the next step of that process ends it.
    """
    history = History()
    left_open: dict[int, str] = {}
    for process, f, value, *ending in steps:
        if process in left_open:
            history.complete(process, "ok", value)
            assert left_open.pop(process) == f
            continue
        history.invoke(process, f, "x", value if f in ("append", "put") else None)
        if ending == ["open"]:
            left_open[process] = f
        else:
            history.complete(process, ending[0] if ending else "ok", value)
    return linearizable(history, MODELS[model])


def log_and_text(*steps: Step) -> list[Verdict]:
    """Return the verdicts on entries of a log, and on pieces of a text that each end with a space."""

    def in_text(f: str, value: Any) -> Any:
        return f"{value} " if f == "append" else "".join(f"{one} " for one in value) or None

    texts = [(process, f, in_text(f, value), *ending) for process, f, value, *ending in steps]
    return [judged("log", *steps), judged("kv", *texts)]


CASES: list[tuple[list[Step], str, str, int]] = [
    (
        [(0, "append", 1), (0, "append", 2), (1, "read", [1]), (1, "read", [1, 2])],
        "stale read", "which had been acknowledged before that read began.", 2,
    ),
    (
        [(0, "append", 1), (0, "append", 2), (1, "read", [1])],
        "lost write", "which had been acknowledged before that read began; no read ever saw", 2,
    ),
    (
        [(0, "append", 1, "open"), (1, "read", [1]), (2, "read", []), (0, "append", 1)],
        "stale read", "had been read before that read began: process 1 read", 2,
    ),
    (
        [(0, "append", 1, "open"), (2, "append", 2, "open"), (1, "read", [1, 2]), (3, "read", [2, 1]),
         (0, "append", 1), (2, "append", 2)],
        "incompatible order", ": entry 1 is", 2,
    ),
    ([(0, "append", 1), (1, "read", [1, 7])], "value out of thin air", "but nobody had appended", 1),
    (
        [(0, "append", 7, "fail"), (1, "read", [7])],
        "value out of thin air", "process 0 tried to, and was told that it had not happened", 2,
    ),
    ([(0, "append", 1), (1, "read", [1, 1])], "duplicated append", "twice, although it was appended once", 2),
    ([(1, "read", [1]), (0, "append", 1)], "read from the future", "which was appended only afterwards", 2),
    (
        [(0, "append", 1), (0, "append", 2), (1, "read", [2, 1])],
        "reordered append", "which had been acknowledged before process 0 appended", 3,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("steps", "anomaly", "words", "shown"), CASES, ids=[case[2] for case in CASES])
def test_two_or_three_operations_show_it(steps: list[Step], anomaly: str, words: str, shown: int) -> None:
    """Of a log as of a text, whatever else clients did."""
    for verdict in log_and_text(*steps):
        assert (verdict.outcome, verdict.anomaly) == ("invalid", anomaly)
        assert words in verdict.summary
        assert len(verdict.operations) == shown


def test_it_is_found_among_thousands_of_entries() -> None:
    """Without trying what can be left out."""
    steps: list[Step] = []
    for number in range(600):
        steps += [(0, "append", number), (1, "read", [*range(number + 1)])]
    steps[1001] = (1, "read", [*range(500)])  # the one just acknowledged is missing
    for verdict in log_and_text(*steps):
        assert verdict.anomaly == "stale read"
        assert [one.f for one in verdict.operations] == ["append", "read"]


@pytest.mark.parametrize(
    "steps",
    [
        [(0, "append", "a"), (0, "append", "ab"), (1, "read", "aab"), (1, "read", "a")],  # where does a piece end?
        [(0, "append", "a"), (0, "append", "a"), (1, "read", "a")],  # which of the two is missing?
        [(0, "append", "a "), (0, "delete", None), (1, "read", "a ")],  # nobody put what is there now
    ],
)
def test_what_it_cannot_take_to_pieces_it_leaves_to_the_search(steps: list[Step]) -> None:
    """The verdict is the same, in other words."""
    assert judged("kv", *steps).outcome == "invalid"
    assert judged("kv", *steps).anomaly == "not linearizable"


@pytest.mark.parametrize(
    ("fs", "least"), [(("append", "append", "get", "put"), 40), (("append", "get", "put", "delete", "cas"), 3)]
)
def test_between_puts_it_says_nothing_wrong_of_what_has_an_order(fs: tuple[str, ...], least: int) -> None:
    """What it says, the search finds too; and of some histories it does say something."""
    told = 0
    for seed in range(400):
        clients = Clients(KV, fs, seed, infos=(0, 0.1)[seed % 2], lies=(0, 0.3, 0.9)[seed % 3])
        history = clients.work(4 + seed % 12, 1 + seed % 3)
        if about_appends(history.operations(), KV) is not None:
            told += 1
            assert linearizable(history, KV).outcome == "invalid", history.operations()
    assert told >= least


def test_an_append_that_is_missing_before_the_first_put_is_told() -> None:
    """Only a put could have taken it away; and what does not begin with the last put is older than that."""
    early = judged("kv", (0, "append", "a "), (1, "read", None), (0, "put", "b "), (1, "read", "b "))
    assert early.anomaly == "stale read"
    assert "although process 0 appended 'a '" in early.summary
    late = judged("kv", (0, "append", "a "), (0, "put", "b "), (1, "read", "a "), (1, "read", "b "))
    assert late.anomaly == "stale read"
    assert "although process 0 wrote 'b ' to x, which had been acknowledged before that read began." in late.summary


@pytest.mark.parametrize(("model", "fs"), [(LOG, ("append", "append", "read")), (KV, ("append", "get"))])
def test_it_finds_something_wrong_exactly_where_there_is_no_order(model: Model, fs: tuple[str, ...]) -> None:
    """Looking at pairs decides such histories: the search agrees, for every one."""
    found = set()
    for seed in range(400):
        clients = Clients(model, fs, seed, infos=(0, 0.2)[seed % 2], lies=(0, 0.3, 0.9)[seed % 3])
        history = clients.work(4 + seed % 12, 1 + seed % 5)
        told = about_appends(history.operations(), model)
        assert (told is None) == (linearizable(history, model).outcome == "valid"), history.operations()
        found.add(told and told.anomaly)
    assert found >= {None, "stale read", "lost write", "incompatible order", "reordered append", "duplicated append"}
