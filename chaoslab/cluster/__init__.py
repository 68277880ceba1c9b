"""Clusters: nodes, their clocks and disks, clients and what they do."""

from chaoslab.cluster.asyncio_nodes import on_asyncio
from chaoslab.cluster.client import Client, RequestClient
from chaoslab.cluster.cluster import Cluster
from chaoslab.cluster.fault import Fault, Injection
from chaoslab.cluster.host import Host
from chaoslab.cluster.message import Message
from chaoslab.cluster.node import CallRefused, Node, NodeCrashed
from chaoslab.cluster.workload import (
    ARRIVALS,
    Arrivals,
    ClientView,
    Drive,
    Script,
    ScriptedOperation,
    Workload,
    key_names,
)

__all__ = [
    "ARRIVALS",
    "Arrivals",
    "CallRefused",
    "Client",
    "ClientView",
    "Cluster",
    "Drive",
    "Fault",
    "Host",
    "Injection",
    "Message",
    "Node",
    "NodeCrashed",
    "RequestClient",
    "Script",
    "ScriptedOperation",
    "Workload",
    "key_names",
    "on_asyncio",
]
