"""A node: the last one of the cluster is the storage, the others are the lock servers."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs

from chaoslab.errors import UsageError
from chaoslab.statemachine import Context, Effects
from chaoslab_protocols.lock_service.lock_server import LockServer
from chaoslab_protocols.lock_service.settings import Settings
from chaoslab_protocols.lock_service.storage import Storage, Unfenced

__all__ = ["Node", "UnfencedNode"]


class Node:
    """One node."""

    storage_class: ClassVar[type[Storage]] = Storage
    lock_server_class: ClassVar[Any] = LockServer

    def __init__(self, context: Context) -> None:
        *servers, storage = context.nodes
        if not servers:
            raise UsageError("a lock service has at least two nodes: the last one is the storage.", key="nodes")
        own = attrs.evolve(context, nodes=tuple(servers), settings=context.settings or Settings())
        self.part: Any = self.storage_class(own) if context.name == storage else self.lock_server_class(own)

    def start(self) -> Effects:
        return self.part.start()  # type: ignore[no-any-return]

    def message(self, sender: str, message: Any) -> Effects:
        return self.part.message(sender, message)  # type: ignore[no-any-return]

    def timer(self, name: str) -> Effects:
        return self.part.timer(name)  # type: ignore[no-any-return]


class UnfencedNode(Node):
    """One node, where the storage does not know tokens."""

    storage_class = Unfenced
