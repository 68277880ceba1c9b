"""The eight fallacies of distributed computing: for each, a program that believes it and one that does not.

L. Peter Deutsch and James Gosling, Sun Microsystems, 1994 to 1997. Each pair differs by its belief alone: one is a
small override of the other. Both promise the same; what the believer promises does not hold.
"""

from types import ModuleType

from chaoslab_systems.fallacies import (
    homogeneous_network,
    infinite_bandwidth,
    one_administrator,
    reliable_network,
    secure_network,
    stable_topology,
    zero_latency,
    zero_transport_cost,
)

__all__ = ["FALLACIES", "PROTOCOLS"]

FALLACIES: tuple[ModuleType, ...] = (
    reliable_network,
    zero_latency,
    infinite_bandwidth,
    secure_network,
    stable_topology,
    one_administrator,
    zero_transport_cost,
    homogeneous_network,
)
"""In the order in which they are usually told."""

PROTOCOLS = tuple(one for fallacy in FALLACIES for one in fallacy.PROTOCOLS)
