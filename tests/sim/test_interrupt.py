"""Ctrl-C ends a run wherever it is, and is never taken for what a node's code did."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trio

import chaoslab as cl
from chaoslab.plugins import registry
from chaoslab.scenario import Scenario, parse_scenario
from chaoslab.statemachine import Context, Effects, SetTimer

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there Ctrl-C is pressed again")


class NeverWaits:
    """Each node in turn keeps the processor for itself."""

    async def serve(self, node: Any) -> None:
        while True:
            pass


class Swallows:
    """What interrupts it is not let through."""

    async def serve(self, node: Any) -> None:
        while True:
            try:
                while True:
                    pass
            except KeyboardInterrupt:
                return


class Machine:
    """One with a handler that does not come back."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def start(self) -> Effects:
        return [SetTimer("soon", 0.1)]

    def message(self, sender: str, message: Any) -> Effects:
        return None

    def timer(self, name: str) -> Effects:
        while True:
            pass


class Well:
    """Answers nothing, and ends."""

    async def serve(self, node: Any) -> None:
        return


def scenario_of(code: Any) -> Scenario:
    """Return a short run of three nodes with *code*: a scenario starts them by an event, not from a task."""
    return parse_scenario(
        f"""
        [scenario]
        title = "Nodes that may not wait"
        duration = "1s"

        [cluster]
        protocol = "{Path(__file__).as_posix()}:{code.__name__}"
        nodes = 3

        [workload]
        name = "register"

        [expect]
        consistency = []
        """,
        registry(),
    )


@pytest.fixture
def ctrl_c_soon() -> Iterator[None]:
    """Press Ctrl-C after a while, as the usual handler hears it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    cl.run(scenario_of(Well))  # so that everything is imported by then
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    yield
    timer.cancel()
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c_soon")
@pytest.mark.parametrize("code", [NeverWaits, Swallows, Machine])
def test_code_that_never_waits_is_interrupted(code: Any) -> None:
    """Also if it catches that, or if the next node goes on in its place: the run has no other end."""
    with pytest.raises(KeyboardInterrupt):
        cl.run(scenario_of(code), seed=1)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.getsignal(signal.SIGVTALRM) == signal.SIG_DFL


def test_a_node_that_raises_it_itself_is_to_blame() -> None:
    """Nobody has pressed anything."""

    class Raises:
        async def serve(self, node: Any) -> None:
            raise KeyboardInterrupt

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(Raises, nodes=1)
        await trio.sleep(1)

    with pytest.raises(cl.NodeError, match="KeyboardInterrupt"):
        cl.run(main, seed=1)
