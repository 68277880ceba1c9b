"""The nodes: servers, and on the last node the view service."""

from __future__ import annotations

from chaoslab.statemachine import Context
from chaoslab_protocols.by_place import ByPlace
from chaoslab_protocols.primary_backup.synchronous.server import Server
from chaoslab_protocols.primary_backup.synchronous.view_service import ViewService

__all__ = ["Replica"]


class Replica(ByPlace):
    """A node, whichever part it has.

    Attributes:
        server: The code of servers.
        view_service: The code of the view service.
    """

    server: type[Server] = Server
    view_service: type[ViewService] = ViewService

    def part_of(self, context: Context) -> Server | ViewService:
        return self.view_service(context) if context.name == context.nodes[-1] else self.server(context)
