"""A small domain name system: authorities, resolvers that remember, and plans that change records."""

from chaoslab.nemesis import Budget
from chaoslab.plugins import Protocol
from chaoslab_protocols.dns.authority import PRIMARY, ROOT, SECONDARY
from chaoslab_protocols.dns.plans import ENACTOR, PLANNER
from chaoslab_protocols.dns.resolver import RESOLVER
from chaoslab_protocols.dns.server import Client, Server
from chaoslab_protocols.dns.settings import DRIFT_PPM, Settings, bound_ns

__all__ = ["PROTOCOLS"]

PROTOCOLS = (
    Protocol(
        name="dns",
        summary="zone transfers, caching resolvers and plans that enactors carry out: stale within a bound (RFC 1034)",
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
        roles=(ROOT, PLANNER, PRIMARY, SECONDARY, ENACTOR, RESOLVER),
        leader=PRIMARY,
        nodes=8,
        settings=Settings,
    ),
)
