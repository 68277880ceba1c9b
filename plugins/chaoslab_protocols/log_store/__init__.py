"""A log store: topics on a write-ahead log. Linearizable as long as a disk keeps what it said was synced."""

from chaoslab.nemesis import Budget
from chaoslab.plugins import Protocol
from chaoslab_protocols.log_store.client import Client
from chaoslab_protocols.log_store.server import DAMAGED, SERVING, Server
from chaoslab_protocols.log_store.settings import Settings

__all__ = ["PROTOCOLS"]

PROTOCOLS = (
    Protocol(
        name="log-store",
        summary="queues and logs on a write-ahead log in segments: nothing acknowledged is lost or happens twice",
        replica=Server,
        client=Client,
        serves=("queue", "log"),
        claims=("linearizable",),
        budget=Budget(
            down="all",
            storage=(
                "lose-unsynced",
                "torn-write",
                "reorder-writes",
                "rename-lost",
                "slow-disk",
                "fsync-error",
                "io-error",
                "disk-full",
                "short-read",
                "latent-sector",
            ),
        ),
        roles=(SERVING, DAMAGED),
        nodes=2,
        settings=Settings,
    ),
)
