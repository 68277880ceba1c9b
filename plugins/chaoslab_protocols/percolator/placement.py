"""Which node is what: the first is the timestamp oracle, each of the others keeps the rows of a shard."""

from __future__ import annotations

import zlib

__all__ = ["Placement"]


class Placement:
    """The places of a cluster.

    Args:
        nodes: The nodes, in order. One that is alone is oracle and shard.

    Attributes:
        oracle: The node that is the timestamp oracle.
        shards: The nodes that keep rows.
    """

    def __init__(self, nodes: tuple[str, ...]) -> None:
        self.oracle = nodes[0]
        self.shards = nodes[1:] or nodes

    def shard_of(self, key: str) -> str:
        """Return the node that keeps the row *key*."""
        return self.shards[zlib.crc32(key.encode()) % len(self.shards)]
