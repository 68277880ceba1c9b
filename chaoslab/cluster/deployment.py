"""Which code each node runs, with which settings, and with which idea of who its peers are.

Rules:

1. A node runs what it was started with, unless a *change* says otherwise. Changes lie on top of each other, the last
   one uppermost; taking one away uncovers what lay below it, in whatever order they go.
2. A change takes hold when the node is deployed: it loses power and starts again, from what its disk kept. A node that
   is down starts with the change when somebody starts it. A node that runs what it should is left alone.

This file does not know faults, nor what versions and settings mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from chaoslab.cluster.host import Host

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Change", "Deployment"]


@attrs.frozen(eq=False, kw_only=True)
class Change:
    """What is different at a node; what is None is as below.

    Attributes:
        what: In a word, for the trace.
        code: The code it runs, as in ``Cluster.start``.
        settings: Its settings.
        nodes: The names of the nodes that it takes for the cluster.
    """

    what: str
    code: Any = None
    settings: Any = None
    nodes: tuple[str, ...] | None = None


class Deployment:
    """What the nodes of one cluster run.

    Args:
        node: Return the host of a name.
        install: Give a host its code; it does not start it.
    """

    def __init__(self, node: Callable[[str], Host], install: Callable[[Host, Any], None]) -> None:
        self._node = node
        self._install = install
        self._changes: dict[str, list[Change]] = {}
        self._running: dict[str, tuple[Any, Any, Any]] = {}

    def begins(self, name: str, code: Any, settings: Any, nodes: tuple[str, ...]) -> None:
        """Note what the node called *name* is started with."""
        self._changes[name] = [Change(what="first", code=code, settings=settings, nodes=nodes)]
        self._running[name] = (code, settings, nodes)

    def first_code(self, name: str) -> Any:
        """Return the code with which the node called *name* was started."""
        return self._changes[name][0].code

    def put(self, name: str, change: Change) -> None:
        """Lay *change* on top; it takes hold when the node is deployed."""
        self._changes[name].append(change)

    def take(self, name: str, change: Change) -> None:
        """Take *change* away; that takes hold when the node is deployed."""
        self._changes[name] = [other for other in self._changes[name] if other is not change]

    def deploy(self, name: str) -> bool:
        """Let the node run what it should, with a restart if it runs. Return whether anything is different now."""
        wanted = self._wanted(name)
        if all(here is there for here, there in zip(wanted, self._running[name], strict=True)):
            return False
        host = self._node(name)
        host.engine.note(f"deploy {name} {self._changes[name][-1].what}")
        ran = host.alive
        host.crash()
        self._running[name] = wanted
        code, settings, nodes = wanted
        self._install(host, code)
        host.settings, host.nodes = settings, nodes
        if ran:
            host.start()
        return True

    def _wanted(self, name: str) -> tuple[Any, Any, Any]:
        changes = self._changes[name]
        first = changes[0]
        code, settings, nodes = first.code, first.settings, first.nodes
        for change in changes[1:]:
            code = code if change.code is None else change.code
            settings = settings if change.settings is None else change.settings
            nodes = nodes if change.nodes is None else change.nodes
        return code, settings, nodes
