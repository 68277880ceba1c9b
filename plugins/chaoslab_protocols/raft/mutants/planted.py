"""The mistakes planted in Raft: every module of this folder adds its own."""

from chaoslab_protocols.planting import Planting
from chaoslab_protocols.raft.client import Client

__all__ = ["PLANTED"]

PLANTED = Planting(protocol="raft", client=Client)
