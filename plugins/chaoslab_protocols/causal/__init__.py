"""A causally consistent store: local reads and writes, and nobody sees an effect without its causes.

What is claimed is causal convergence, all four session guarantees wherever a client moves, and that replicas come to
agree. What is not: any order of real time, nor one order of all operations.
"""

from chaoslab.nemesis import Budget
from chaoslab.plugins import Protocol
from chaoslab_protocols.causal.client import Client
from chaoslab_protocols.causal.replica import Replica
from chaoslab_protocols.causal.settings import Settings

__all__ = ["PROTOCOLS"]

PROTOCOLS = (
    Protocol(
        name="causal",
        summary="local reads and writes, dependencies awaited, session tokens (COPS, Lloyd et al. 2011; Bayou)",
        replica=Replica,
        client=Client,
        serves=("converging-register", "register", "kv"),
        claims=(
            "read-your-writes",
            "monotonic-reads",
            "monotonic-writes",
            "writes-follow-reads",
            "causal-convergence",
            "eventual",
        ),
        budget=Budget(down="all"),
        settings=Settings,
    ),
)
