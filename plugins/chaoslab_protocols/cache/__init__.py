"""A look-aside cache before a database, after Facebook's: reads are stale, but never by more than a bound."""

from chaoslab.nemesis import Budget
from chaoslab.plugins import Protocol
from chaoslab_protocols.cache.cache import CACHE
from chaoslab_protocols.cache.database import PRIMARY, REPLICA
from chaoslab_protocols.cache.frontend import FRONTEND
from chaoslab_protocols.cache.server import Client, Server
from chaoslab_protocols.cache.settings import DRIFT_PPM, Settings, bound_ns

__all__ = ["PROTOCOLS"]

PROTOCOLS = (
    Protocol(
        name="cache",
        summary="a look-aside cache with leases before a primary and its replica (Nishtala et al. 2013)",
        replica=Server,
        client=Client,
        serves=("converging-register",),  # others leave no time to agree before their last reads
        claims=("eventual",),
        staleness_ns=bound_ns,
        # Ages are measured on monotonic clocks, so wall clocks may show what they like, but rates must be about right.
        budget=Budget(
            down="all",
            drift_ppm=DRIFT_PPM,
            storage=("lose-unsynced", "torn-write", "reorder-writes", "rename-lost", "slow-disk"),
        ),
        roles=(PRIMARY, REPLICA, CACHE, FRONTEND),
        leader=PRIMARY,
        nodes=7,
        settings=Settings,
    ),
)
