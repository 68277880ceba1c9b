"""A chain of microservices: each calls the next, and the last one can do only so much in a second.

The first node is the front, which clients ask; the last one is the ledger, which keeps the orders; those between keep
nothing. Each waits for the next one for a while, and then tries again.

Retries repair what is short, and multiply what is not: three tries at each of three services are 27 calls of the last
one for one order. A ledger that is slow for a second then gets more to do than it can ever do again, all of it for
callers who have given up: a metastable failure (Bronson et al., "Metastable failures in distributed systems", HotOS
2021). Two things end it, and both are here: a budget for retries, and a circuit breaker.

What it does not know: deadlines that travel with a call, and shedding of load at the ledger.
"""

from __future__ import annotations

from chaoslab.nemesis import Budget
from chaoslab.plugins import Protocol
from chaoslab.statemachine import Context
from chaoslab_systems.call_chain.client import Client
from chaoslab_systems.call_chain.ledger import LEDGER, Ledger
from chaoslab_systems.call_chain.service import FRONT, SERVICE, Service
from chaoslab_systems.call_chain.settings import Settings

__all__ = ["PROTOCOLS", "node"]


def node(context: Context) -> Service | Ledger:
    """Return the part that the node called ``context.name`` plays."""
    return Ledger(context) if context.name == context.nodes[-1] else Service(context)


PROTOCOLS = (
    Protocol(
        name="call-chain",
        summary="microservices that call each other, with timeouts, retries within a budget, and circuit breakers",
        replica=node,
        client=Client,
        serves=("orders", "register", "cas-register", "kv"),
        claims=("linearizable",),
        budget=Budget(down="all"),
        roles=(FRONT, SERVICE, LEDGER),
        nodes=4,
        nodes_min=3,
        settings=Settings,
    ),
)
