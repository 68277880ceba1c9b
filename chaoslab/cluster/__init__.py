"""Clusters: nodes, their clocks and disks, clients and what they do."""

from chaoslab.cluster.async_host import CallRefused, Message, Node, NodeCrashed
from chaoslab.cluster.client import Client, RequestClient
from chaoslab.cluster.cluster import Cluster, Fault, Injection, key_names
from chaoslab.cluster.host import Host
from chaoslab.cluster.workload import ARRIVALS, Arrivals, ClientView, Drive, Script, ScriptedOperation, Workload

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
]
