"""The log beside a failing test: short, and what matters is in it."""

from __future__ import annotations

from chaoslab.pytest_plugin.failures import log_lines
from chaoslab.sim.log import LogEntry


def entry(time_s: int, event: str, node: str = "n1", **fields: int) -> LogEntry:
    return LogEntry(time_ns=time_s * 10**9, node=node, role="", level="info", event=event, fields=fields)


def test_what_is_said_again_and_again_is_one_line() -> None:
    """It says how often, and until when; another node or another field is another line."""
    log = [
        entry(1, "waits"),
        entry(2, "waits"),
        entry(3, "waits"),
        entry(4, "waits", "n2"),
        entry(5, "waits", "n2", of=1),
    ]
    lines = log_lines(log)
    assert lines == [f"{log[0].line()}  (the same 3 times until 3.000000 s)", log[3].line(), log[4].line()]


def test_a_flood_does_not_push_out_what_came_before_it() -> None:
    """Only other lines do, and then it is told how many."""
    flood = [entry(second, "waits") for second in range(2, 42)]
    assert log_lines([entry(1, "begins"), *flood])[0].endswith("begins")
    lines = log_lines([*flood, *(entry(50 + number, f"step {number}") for number in range(30))])
    assert lines[0] == "(40 earlier lines are in log.jsonl)"
    assert len(lines) == 31
