"""Locks on keys: shared or exclusive, all of a transaction's at once, with wait-die against deadlock.

Rules:

1. A transaction asks once, for everything that it needs here, and gets all of it or nothing.
2. Who would have to wait for an older one dies (Rosenkrantz, Stearns & Lewis 1978). Waiting goes only from old to
   young, so no cycle of waiting can form, over however many nodes.

This file does not know what is locked, nor who commits.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

__all__ = ["LockTable"]

Owner = TypeVar("Owner")


class LockTable(Generic[Owner]):
    """The locks of one node, by key."""

    def __init__(self) -> None:
        self._owners: dict[str, dict[Owner, bool]] = {}
        self._keys: dict[Owner, tuple[str, ...]] = {}

    def conflicts(self, needs: Iterable[tuple[str, bool]]) -> list[Owner]:
        """Return the owners of locks that stand in the way of *needs*: (key, whether exclusively)."""
        found: dict[Owner, None] = {}
        for key, exclusive in needs:
            for owner, owns_exclusively in self._owners.get(key, {}).items():
                if exclusive or owns_exclusively:
                    found[owner] = None
        return list(found)

    def acquire(self, owner: Owner, needs: Iterable[tuple[str, bool]]) -> None:
        """Lock what *owner* needs; nothing stands in the way."""
        needs = tuple(needs)
        for key, exclusive in needs:
            self._owners.setdefault(key, {})[owner] = exclusive
        self._keys[owner] = tuple(key for key, _ in needs)

    def release(self, owner: Owner) -> None:
        """Unlock whatever *owner* has locked."""
        for key in self._keys.pop(owner, ()):
            self._owners[key].pop(owner, None)

    def release_shared(self, owner: Owner) -> None:
        """Unlock what *owner* has locked to read only."""
        for key in self._keys.get(owner, ()):
            if self._owners[key].get(owner) is False:
                del self._owners[key][owner]

    def owns(self, owner: Owner) -> bool:
        """Whether *owner* has asked and not released."""
        return owner in self._keys
