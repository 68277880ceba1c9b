"""A node: a database, a cache or a frontend, told by its place among the nodes; and a client, who asks frontends."""

from __future__ import annotations

from typing import Any, ClassVar

from chaoslab.cluster import RequestClient
from chaoslab.statemachine import Context, Effects
from chaoslab_protocols.cache.cache import Cache
from chaoslab_protocols.cache.database import Primary, Replica
from chaoslab_protocols.cache.frontend import Frontend
from chaoslab_protocols.cache.settings import Layout, Settings

__all__ = ["Client", "Server"]


class Server:
    """One node."""

    primary_class: ClassVar[type[Primary]] = Primary
    replica_class: ClassVar[type[Replica]] = Replica
    cache_class: ClassVar[type[Cache]] = Cache
    frontend_class: ClassVar[type[Frontend]] = Frontend

    def __init__(self, context: Context) -> None:
        layout = Layout.of(context.nodes, context.settings or Settings())
        self.part: Any
        if context.name == layout.primary:
            self.part = self.primary_class(context, layout)
        elif context.name == layout.replica:
            self.part = self.replica_class(context, layout)
        elif context.name in layout.caches:
            self.part = self.cache_class(context, layout)
        else:
            self.part = self.frontend_class(context, layout)

    def start(self) -> Effects:
        effects: Effects = self.part.start()
        return effects

    def message(self, sender: str, message: Any) -> Effects:
        effects: Effects = self.part.message(sender, message)
        return effects

    def timer(self, name: str) -> Effects:
        effects: Effects = self.part.timer(name)
        return effects


class Client(RequestClient):
    """A client, who asks one frontend, and another one when that refuses or is silent."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.nodes = Layout.of(context.nodes, context.settings or Settings()).frontends
        beside = self.favourite % len(self.nodes)
        self.favourite = self.nodes.index(context.home) if context.home in self.nodes else beside
