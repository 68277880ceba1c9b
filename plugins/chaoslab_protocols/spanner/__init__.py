"""Spanner on shards without replicas: strictly serializable while wall clocks are off by no more than is stated."""

from chaoslab.nemesis import Budget
from chaoslab.plugins import Protocol
from chaoslab_protocols.spanner.client import SpannerClient
from chaoslab_protocols.spanner.server import SHARD, SpannerServer
from chaoslab_protocols.spanner.settings import SKEW_NS, Settings

__all__ = ["PROTOCOLS"]

PROTOCOLS = (
    Protocol(
        name="spanner",
        summary="transactions with commit wait, snapshots without locks: strictly serializable (Corbett et al. 2012)",
        replica=SpannerServer,
        client=SpannerClient,
        serves=("list-append", "bank"),
        claims=("strict-serializable", "linearizable"),  # of transactions; of transfers and reads of a whole bank
        budget=Budget(
            down="all",
            skew_ns=SKEW_NS,
            drift_ppm=1_000,
            storage=("lose-unsynced", "torn-write", "reorder-writes", "rename-lost", "slow-disk"),
        ),
        roles=(SHARD,),
        nodes=4,
        settings=Settings,
    ),
)
