"""Fault programs that combine the single faults."""

from chaoslab.plugins import hookimpl
from chaoslab_nemeses.swarm import Swarm

__all__ = ["chaoslab_nemeses"]


@hookimpl
def chaoslab_nemeses() -> list[type]:
    """Return the nemesis programs of this package."""
    return [Swarm]
