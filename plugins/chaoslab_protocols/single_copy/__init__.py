"""Single copy: one node keeps everything. Linearizable, and gone whenever that node is."""

from chaoslab.nemesis import Budget
from chaoslab.plugins import Protocol
from chaoslab_protocols.single_copy.replica import Replica

__all__ = ["PROTOCOLS"]

PROTOCOLS = (
    Protocol(
        name="single-copy",
        summary="one node keeps everything on its disk: linearizable, and unavailable whenever that node is",
        replica=Replica,
        serves=("register", "cas-register", "kv"),
        claims=("linearizable",),
        budget=Budget(down="all"),
        roles=("copy",),
        nodes=1,
    ),
)
