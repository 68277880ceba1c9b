"""Nodes and clients of Percolator driven by hand: n1 is the oracle, n2 and n3 keep a shard each; a disk is a dict."""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import Context, Effect, Effects, Invocation, Persist, Rename, Send, Write
from chaoslab_protocols.percolator.client import Client
from chaoslab_protocols.percolator.messages import Commit, Get, GetTimestamp, Prewrite, Prewritten, Timestamp, Value
from chaoslab_protocols.percolator.placement import Placement
from chaoslab_protocols.percolator.server import Server
from chaoslab_protocols.percolator.settings import Settings

__all__ = ["Driver", "Node", "appends", "of", "on_2", "on_3", "sends", "shard_with"]

NODES = ("n1", "n2", "n3")


def context(name: str, settings: Settings | None, files: dict[str, bytes], now_s: Any) -> Context:
    return Context(
        name=name, nodes=NODES, settings=settings, files=files, wall_time=now_s, monotonic_time=now_s, home="n2"
    )


class Node:
    """One machine, its disk and its clock; every call returns the effects and carries out those on the disk."""

    def __init__(self, name: str, settings: Settings | None = None) -> None:
        self.name = name
        self.settings = settings
        self.files: dict[str, bytes] = {}
        self.now_s = 0.0
        self.restart()

    def restart(self) -> list[Effect]:
        self.machine = Server(context(self.name, self.settings, self.files, lambda: self.now_s))
        return self.did(self.machine.start())

    def did(self, effects: Effects) -> list[Effect]:
        done = list(effects or ())
        for effect in done:
            if isinstance(effect, Persist | Write):
                before = self.files.get(effect.path, b"") if effect.append else b""
                self.files[effect.path] = before + effect.data
            elif isinstance(effect, Rename):
                self.files[effect.to] = self.files.pop(effect.path)
        return done

    def gets(self, message: Any) -> list[Effect]:
        """*message* arrives from the client c1."""
        return self.did(self.machine.message("c1", message))

    def answers(self, message: Any) -> Any:
        """*message* arrives from the client c1; return the one message that is sent."""
        (sent,) = of(Send, self.gets(message))
        return sent.message


class Driver:
    """One client, which is given answers by hand."""

    def __init__(self, **settings: int) -> None:
        self.client = Client(context("c1", Settings(**settings), {}, lambda: 0.0))

    def invokes(self, *micro: tuple[str, str, int | None]) -> list[Effect]:
        return list(self.client.invoke(Invocation(f="txn", value=[list(one) for one in micro])) or ())

    def hears(self, message: Any, sender: str = "n2") -> list[Effect]:
        return list(self.client.message(sender, message) or ())

    def is_given(self, timestamp: int) -> list[Effect]:
        """The oracle answers the last call."""
        return self.hears(Timestamp(self.client.number, timestamp), "n1")

    def reads(self, start_ts: int, *micro: tuple[str, str, int | None], **values: Any) -> list[Effect]:
        """A transaction begins, takes its snapshot, and reads *values*, or nothing; return the last effects."""
        self.invokes(*micro)
        effects: list[Effect] = []
        for get in sends(self.is_given(start_ts), Get):
            effects = self.hears(Value(start_ts, get.key, values.get(get.key)))
        return effects

    def prewrites(self, start_ts: int, *micro: tuple[str, str, int | None]) -> list[Effect]:
        """All that a transaction writes is locked; return the last effects."""
        effects = self.reads(start_ts, *micro)
        while asked := sends(effects, Prewrite):
            effects = [one for call in asked for one in self.hears(Prewritten(start_ts, call.key))]
        assert sends(effects, GetTimestamp)
        return effects


def on(shard: str) -> str:
    """Return a key that *shard* keeps."""
    return next(key for key in "abcdefgh" if Placement(NODES).shard_of(key) == shard)


on_2, on_3 = on("n2"), on("n3")

appends = (("append", on_2, 1), ("append", on_3, 1))
"""A transaction that writes on both shards; its primary is on n2."""


def of(kind: type, effects: Effects) -> list[Any]:
    return [effect for effect in effects or () if isinstance(effect, kind)]


def sends(effects: Effects, kind: type, to: str | None = None) -> list[Any]:
    """The messages of *kind* among *effects*, those to *to* or all."""
    return [one.message for one in of(Send, effects) if isinstance(one.message, kind) and to in (None, one.to)]


def shard_with(*committed: tuple[int, int, Any], key: str = "x") -> Node:
    """A shard on which these were committed: (start_ts, commit_ts, value)."""
    one = Node("n2")
    for start_ts, commit_ts, value in committed:
        one.gets(Prewrite(start_ts, key, value, key))
        one.gets(Commit(start_ts, key, commit_ts))
    return one
