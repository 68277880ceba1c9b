"""SWIM: who is there, and who is not, by probing at random and passing the news on."""

from chaoslab.nemesis import Budget
from chaoslab.plugins import Protocol
from chaoslab_protocols.swim.client import Client
from chaoslab_protocols.swim.member import Member
from chaoslab_protocols.swim.settings import Settings

__all__ = ["PROTOCOLS"]

PROTOCOLS = (
    Protocol(
        name="swim",
        summary="membership by random probes, suspicion and gossip: who is down is found, who is up is believed (2002)",
        replica=Member,
        client=Client,
        serves=("membership",),
        claims=(),  # no level of consistency: what it promises is checked by the workload
        budget=Budget(down="all"),
        nodes=5,
        settings=Settings,
    ),
)
