"""The systems that a course on distributed systems names, each runnable: what it promises, and what breaks it.

Rules:

1. A system composes protocols and workloads that exist; it copies none. What is its own is its users' operations, what
   must be true for them, and its settings.
2. A module has ``PROTOCOLS``, ``WORKLOADS`` and ``MODELS``, each a tuple, where it has any.
3. Every system of the course has two scenarios in ``scenarios/systems``: its promise holds in one, and the other shows
   its limit. Those that are there to be compared have theirs in ``scenarios/fallacies`` and ``scenarios/availability``.
"""

from importlib import import_module
from typing import Any

from chaoslab.cluster import Workload
from chaoslab.models import Model
from chaoslab.plugins import Protocol, hookimpl

__all__ = ["SYSTEMS", "chaoslab_models", "chaoslab_protocols", "chaoslab_workloads"]

SYSTEMS = (
    "bank_transfers",
    "batch_job",
    "call_chain",
    "cash_machine",
    "cassandra_like",
    "chat",
    "client_server",
    "content_delivery",
    "dynamo_like",
    "fallacies",
    "load_balancer",
    "messenger",
    "name_service",
    "online_banking",
    "online_status",
    "orders",
    "peer_to_peer",
    "photo_feed",
    "relational_database",
    "ride_booking",
    "shared_document",
    "shop_cart",
    "sign_up",
    "social_feed",
    "spanner_like",
    "supervised_service",
    "video_comments",
    "zookeeper_like",
)


def _all(what: str) -> list[Any]:
    modules = [import_module(f"{__name__}.{name}") for name in SYSTEMS]
    return [one for module in modules for one in getattr(module, what, ())]


@hookimpl
def chaoslab_protocols() -> list[Protocol]:
    """Return the systems: each is a protocol that serves its own users."""
    return _all("PROTOCOLS")


@hookimpl
def chaoslab_workloads() -> list[Workload]:
    """Return what the users of these systems do."""
    return _all("WORKLOADS")


@hookimpl
def chaoslab_models() -> list[Model]:
    """Return what they may see, where ChaosLab has no model of it."""
    return _all("MODELS")
