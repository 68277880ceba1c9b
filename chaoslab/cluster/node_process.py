"""The process in which one life of an async node runs: what ``time``, ``random`` and ``open`` are to its code.

A program that never heard of ``node`` is served from the same clocks, the same disk and a stream of its own.

This file does not know how the standard library is replaced: see ``chaoslab/sim/served``.
"""

from __future__ import annotations

import os

from chaoslab.cluster.host import Host
from chaoslab.cluster.node import Node, NodeCrashed
from chaoslab.cluster.trio_sockets import new_plain_socket
from chaoslab.sim.process import Process
from chaoslab.sim.served.files import real_isdir
from chaoslab.storage import Descriptors

__all__ = ["process_of"]


def process_of(host: Host, node: Node) -> Process:
    """Return the process of the life *node* of *host*."""

    def sync(path: str) -> None:
        if node.alive:
            took_ns = host.sync_at_once(path)
            if process.worker_ns is not None:
                process.worker_ns += took_ns
        if not node.alive:
            raise NodeCrashed(host.name)

    process = Process(
        name=host.name,
        number=host.starts,
        wall_ns=lambda: host.wall_clock.wall_ns(),
        monotonic_ns=host.clock.monotonic_ns,
        new_socket=new_plain_socket,
        address=lambda: node.address,
        opened=node.sockets.opened,
        stream=host.engine.choices.stream(f"random {host.name}"),
        files=Descriptors(
            host.disk,
            lambda: node.alive,
            sync,
            folder=os.getcwd(),  # noqa: PTH109 - asked for at every start of a node
            is_real_folder=real_isdir,
            wall_ns=lambda: host.wall_clock.wall_ns(),
            order=f"{host.engine.choices.seed} {host.name}",
        ),
    )
    return process
