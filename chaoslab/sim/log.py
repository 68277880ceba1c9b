"""What code under test says while a simulation runs: entries in order of virtual time, with who said it in which role.

Rules:

1. Logging decides nothing: it is no part of the trace, and neither its hash nor any draw depends on it.
2. Entries are bounded; the oldest go first. Nothing is printed: whoever shows a failure shows them.
3. The standard ``logging`` of code under test is caught as well, while a run lasts, and still goes where it went.
"""

from __future__ import annotations

import contextlib
import json
import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import attrs
import structlog

from chaoslab.own_code import place_of
from chaoslab.sim.tasks import node_of_current_task

__all__ = ["Log", "LogEntry", "bound_logger"]

ENTRIES_MAX: Final = 10_000


@attrs.frozen(kw_only=True)
class LogEntry:
    """One thing that was said.

    Attributes:
        time_ns: When, in virtual nanoseconds.
        node: Who: a node or a client; empty for the test.
        role: The role that it played, or ``""``.
        level: Such as ``"info"``.
        event: What.
        fields: What else was given.
    """

    time_ns: int
    node: str
    role: str
    level: str
    event: str
    fields: Mapping[str, Any]

    def line(self) -> str:
        """Return it as a line of text."""
        who = f"{self.node} {self.role}".strip() or "test"
        fields = "".join(f" {name}={value!r}" for name, value in self.fields.items())
        return f"{self.time_ns / 1e9:10.6f}  {who:12} {self.level:8} {self.event}{fields}"

    def says_the_same_as(self, other: LogEntry) -> bool:
        """Return whether nothing but the time is different."""
        own, others = ((one.node, one.role, one.level, one.event, repr(one.fields)) for one in (self, other))
        return own == others

    def document(self) -> str:
        """Return it as a line of JSON."""
        own = {"time_s": self.time_ns / 1e9, "node": self.node, "role": self.role, "level": self.level}
        own["event"] = self.event
        fields = {f"{name}_" if name in own else name: value for name, value in self.fields.items()}
        return json.dumps({**own, **fields}, default=repr)


class Log:
    """The entries of one run.

    Args:
        now_ns: Tells virtual time.

    Attributes:
        entries: The latest ones.
        roles: How the role of each node that has a logger is known.
    """

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self.entries: deque[LogEntry] = deque(maxlen=ENTRIES_MAX)
        self.roles: dict[str, Callable[[], str]] = {}

    def add(self, node: str, role: str, level: str, event: str, fields: Mapping[str, Any]) -> None:
        """Add an entry."""
        self.entries.append(
            LogEntry(time_ns=self._now_ns(), node=node, role=role, level=level, event=event, fields=dict(fields))
        )

    @contextlib.contextmanager
    def catching(self) -> Iterator[None]:
        """Catch what the standard ``logging`` is told in the block."""
        handler = _Handler(self)
        root = logging.getLogger()
        root.addHandler(handler)
        try:
            yield
        finally:
            root.removeHandler(handler)


class _Handler(logging.Handler):
    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        try:
            said = record.getMessage()
        except Exception:  # as every handler does: what is logged wrongly must not stop who logs it
            self.handleError(record)
            return
        node = node_of_current_task()
        role = self._log.roles[node]() if node in self._log.roles else ""
        fields = {"logger": record.name}
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            fields["exception"] = f"{error!r}{place_of(error)}"
        self._log.add(node, role, record.levelname.lower(), said, fields)


def bound_logger(log: Log, node: str, role: Callable[[], str]) -> Any:
    """Return the structlog logger of *node*, whose entries go to *log*."""

    def keep(logger: Any, method: str, event: Any) -> Any:
        said = str(event.pop("event", ""))
        log.add(node, role(), method, said, event)
        raise structlog.DropEvent

    log.roles[node] = role
    return structlog.wrap_logger(
        None, processors=[keep], wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG)
    ).bind()
