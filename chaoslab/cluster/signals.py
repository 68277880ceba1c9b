"""What happens in a cluster, told to whoever wants to know: roles taken, probes passed, disks synced.

Rules:

1. A signal is (what, node, name). Watchers are called at once, in the order in which they began to watch, in the
   middle of what the node is doing: a watcher may crash the node, and then nothing after that point happens.
2. Telling costs a dictionary look-up while nobody watches. Messages are not told here, for they are many: a rule of
   the network watches them.

This file does not know faults.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

__all__ = ["SIGNALS", "Signal", "Signals", "Watcher"]

Signal = Literal["role", "probe", "fsync", "synced", "start"]

SIGNALS: Final[tuple[Signal, ...]] = ("role", "probe", "fsync", "synced", "start")
"""``role``: a node plays a role from now on; ``probe``: it passed a named point; ``fsync``: it asked for a sync;
``synced``: what it asked to sync is durable, and nothing that waited for it has happened yet; ``start``: it was started
again after a crash."""

Watcher = Callable[[str, str], None]
"""Called with the node and the name: of the role, the probe, the file; ``"again"`` for a start."""


class Signals:
    """The signals of one cluster.

    Attributes:
        probes: How often each probe was passed, by name, in the order of their first passing.
    """

    __slots__ = ("_watchers", "probes")

    def __init__(self) -> None:
        self._watchers: dict[str, list[Watcher]] = {}
        self.probes: dict[str, int] = {}

    def watch(self, what: Signal, watcher: Watcher) -> Callable[[], None]:
        """Call *watcher* whenever *what* happens, until the function that is returned is called."""
        watchers = self._watchers.setdefault(what, [])
        watchers.append(watcher)

        def forget() -> None:
            if watcher in watchers:
                watchers.remove(watcher)

        return forget

    def tell(self, what: Signal, node: str, name: str) -> None:
        """*what* has happened at *node*."""
        watchers = self._watchers.get(what)
        if watchers:
            for watcher in tuple(watchers):
                watcher(node, name)

    def probe(self, node: str, name: str) -> None:
        """Probe *name* was passed at *node* once more."""
        self.probes[name] = self.probes.get(name, 0) + 1
        if "probe" in self._watchers:
            self.tell("probe", node, name)
