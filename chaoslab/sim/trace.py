"""The trace: one line an event, with a rolling hash, always on.

Rules:

1. A line begins with the time in nanoseconds and the event's sequence number; then what happened, where.
2. The hash covers every line in order, but for remarks: what code says of itself and nothing depends on, as probes do.
   One probe more, and the hash is the same. Same seed, same hash, on any machine.
3. Lines are kept only on request; checkpoints of the hash are kept always, and narrow a difference down.
4. In detail mode a line also shows the content of messages. Its hash differs from the plain one.
"""

from __future__ import annotations

import hashlib

import attrs

from chaoslab.units import NS_PER_S

__all__ = ["Difference", "Trace", "first_difference", "is_remark"]

_CHUNK = 4096
"""Lines hashed at once: hashing line by line costs three times as much."""
_APART = 64
"""Lines between two checkpoints."""
_DIGITS = 8
"""Digits of the hash that a checkpoint keeps: enough to see a difference, and short."""


class Trace:
    """The events of one run.

    Args:
        kept: Keep the lines in ``lines``.
        detailed: Whoever adds lines should show the content of messages too.

    Attributes:
        add: Add a line. A bound method of a list, as it stands on the hot path.
        checkpoints: (number of lines, digest up to there), every 64 lines; remarks do not count.
    """

    __slots__ = ("_hash", "_pending", "_remarks", "add", "checkpoints", "count", "detailed", "kept", "lines")

    def __init__(self, *, kept: bool = False, detailed: bool = False) -> None:
        self.kept = kept
        self.detailed = detailed
        self.lines: list[str] = []
        self.count = 0
        self.checkpoints: list[tuple[int, str]] = []
        self._hash = hashlib.blake2b(digest_size=16)
        self._pending: list[str] = []
        self._remarks: list[int] = []  # where they are among the pending lines
        self.add = self._pending.append

    def remark(self, line: str) -> None:
        """Add a line that the hash does not cover. Without use, and not kept, unless lines are."""
        if self.kept:
            self._remarks.append(len(self._pending))
            self.add(line)

    def flush(self, *, least: int = _CHUNK) -> None:
        """Hash the lines added so far, if there are at least *least*."""
        pending = self._pending
        if len(pending) < least or not pending:
            return
        hashed = pending
        if self._remarks:
            remarks = set(self._remarks)
            hashed = [line for position, line in enumerate(pending) if position not in remarks]
            self._remarks.clear()
        begin = 0
        while begin < len(hashed):
            lines = hashed[begin : begin + _APART - self.count % _APART]
            self._hash.update("\n".join(lines).encode())
            self._hash.update(b"\n")
            begin += len(lines)
            self.count += len(lines)
            if not self.count % _APART:  # at the same places whenever this is called
                self.checkpoints.append((self.count, self._hash.hexdigest()[:_DIGITS]))
        if self.kept:
            self.lines.extend(pending)
        pending.clear()

    def digest(self) -> str:
        """Return the hash of all lines so far, as 32 hexadecimal digits."""
        self.flush(least=1)
        return self._hash.hexdigest()


def is_remark(line: str) -> bool:
    """Return whether *line* of a trace is one that the hash does not cover."""
    return line.split(" ", 2)[1:2] == ["probe"]


@attrs.frozen(kw_only=True)
class Difference:
    """The first place where two traces part.

    Attributes:
        position: The line's number, from 0.
        first: The line of the first trace, or None where it had ended.
        second: The line of the second trace, or None where it had ended.
    """

    position: int
    first: str | None
    second: str | None

    def __str__(self) -> str:
        return (
            f"the first event that differs is number {self.position}:\n"
            f"  one run:   {_in_words(self.first)}\n"
            f"  the other: {_in_words(self.second)}"
        )


def _in_words(line: str | None) -> str:
    """Return a line of a trace with its time as people read it."""
    if line is None:
        return "(ended)"
    time_ns, _, what = line.partition(" ")
    return f"{int(time_ns) / NS_PER_S:.6f} s  {what}" if time_ns.isdigit() else line


def first_difference(first: list[str], second: list[str]) -> Difference | None:
    """Return where two traces part, or None if they are the same. Cost: O(n) for traces of n lines."""
    for position, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            return Difference(position=position, first=one, second=other)
    if len(first) == len(second):
        return None
    position = min(len(first), len(second))
    return Difference(
        position=position,
        first=first[position] if position < len(first) else None,
        second=second[position] if position < len(second) else None,
    )
