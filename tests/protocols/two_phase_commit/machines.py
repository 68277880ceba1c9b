"""Nodes of two-phase commit driven by hand: n1 coordinates, n2 and n3 keep a shard each; a disk that is a dict."""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import Context, Effect, Invocation
from chaoslab_protocols.two_phase_commit.messages import Age, Begin, Lock, Locked, Prepare, TransactionId, Vote
from chaoslab_protocols.two_phase_commit.server import Server
from chaoslab_protocols.two_phase_commit.settings import Settings
from tests.protocols.by_hand import ByHand, of, sends

__all__ = ["Node", "age", "begin", "id_of", "locks", "of", "on_2", "on_3", "prepare", "sends", "voted"]

NODES = ("n1", "n2", "n3")


class Node(ByHand):
    """One machine, its disk and its clock."""

    def __init__(self, name: str, settings: Settings | None = None) -> None:
        self.name = name
        self.settings = settings
        self.files: dict[str, bytes] = {}
        self.now_s = 0.0
        self.restart()

    def restart(self) -> list[Effect]:
        self.machine = Server(
            Context(
                name=self.name,
                nodes=NODES,
                settings=self.settings,
                files=self.files,
                wall_time=lambda: self.now_s,
                monotonic_time=lambda: self.now_s,
                home=self.name,
            )
        )
        return self.did(self.machine.start())

    def waits(self, seconds: float = 0.05) -> list[Effect]:
        """So much time passes, and the node's tick comes."""
        self.now_s += seconds
        return self.fires("tick")


def on(shard: str) -> str:
    """Return a key that *shard* keeps."""
    return next(key for key in "abcdefgh" if Node("n1").machine.shard_of(key) == shard)


on_2, on_3 = on("n2"), on("n3")


# For participants


def id_of(number: int, client: str = "c1", attempt: int = 1) -> TransactionId:
    return TransactionId(client, number, 1, attempt)


def age(serial: int) -> Age:
    return Age(1, serial, "n1")


def locks(number: int, serial: int, key: str = "x", exclusive: bool = True, client: str = "") -> Lock:
    """Transaction *number* of *client* (one of its own for each age) locks *key*; *serial* is its age."""
    return Lock(id_of(number, client or f"c{serial}"), age(serial), ((key, exclusive),))


def prepare(lock: Lock, value: Any = None, incarnation: int = 1) -> Prepare:
    """The coordinator asks for a vote about what *lock* has locked: to write *value*, or nothing."""
    key = lock.needs[0][0]
    return Prepare(lock.transaction, incarnation, () if value is None else ((key, value),))


# For coordinators


def begin(number: int = 1, *micro: tuple[str, str, int | None]) -> Begin:
    """A client's request; unless told otherwise one that appends to both shards."""
    chosen = micro or (("append", on_2, number), ("append", on_3, number))
    return Begin(number, Invocation(f="txn", value=[list(one) for one in chosen]))


def voted(one: Node, request: Begin, *shards: str, client: str = "c1") -> list[Effect]:
    """*client* asks *one* for *request*, the participants *shards* lock and vote yes; return the last effects."""
    asked = sends(one.gets(client, request), Lock)
    effects: list[Effect] = []
    for shard, lock in zip(shards, asked, strict=True):
        values = tuple((key, None) for key, _ in lock.needs)
        effects = one.gets(shard, Locked(lock.transaction, 1, values))
    for shard in shards:
        effects = one.gets(shard, Vote(asked[0].transaction, True))
    return effects
