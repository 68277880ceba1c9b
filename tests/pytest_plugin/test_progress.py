"""Making a failure small is told on a terminal, and nowhere else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from chaoslab.pytest_plugin import progress
from chaoslab.pytest_plugin.progress import told_of_shrinking


class Terminal:
    def __init__(self, *, isatty: bool) -> None:
        self.isatty = isatty
        self.lines: list[str] = []

    def ensure_newline(self) -> None:
        self.lines.append("a new line")

    def rewrite(self, line: str, *, erase: bool) -> None:
        self.lines.append(line)


def config_with(terminal: Terminal | None) -> Any:
    plugins = {"terminalreporter": terminal}
    return SimpleNamespace(pluginmanager=SimpleNamespace(getplugin=plugins.get))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


def test_a_terminal_is_told_now_and_then(clock: list[float]) -> None:
    """Not before a second has passed, and not at each run; in the end the line is empty."""
    terminal = Terminal(isatty=True)
    with told_of_shrinking(config_with(terminal), "test_it[seed3]") as tell:
        for _ in range(12):
            clock[0] += 0.25
            tell()
    assert terminal.lines == [
        "a new line",
        "test_it[seed3] failed, and is made small: 4 runs, 1 s",
        "test_it[seed3] failed, and is made small: 6 runs, 2 s",
        "test_it[seed3] failed, and is made small: 8 runs, 2 s",
        "test_it[seed3] failed, and is made small: 10 runs, 2 s",
        "test_it[seed3] failed, and is made small: 12 runs, 3 s",
        " ",
        "",
    ]


@pytest.mark.parametrize("terminal", [Terminal(isatty=False), None])
def test_nobody_is_told_where_nobody_looks(terminal: Terminal | None, clock: list[float]) -> None:
    """Into a file, or in a worker."""
    with told_of_shrinking(config_with(terminal), "test_it") as tell:
        clock[0] += 60
        tell()
    assert terminal is None or not terminal.lines


def test_what_is_over_at_once_is_not_told(clock: list[float]) -> None:
    """A line that comes and goes is only unrest."""
    terminal = Terminal(isatty=True)
    with told_of_shrinking(config_with(terminal), "test_it") as tell:
        tell()
    assert not terminal.lines
