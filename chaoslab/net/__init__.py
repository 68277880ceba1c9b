"""The simulated network: links, delays, rules that change them; and streams, datagrams and names on top."""

from chaoslab.net.connection import Connection
from chaoslab.net.holding import Held, HoldQueue
from chaoslab.net.internet import Internet
from chaoslab.net.match import MATCH, Match, Matcher
from chaoslab.net.names import NameServer
from chaoslab.net.network import Copies, KeepOrder, Link, Network, Rule
from chaoslab.net.packets import PACKETS, Datagram, DnsAnswer, DnsQuery, Packet, Segment
from chaoslab.net.routes import Route
from chaoslab.net.streams import Stack

__all__ = [
    "MATCH",
    "PACKETS",
    "Connection",
    "Copies",
    "Datagram",
    "DnsAnswer",
    "DnsQuery",
    "Held",
    "HoldQueue",
    "Internet",
    "KeepOrder",
    "Link",
    "Match",
    "Matcher",
    "NameServer",
    "Network",
    "Packet",
    "Route",
    "Rule",
    "Segment",
    "Stack",
]
