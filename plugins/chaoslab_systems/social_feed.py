"""A social feed: you post, and then you see your post, whichever replica answers you.

A session token says what you have written; a replica that does not know it yet lets you wait. Without the token a
client that is sent to another replica does not find its own post there.
"""

import attrs

from chaoslab.statemachine import Context
from chaoslab_protocols import causal
from chaoslab_protocols.causal.client import Client
from chaoslab_protocols.causal.messages import Vector
from chaoslab_protocols.causal.session import Session
from chaoslab_systems.authors import authors

__all__ = ["PROTOCOLS", "WORKLOADS"]


class NoToken(Session):
    """A session that asks for nothing: no replica need know what it did elsewhere."""

    def floor(self) -> Vector:
        return (0,) * len(self.read)

    def dependencies(self) -> Vector:
        return (0,) * len(self.read)


class WithoutToken(Client):
    """A client that takes no token along."""

    def new_session(self) -> Session:
        return NoToken(len(self.replicas))


class Sticky(WithoutToken):
    """A client that takes no token along, and stays at its replica for as long as that one answers."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.settings = attrs.evolve(self.settings, moves=0.0)


WORKLOADS = (authors("feed", "people post to their own page, and read it and the pages of others"),)

PROTOCOLS = (
    attrs.evolve(
        causal.PROTOCOLS[0],
        name="social-feed",
        summary="pages on several replicas, a session token: everybody sees their own posts at once",
        serves=("feed", "converging-register"),
    ),
    attrs.evolve(
        causal.PROTOCOLS[0],
        name="social-feed-without-token",
        summary="the same without the token: who is sent to another replica misses the own post",
        client=WithoutToken,
        serves=("feed", "converging-register"),
        claims=("eventual",),
    ),
    attrs.evolve(
        causal.PROTOCOLS[0],
        name="social-feed-sticky",
        summary="the same without the token, but who posts stays at one replica: enough until that replica is gone",
        client=Sticky,
        serves=("feed", "converging-register"),
        claims=("eventual",),
    ),
)
