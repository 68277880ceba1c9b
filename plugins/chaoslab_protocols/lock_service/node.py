"""A node: the last one of the cluster is the storage, the others are the lock servers."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs

from chaoslab.errors import UsageError
from chaoslab.statemachine import Context, Machine
from chaoslab_protocols.by_place import ByPlace
from chaoslab_protocols.lock_service.lock_server import LockServer
from chaoslab_protocols.lock_service.settings import Settings
from chaoslab_protocols.lock_service.storage import Storage, Unfenced

__all__ = ["Node", "UnfencedNode"]


class Node(ByPlace):
    """One node."""

    storage_class: ClassVar[type[Storage]] = Storage
    lock_server_class: ClassVar[Any] = LockServer

    def part_of(self, context: Context) -> Machine:
        *servers, storage = context.nodes
        if not servers:
            raise UsageError("a lock service has at least two nodes: the last one is the storage.", key="nodes")
        own = attrs.evolve(context, nodes=tuple(servers), settings=context.settings or Settings())
        part: Machine = self.storage_class(own) if context.name == storage else self.lock_server_class(own)
        return part


class UnfencedNode(Node):
    """One node, where the storage does not know tokens."""

    storage_class = Unfenced
