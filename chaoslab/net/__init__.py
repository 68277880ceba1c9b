"""The simulated network: links, delays, and rules that change them."""

from chaoslab.net.network import Copies, Link, Network, Rule
from chaoslab.net.routes import Route

__all__ = ["Copies", "Link", "Network", "Route", "Rule"]
