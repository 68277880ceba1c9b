"""CRDTs by gossip: always there, never coordinated; replicas that have seen the same updates show the same.

What is claimed is eventual consistency, with no update lost and none made up; of what is read meanwhile, nothing.
"""

from typing import ClassVar

from chaoslab.nemesis import Budget
from chaoslab.plugins import Protocol
from chaoslab_protocols.crdt.counters import PNCounter
from chaoslab_protocols.crdt.or_set import ORSet
from chaoslab_protocols.crdt.replica import Replica, Settings
from chaoslab_protocols.crdt.text import TextClient, TextReplica

__all__ = ["PROTOCOLS", "CounterReplica", "SetReplica", "TextReplica"]


class CounterReplica(Replica):
    """A replica of counters."""

    OBJECT: ClassVar[type] = PNCounter


class SetReplica(Replica):
    """A replica of sets."""

    OBJECT: ClassVar[type] = ORSet


PROTOCOLS = (
    Protocol(
        name="crdt-counter",
        summary="a PN-counter by gossip: updates at once at any replica, eventually consistent (Shapiro et al. 2011)",
        replica=CounterReplica,
        serves=("converging-counter",),
        claims=("eventual",),
        budget=Budget(down="all"),
        settings=Settings,
    ),
    Protocol(
        name="crdt-set",
        summary="an observed-remove set by gossip: an add wins against a remove at the same time (Shapiro et al. 2011)",
        replica=SetReplica,
        serves=("converging-set",),
        claims=("eventual",),
        budget=Budget(down="all"),
        settings=Settings,
    ),
    Protocol(
        name="crdt-text",
        summary="a text by gossip that everybody edits at once: a replicated growable array (Roh et al. 2011)",
        replica=TextReplica,
        client=TextClient,
        serves=("converging-text",),
        claims=(),  # no order of whole edits explains what is read meanwhile; the workload says what must hold
        budget=Budget(down="all"),
        settings=Settings,
    ),
)
