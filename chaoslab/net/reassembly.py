"""The receiving half of a connection: puts bytes into order, and says how many more it can take.

Rules:

1. Numbers are those of TCP's sequence space: a byte has one, and so has the end of the stream.
2. The window ends where the buffer ends. That point only ever moves on, and only because the program reads.

This file does not know segments or time.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Final

__all__ = ["BUFFER_BYTES", "Reassembly"]

BUFFER_BYTES: Final = 65_535
"""Of the receive buffer, so also the largest window."""


class Reassembly:
    """What one side of a connection has received.

    Args:
        first: The number of the first byte to come.

    Attributes:
        taken: The number of the next byte expected; everything before has arrived.
        ended: The other side has sent its last byte, and all of them have arrived.
        unread: The bytes that the program has not read yet.
    """

    __slots__ = ("_early", "_end", "ended", "taken", "unread")

    def __init__(self, first: int) -> None:
        self.taken = first
        self.ended = False
        self.unread = bytearray()
        self._early: list[tuple[int, bytes]] = []  # a heap of what arrived before its turn
        self._end: int | None = None

    @property
    def window(self) -> int:
        """How many bytes it can take, from ``taken`` on."""
        return BUFFER_BYTES - len(self.unread)

    def put(self, start: int, data: bytes, *, ends: bool) -> bool:
        """Take *data*, which begins at number *start*, and perhaps the end after it; return whether that was news.

        What lies beyond the window is thrown away, what is known already too. Cost: O(log k) for k pieces that
        wait for their turn.
        """
        before, beyond = self.taken, self.taken + self.window
        if start > beyond:
            return False
        if data:
            heappush(self._early, (start, data[: beyond - start]))
        if ends:
            self._end = start + len(data)
        while self._early and self._early[0][0] <= self.taken:
            start, data = heappop(self._early)
            fresh = data[self.taken - start :]
            self.unread += fresh
            self.taken += len(fresh)
        if self.taken == self._end and not self.ended:
            self.taken += 1
            self.ended = True
        return self.taken > before

    def read(self, bytes_max: int) -> bytes:
        """Return up to *bytes_max* bytes, and forget them."""
        data = bytes(self.unread[:bytes_max])
        del self.unread[:bytes_max]
        return data
