"""The page of a judged history: what held, and a picture of what did not."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from chaoslab.checkers.ladder import ladder
from chaoslab.history import History
from chaoslab.models import MODELS
from chaoslab.report.history_html import page_of_history
from tests.report.strict_html import NASTY, checked


def recorded(*operations: tuple[int, str, Any]) -> History:
    """Return a history of operations on one register, one after the other."""
    history = History()
    for process, f, value in operations:
        history.invoke(process, f, "x", value if f == "write" else None)
        history.complete(process, "ok", value)
    return history


def page_of(history: History, title: str = "history.jsonl") -> str:
    judged = ladder(history, MODELS["register"])
    return page_of_history(title, history, judged, judged.verdicts[0].outcome, model="register", format="jsonl")


STALE = recorded((0, "write", 1), (0, "write", 2), (1, "read", 2), (2, "read", 1))


def test_the_operations_that_show_the_anomaly_carry_letters() -> None:
    """The same ones in the table and in the picture, where they are framed."""
    page = page_of(STALE)
    assert "<h2>What shows that it is not linearizable</h2>" in page
    shown = re.findall(r"<tr><td>([A-Z])</td><td>event (\d+)</td>\s*<td>event \d+</td><td>([^<]*)</td>", page)
    assert [(letter, words) for letter, _, words in shown][-1] == ("C", "process 2 read 1 from x")
    for letter, _, words in shown:
        assert f'fill="#a4161a">{letter}: {words.split()[2][:2]}' in page  # perhaps cut before the next one
    assert page.count('stroke="#a4161a"') == len(shown)


def test_the_page_is_well_formed_whatever_the_history_says() -> None:
    """Words of clients are words, not tags, and nothing comes from elsewhere."""
    for history in (STALE, recorded((0, "write", NASTY), (1, "read", 7)), recorded((0, "write", 1)), History()):
        seen = checked(page_of(history, NASTY))
        assert (seen.wrong, seen.open) == ([], [])
        assert {"svg", "table"} <= seen.tags
        assert not {"script", "i", "link", "img", "iframe"} & seen.tags


def test_only_what_is_near_the_anomaly_is_drawn() -> None:
    """A thousand operations in one picture show nothing."""
    page = page_of(
        recorded(*((0, "write", n) for n in range(500)), (1, "read", 3), *((0, "write", -n) for n in range(1, 500)))
    )
    drawn = page.count("<rect")
    assert 3 <= drawn < 40
    assert f"{drawn} of 1,000 operations, those around what shows it" in page


def test_of_a_history_that_holds_the_last_operations_are_drawn() -> None:
    """There is nothing to point at."""
    page = page_of(recorded(*((0, "write", n) for n in range(100))))
    assert "60 of 100 operations, the last ones" in page
    assert "What shows" not in page
    assert "wrote 99 to x" in page
    assert "wrote 39 to x" not in page


def test_who_never_heard_the_end_is_drawn_to_the_edge() -> None:
    """Nobody knows whether it happened: it may at any later time."""
    history = recorded((0, "write", 1))
    history.invoke(1, "write", "x", 2)
    history.complete(1, "info")
    history.invoke(2, "read", "x")
    history.complete(2, "ok", 1)
    page = page_of(history)
    width = int(re.search(r'<svg width="(\d+)"', page)[1])  # type: ignore[index]
    ((x, length),) = re.findall(r'<rect x="(\d+)"[^>]* width="(\d+)"[^>]*\s*[^>]*fill="#f2d08a"', page)
    assert int(x) + int(length) == width


def test_words_of_the_last_operations_fit_into_a_small_picture() -> None:
    """What is wider than the picture is cut off by it."""
    page = page_of(STALE)
    width = int(re.search(r'<svg width="(\d+)"', page)[1])  # type: ignore[index]
    for x, words in re.findall(r'<text x="(\d+)" y="\d+" fill="#a4161a">([^<]*)</text>', page):
        assert int(x) + 6 * len(words) <= width


def test_words_stop_before_the_next_operation_of_the_process() -> None:
    """Or they would be written over each other."""
    page = page_of(recorded((0, "write", "first" * 30), (0, "write", "second" * 30), (1, "read", "first" * 30)))
    texts = re.findall(r'<text x="(\d+)" y="(\d+)" fill="#a4161a">([^<]*)</text>', page)
    assert len(texts) >= 2
    for (x, y, words), (next_x, next_y, _) in pairwise(texts):
        if y == next_y:
            assert int(x) + 6 * len(words) <= int(next_x) + 6
            assert words.endswith("…")
