"""The simulated network: links, delays, and rules that change them."""

from chaoslab.net.holding import Held, HoldQueue
from chaoslab.net.match import MATCH, Match, Matcher
from chaoslab.net.network import Copies, KeepOrder, Link, Network, Rule

__all__ = ["MATCH", "Copies", "Held", "HoldQueue", "KeepOrder", "Link", "Match", "Matcher", "Network", "Rule"]
