"""Chord: a ring of members that find the owner of a key, while others join and fail."""

from chaoslab.nemesis import Budget
from chaoslab.plugins import Protocol
from chaoslab_protocols.chord.client import Client
from chaoslab_protocols.chord.member import Member
from chaoslab_protocols.chord.settings import Settings

__all__ = ["PROTOCOLS"]

PROTOCOLS = (
    Protocol(
        name="chord",
        summary="a ring that finds the owner of a key while members join and fail, by the rules of Zave (2017)",
        replica=Member,
        client=Client,
        serves=("ring",),
        claims=(),  # no level of consistency: what it promises is checked by the workload
        budget=Budget(down="minority"),
        roles=("member",),
        nodes=8,
        settings=Settings,
    ),
)
