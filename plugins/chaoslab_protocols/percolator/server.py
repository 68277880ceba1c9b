"""A node: the timestamp oracle, or a shard; both if it is alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final

from chaoslab.statemachine import Become, Context, Effect, Effects
from chaoslab_protocols.percolator.messages import Cleanup, Commit, Erase, Get, GetTimestamp, Prewrite
from chaoslab_protocols.percolator.oracle import TimestampOracle
from chaoslab_protocols.percolator.placement import Placement
from chaoslab_protocols.percolator.settings import Settings
from chaoslab_protocols.percolator.shard import Shard

__all__ = ["ORACLE", "SHARD", "Server"]

ORACLE: Final = "oracle"
SHARD: Final = "shard"

Handler = Callable[[str, Any], Sequence[Effect]]


class Server:
    """One node.

    Attributes:
        oracle: Its timestamp oracle, or None.
        shard: Its shard, or None.
    """

    oracle_class: ClassVar[type[TimestampOracle]] = TimestampOracle
    shard_class: ClassVar[type[Shard]] = Shard

    def __init__(self, context: Context) -> None:
        settings: Settings = context.settings or Settings()
        placement = Placement(context.nodes)
        self.oracle: TimestampOracle | None = None
        self.shard: Shard | None = None
        self.handlers: dict[type, Handler] = {}
        if context.name == placement.oracle:
            self.oracle = self.oracle_class(context, settings)
            if self.oracle.is_serving:
                self.handlers[GetTimestamp] = self.oracle.on_get_timestamp
        if context.name in placement.shards:
            self.shard = self.shard_class(context, settings)
            if self.shard.is_serving:
                self.handlers |= {
                    Get: self.shard.on_get,
                    Prewrite: self.shard.on_prewrite,
                    Commit: self.shard.on_commit,
                    Cleanup: self.shard.on_cleanup,
                    Erase: self.shard.on_erase,
                }

    def start(self) -> Effects:
        parts = [part for part in (self.oracle, self.shard) if part is not None]
        return [
            Become(SHARD if self.oracle is None else ORACLE),
            *(effect for part in parts for effect in part.start()),
        ]

    def message(self, sender: str, message: Any) -> Effects:
        handler = self.handlers.get(message.__class__)
        return None if handler is None else handler(sender, message)

    def timer(self, name: str) -> Effects:
        return None
