"""ABD: a register that is linearizable as long as a majority of replicas answers, without any leader."""

from chaoslab.nemesis import Budget
from chaoslab.plugins import Protocol
from chaoslab_protocols.abd.client import Client
from chaoslab_protocols.abd.replica import Replica

__all__ = ["PROTOCOLS"]

PROTOCOLS = (
    Protocol(
        name="abd",
        summary="quorum register: two phases at a majority, no leader; linearizable (Attiya, Bar-Noy & Dolev 1995)",
        replica=Replica,
        client=Client,
        serves=("register", "kv"),
        claims=("linearizable",),
        budget=Budget(down="minority"),
    ),
)
