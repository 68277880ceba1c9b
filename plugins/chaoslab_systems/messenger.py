"""A messenger: a message that you have seen once never disappears again.

Replicas gossip, and each look goes to any of them. The device keeps what it has seen and adds what the replica has; one
that keeps nothing shows whatever its replica of the moment has, and messages come and go.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from chaoslab.checkers import Verdict
from chaoslab.cluster import RequestClient
from chaoslab.history import History, Operation
from chaoslab.statemachine import Context, Effects, Invocation
from chaoslab_protocols import crdt
from chaoslab_systems.additions import additions
from chaoslab_systems.promises import Broken, judged, nothing_is_lost
from chaoslab_systems.steps_client import Program, StepsClient

__all__ = ["PROTOCOLS", "WORKLOADS"]


class AnyReplica(RequestClient):
    """Asks any replica, each time."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.random = context.random

    def invoke(self, invocation: Invocation) -> Effects:
        self.favourite = self.random.below(len(self.nodes))
        return super().invoke(invocation)


class Device(StepsClient):
    """A device that keeps every message that it has seen or sent."""

    STORE_CLIENT = AnyReplica

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.kept: dict[Any, tuple[int, ...]] = {}

    def steps(self, invocation: Invocation) -> Program:
        ended = yield invocation
        if ended.type != "ok":
            return ended
        new = (invocation.value,) if invocation.f == "add" else tuple(ended.value)
        kept = self.kept.get(invocation.key, ())
        self.kept[invocation.key] = kept = tuple(sorted({*kept, *new}))
        return attrs.evolve(ended, value=list(kept)) if invocation.f == "read" else ended


def _checks(history: History, keys: tuple[str, ...], parameters: Any) -> Sequence[Verdict]:
    return (*_stays_seen(history), *nothing_is_lost(history, keys, parameters))


def _stays_seen(history: History) -> Sequence[Verdict]:
    """Judge whether who has seen a message sees it ever after."""
    found, seen = None, 0
    earlier: dict[tuple[int, Any], Operation] = {}
    for one in sorted(history.operations(), key=lambda one: one.call):
        if one.f != "read" or one.type != "ok":
            continue
        before = earlier.get((one.process, one.key))
        earlier[one.process, one.key] = one
        if before is None:
            continue
        seen += 1
        gone = sorted(set(before.value) - set(one.value))
        if gone and found is None:
            summary = f"somebody saw the message {gone[0]} of {one.key}, looked again, and it was not there any more."
            found = Broken("non-monotonic read", summary, (before, one))
    return judged("stays-seen", found, seen, "who looked again saw all that they had seen")


WORKLOADS = (
    attrs.evolve(additions("messages", "people send messages to conversations, and read those"), checks=_checks),
)

PROTOCOLS = (
    attrs.evolve(
        crdt.PROTOCOLS[1],
        name="messenger",
        summary="messages on gossiping replicas, devices that keep what they saw: nothing seen disappears",
        client=Device,
        serves=("messages",),
    ),
    attrs.evolve(
        crdt.PROTOCOLS[1],
        name="messenger-without-memory",
        summary="the same with devices that keep nothing: a look at another replica misses what the last one had",
        client=AnyReplica,
        serves=("messages",),
    ),
)
