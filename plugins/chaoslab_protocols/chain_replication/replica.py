"""The nodes of a chain: servers, and on the last node the master."""

from __future__ import annotations

from chaoslab.statemachine import Context
from chaoslab_protocols.by_place import ByPlace
from chaoslab_protocols.chain_replication.craq import CraqServer
from chaoslab_protocols.chain_replication.master import Master
from chaoslab_protocols.chain_replication.server import Server

__all__ = ["CraqReplica", "Replica"]


class Replica(ByPlace):
    """A node, whichever part it has.

    Attributes:
        server: The code of servers.
        master: The code of the master.
    """

    server: type[Server] = Server
    master: type[Master] = Master

    def part_of(self, context: Context) -> Server | Master:
        return self.master(context) if context.name == context.nodes[-1] else self.server(context)


class CraqReplica(Replica):
    """A node of a chain whose servers all answer reads."""

    server = CraqServer
