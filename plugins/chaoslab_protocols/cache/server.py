"""A node: a database, a cache or a frontend, told by its place among the nodes; and a client, who asks frontends."""

from __future__ import annotations

from typing import ClassVar

from chaoslab.cluster import RequestClient
from chaoslab.statemachine import Context, Machine
from chaoslab_protocols.by_place import ByPlace
from chaoslab_protocols.cache.cache import Cache
from chaoslab_protocols.cache.database import Primary, Replica
from chaoslab_protocols.cache.frontend import Frontend
from chaoslab_protocols.cache.settings import Layout, Settings

__all__ = ["Client", "Server"]


class Server(ByPlace):
    """One node."""

    primary_class: ClassVar[type[Primary]] = Primary
    replica_class: ClassVar[type[Replica]] = Replica
    cache_class: ClassVar[type[Cache]] = Cache
    frontend_class: ClassVar[type[Frontend]] = Frontend

    def part_of(self, context: Context) -> Machine:
        layout = Layout.of(context.nodes, context.settings or Settings())
        if context.name == layout.primary:
            return self.primary_class(context, layout)
        if context.name == layout.replica:
            return self.replica_class(context, layout)
        if context.name in layout.caches:
            return self.cache_class(context, layout)
        return self.frontend_class(context, layout)


class Client(RequestClient):
    """A client, who asks one frontend, and another one when that refuses or is silent."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.nodes = Layout.of(context.nodes, context.settings or Settings()).frontends
        beside = self.favourite % len(self.nodes)
        self.favourite = self.nodes.index(context.home) if context.home in self.nodes else beside
