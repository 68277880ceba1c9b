"""The simulated network: links, delays, and rules that change them."""

from chaoslab.net.network import Copies, Link, Network, Rule

__all__ = ["Copies", "Link", "Network", "Rule"]
