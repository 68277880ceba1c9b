"""A Dynamo-style store: always writeable, with siblings where writes met, and replicas that come to agree.

One store under three clients: ``dynamo`` shows siblings, ``dynamo-cart`` joins them, ``dynamo-register`` takes one of
them. What is claimed is eventual consistency, with no acknowledged update lost; of what is read meanwhile, nothing.
"""

from typing import Any

from chaoslab.nemesis import Budget
from chaoslab.plugins import Protocol
from chaoslab_protocols.dynamo.client import CartClient, RegisterClient, SiblingsClient
from chaoslab_protocols.dynamo.coordinator import Coordinator
from chaoslab_protocols.dynamo.settings import Settings

__all__ = ["PROTOCOLS"]


def _protocol(name: str, summary: str, client: Any, serves: tuple[str, ...]) -> Protocol:
    return Protocol(
        name=name,
        summary=summary,
        replica=Coordinator,
        client=client,
        serves=serves,
        claims=("eventual",),
        budget=Budget(down="all"),
        nodes=5,
        settings=Settings,
    )


PROTOCOLS = (
    _protocol(
        "dynamo",
        "vector clocks, siblings, N/R/W, sloppy quorums, Merkle trees (DeCandia et al. 2007)",
        SiblingsClient,
        ("siblings",),
    ),
    _protocol(
        "dynamo-cart",
        "the same, with a shopping cart that joins siblings: no item is lost, a removed one may return",
        CartClient,
        ("converging-set",),
    ),
    _protocol(
        "dynamo-register",
        "the same as a plain register, which takes one of the siblings",
        RegisterClient,
        ("converging-register", "register"),
    ),
)
