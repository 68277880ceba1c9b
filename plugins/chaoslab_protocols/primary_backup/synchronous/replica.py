"""The nodes: servers, and on the last node the view service."""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import Context, Effects
from chaoslab_protocols.primary_backup.synchronous.server import Server
from chaoslab_protocols.primary_backup.synchronous.view_service import ViewService

__all__ = ["Replica"]


class Replica:
    """A node, whichever part it has.

    Attributes:
        server: The code of servers.
        view_service: The code of the view service.
    """

    server: type[Server] = Server
    view_service: type[ViewService] = ViewService

    def __init__(self, context: Context) -> None:
        is_service = context.name == context.nodes[-1]
        self.part: Server | ViewService = self.view_service(context) if is_service else self.server(context)

    def start(self) -> Effects:
        return self.part.start()

    def message(self, sender: str, message: Any) -> Effects:
        return self.part.message(sender, message)

    def timer(self, name: str) -> Effects:
        return self.part.timer(name)
