"""The simulated network: links, delays, rules that change them; and streams, datagrams and names on top."""

from chaoslab.net.connection import Connection
from chaoslab.net.internet import Internet
from chaoslab.net.names import NameServer
from chaoslab.net.network import Copies, Link, Network, Rule
from chaoslab.net.packets import PACKETS, Datagram, DnsAnswer, DnsQuery, Packet, Segment
from chaoslab.net.routes import Route
from chaoslab.net.streams import Stack

__all__ = [
    "PACKETS",
    "Connection",
    "Copies",
    "Datagram",
    "DnsAnswer",
    "DnsQuery",
    "Internet",
    "Link",
    "NameServer",
    "Network",
    "Packet",
    "Route",
    "Rule",
    "Segment",
    "Stack",
]
