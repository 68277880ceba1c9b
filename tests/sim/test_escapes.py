"""Code that reaches out of the simulation: whose it is."""

from __future__ import annotations

import time

import trio

import chaoslab as cl
from chaoslab.trial import Setup, run_trial


async def below() -> None:
    time.sleep(0.1)  # that is the mistake


async def serve(node: cl.Node) -> None:
    if node.name == "n2":
        async with trio.open_nursery() as nursery:
            nursery.start_soon(below)


async def two_nodes(cluster: cl.Cluster) -> None:
    cluster.start(serve, nodes=2)
    await trio.sleep(1)


def test_an_escape_in_a_task_of_a_node_names_the_node() -> None:
    """People know their nodes, and not by which name Trio knows a task."""
    error = run_trial(two_nodes, Setup(faults=()), 1).error
    assert "node n2 called time.sleep at test_escapes.py:" in str(error)
