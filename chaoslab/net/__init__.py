"""The simulated network: links, delays, and rules that change them."""

from chaoslab.net.network import Link, Network, Rule

__all__ = ["Link", "Network", "Rule"]
