"""Replicas of Viewstamped Replication driven by hand: no simulator, a disk that is a dict, nonces that count up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chaoslab.statemachine import Context, Effect, Invocation
from chaoslab_protocols.viewstamped.messages import DoViewChange, Entry, Request, StartViewChange
from chaoslab_protocols.viewstamped.replica import Replica as Machine
from tests.protocols.by_hand import ByHand, of, sends

__all__ = ["Replica", "context", "new_primary", "of", "request", "sends"]

NODES = ("n1", "n2", "n3")


class Nonces:
    """Stands in for dice: each nonce is the one after the last."""

    def __init__(self) -> None:
        self.last = 0

    def below(self, bound: int) -> int:
        self.last += 1
        return self.last


def context(
    name: str = "n1",
    files: dict[str, bytes] | None = None,
    now: Callable[[], float] = lambda: 0.0,
    random: Any = None,
    nodes: tuple[str, ...] = NODES,
) -> Context:
    return Context(
        name=name,
        nodes=nodes,
        settings=None,
        files={} if files is None else files,
        wall_time=lambda: 0.0,
        monotonic_time=now,
        home=name,
        random=random,
    )


def request(value: int, client: str = "c1", f: str = "write") -> Request:
    """A request that writes *value*, which is the client's number for it, too."""
    return Request(Invocation(f=f, key="x", value=value), client, value)


class Replica(ByHand):
    """One machine, its disk and its clock."""

    def __init__(self, name: str = "n1", nodes: tuple[str, ...] = NODES) -> None:
        self.files: dict[str, bytes] = {}
        self.now = 0.0
        self.nonces = Nonces()
        self.context = context(name, self.files, lambda: self.now, self.nonces, nodes)
        self.started = self.restart()
        self.now = 9.0

    def restart(self) -> list[Effect]:
        """Start again, with what the disk kept."""
        self.machine = Machine(self.context)
        return self.did(self.machine.start())

    def lose_the_disk(self) -> list[Effect]:
        """Start again with an empty disk."""
        self.files.clear()
        return self.restart()


def new_primary(*log: Entry, last_normal_view: int = 0, commit_number: int = 0) -> tuple[Replica, list[Effect]]:
    """n2 as the primary of view 1, to whom n3 has sent this log; and what it did as it began."""
    replica = Replica("n2")
    replica.gets("n3", StartViewChange(1))
    return replica, replica.gets("n3", DoViewChange(1, log, last_normal_view, commit_number))
