"""The history of a server: a snapshot, and the transactions after it in the order of their zxids.

Two histories that both hold a transaction agree on all before it (section IV, claim 5). So the largest zxid up to a
given one is enough to find where two of them part.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from chaoslab_protocols.zab.messages import Snapshot, Txn, Zxid

__all__ = ["History"]


def _zxid(txn: Txn) -> Zxid:
    return txn.zxid


class History:
    """What a server has accepted.

    Attributes:
        base: The state at the beginning.
        txns: What came after it.
    """

    def __init__(self, base: Snapshot, txns: Sequence[Txn] = ()) -> None:
        self.base = base
        self.txns = list(txns)

    @property
    def last_zxid(self) -> Zxid:
        """The zxid of the last transaction."""
        return self.txns[-1].zxid if self.txns else self.base.zxid

    def append(self, txns: Sequence[Txn]) -> None:
        """Append *txns*."""
        self.txns += txns

    def truncate(self, zxid: Zxid) -> None:
        """Drop what comes after *zxid*."""
        del self.txns[self._count(zxid) :]

    def after(self, zxid: Zxid) -> tuple[Txn, ...]:
        """Return the transactions after *zxid*, which is not before the base."""
        return tuple(self.txns[self._count(zxid) :])

    def between(self, after: Zxid, last: Zxid) -> list[Txn]:
        """Return the transactions after *after*, up to *last*."""
        return self.txns[self._count(after) : self._count(last)]

    def floor(self, zxid: Zxid) -> Zxid:
        """Return the largest zxid here that is not above *zxid*, which is not before the base."""
        count = self._count(zxid)
        return self.txns[count - 1].zxid if count else self.base.zxid

    def _count(self, zxid: Zxid) -> int:
        """Return how many transactions are not after *zxid*."""
        return bisect_right(self.txns, zxid, key=_zxid)
