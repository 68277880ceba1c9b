"""How long a connection waits before it sends again: the retransmission timeout of RFC 6298.

This file does not know segments.
"""

from __future__ import annotations

from typing import Final

__all__ = ["RoundTrip"]

_FIRST_NS: Final = 1_000_000_000
_MIN_NS: Final = 200_000_000  # Linux's; the RFC wants a second
_MAX_NS: Final = 120_000_000_000


class RoundTrip:
    """The smoothed round-trip time of a connection, measured on one segment at a time.

    Attributes:
        backoff: How often the timeout has been doubled.
    """

    __slots__ = ("_mean_ns", "_timed", "_variation_ns", "backoff")

    def __init__(self) -> None:
        self.backoff = 0
        self._mean_ns = 0
        self._variation_ns = 0
        self._timed: tuple[int, int] | None = None  # the number whose acknowledgement ends it, and when it began

    def begin(self, number: int, now_ns: int) -> None:
        """What ends before *number* is sent for the first time."""
        if self._timed is None:
            self._timed = (number, now_ns)

    def void(self) -> None:
        """Something is sent again: its acknowledgement would not say which of the two it means (Karn's rule)."""
        self._timed = None

    def end(self, number: int, now_ns: int) -> None:
        """Everything before *number* is acknowledged."""
        self.backoff = 0
        if self._timed is None or number < self._timed[0]:
            return
        sample_ns = now_ns - self._timed[1]
        self._timed = None
        if self._mean_ns == 0:
            self._mean_ns, self._variation_ns = sample_ns, sample_ns // 2
        else:
            self._variation_ns = (3 * self._variation_ns + abs(self._mean_ns - sample_ns)) // 4
            self._mean_ns = (7 * self._mean_ns + sample_ns) // 8

    @property
    def timeout_ns(self) -> int:
        """How long to wait for an acknowledgement now."""
        patient_ns = self._mean_ns + 4 * self._variation_ns if self._mean_ns else _FIRST_NS
        return min(max(patient_ns, _MIN_NS) << self.backoff, _MAX_NS)
