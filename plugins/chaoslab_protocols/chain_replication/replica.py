"""The nodes of a chain: servers, and on the last node the master."""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import Context, Effects
from chaoslab_protocols.chain_replication.craq import CraqServer
from chaoslab_protocols.chain_replication.master import Master
from chaoslab_protocols.chain_replication.server import Server

__all__ = ["CraqReplica", "Replica"]


class Replica:
    """A node, whichever part it has.

    Attributes:
        server: The code of servers.
        master: The code of the master.
    """

    server: type[Server] = Server
    master: type[Master] = Master

    def __init__(self, context: Context) -> None:
        is_master = context.name == context.nodes[-1]
        self.part: Server | Master = self.master(context) if is_master else self.server(context)

    def start(self) -> Effects:
        return self.part.start()

    def message(self, sender: str, message: Any) -> Effects:
        return self.part.message(sender, message)

    def timer(self, name: str) -> Effects:
        return self.part.timer(name)


class CraqReplica(Replica):
    """A node of a chain whose servers all answer reads."""

    server = CraqServer
