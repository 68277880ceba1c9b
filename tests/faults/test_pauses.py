"""Pauses and what ends them: everything waits, nothing is lost, and time goes on meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
import trio

import chaoslab as cl
from chaoslab.statemachine import Context, Effects, Invocation, Request, Send, SetTimer, reply
from tests.faults.process_programs import LISTENERS, outcomes, told


@pytest.mark.parametrize("code", LISTENERS)
def test_during_a_pause_messages_wait_and_timers_fire_late(code: Any) -> None:
    """At the end of the pause all of them are handled, in order, and none is missing."""

    async def then(cluster: cl.Cluster) -> None:
        await trio.sleep(0.505)
        with cluster.faults(cl.pause("n1")):
            await trio.sleep(0.5)
        await trio.sleep(0.5)

    heard = told(code, then)
    assert not [what for what, time in heard if 0.505 < time < 1.005]
    late = [what for what, time in heard if time == pytest.approx(1.005)]
    assert len([what for what in late if what != "tick"]) == 50
    assert late.count("tick") == 1
    numbers = [what for what, _ in heard if what != "tick"]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("first_ends_first", [True, False])
def test_a_node_that_two_faults_pause_goes_on_when_both_are_healed(first_ends_first: bool) -> None:
    """In whichever order they are healed."""

    async def then(cluster: cl.Cluster) -> None:
        first, second = cluster.inject(*cl.pause("n1")), cluster.inject(*cl.pause("n1"))
        one, other = (first, second) if first_ends_first else (second, first)
        cluster.heal(one)
        assert cluster.node("n1").paused
        cluster.heal(other)
        assert cluster.node("n1").clear

    told(LISTENERS[0], then)


@pytest.mark.parametrize("code", LISTENERS)
def test_a_resume_ends_every_pause_early(code: Any) -> None:
    """What waited happens then; the heal of the pause finds nothing to do."""

    async def then(cluster: cl.Cluster) -> None:
        await trio.sleep(0.505)
        with cluster.faults(cl.pause("n1"), cl.pause("n1")):
            await trio.sleep(0.2)
            resumed = cluster.inject(*cl.resume("n1", "n2"))
            await trio.sleep(0.3)
            cluster.heal(resumed)
            assert resumed.took_effect == 1
        await trio.sleep(0.5)
        assert cluster.node("n1").clear

    heard = told(code, then)
    assert not [what for what, time in heard if 0.505 < time < 0.705]
    assert len([what for what, time in heard if what != "tick" and 0.7051 < time < 1.0051]) == 30


def test_a_crash_ends_a_pause_for_the_new_life_is_not_paused() -> None:
    """A pause stops a process; after the restart there is another one."""

    async def then(cluster: cl.Cluster) -> None:
        with cluster.faults(cl.pause("n1")):
            with cluster.faults(cl.crash("n1")):
                await trio.sleep(0.1)
            assert cluster.node("n1").clear
        assert cluster.node("n1").clear

    told(LISTENERS[0], then)


class Lease:
    """The first node owns the register for a second, then the second takes over with a copy of everything."""

    looks_at_the_clock = True
    LEASE_S = 1.0

    def __init__(self, context: Context) -> None:
        self.first = context.name == "n1"
        self.now = context.monotonic_time
        self.owns = self.first
        self.value: Any = None

    def start(self) -> Effects:
        return [SetTimer("expire", self.LEASE_S)] if self.first else [SetTimer("take over", self.LEASE_S + 0.1)]

    def timer(self, name: str) -> Effects:
        self.owns = name == "take over"
        return None

    def message(self, sender: str, message: Any) -> Effects:
        if not isinstance(message, Request):
            if not self.owns:
                self.value = message
            return None
        body: Invocation = message.body
        expired = self.first and self.looks_at_the_clock and self.now() >= self.LEASE_S
        if not self.owns or expired:
            return [reply(sender, message, error="not the owner")]
        if body.f == "read":
            return [reply(sender, message, self.value)]
        self.value = body.value
        copy = [Send("n2", self.value)] if self.first else []
        return [*copy, reply(sender, message)]


class Timed(Lease):
    """Wrong: it believes that its timer fires in time."""

    looks_at_the_clock = False


@pytest.mark.parametrize("faults", [["pause"], ["pause", "resume"], ["slow"]], ids=" ".join)
def test_a_node_that_stands_still_is_found_to_trust_its_timer(faults: list[str]) -> None:
    """It wakes up, handles what waited as if its lease still held, and acknowledges writes that nobody else knows."""

    async def then(cluster: cl.Cluster) -> None:
        await trio.sleep(0.7)
        if faults == ["slow"]:
            with cluster.faults(cl.slow("n1", seconds=0.3)):
                await trio.sleep(2)
        elif faults == ["pause"]:
            with cluster.faults(cl.pause("n1")):
                await trio.sleep(0.7)
        else:
            with cluster.faults(cl.pause("n1")):
                await trio.sleep(0.7)
                cluster.inject(*cl.resume("n1"))
                await trio.sleep(1.6)

    assert "invalid" in outcomes(Timed, then, nodes=2)
    assert outcomes(Lease, then, nodes=2) == {"valid"}


def test_without_the_resume_nobody_is_told_and_nothing_is_lost() -> None:
    """A pause that is longer than clients wait: it was the resume that made the difference above."""

    async def then(cluster: cl.Cluster) -> None:
        await trio.sleep(0.7)
        with cluster.faults(cl.pause("n1")):
            await trio.sleep(2.3)

    assert outcomes(Timed, then, nodes=2) == {"valid"}
