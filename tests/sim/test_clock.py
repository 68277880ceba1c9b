"""Virtual time: one event, then quiet, then the next."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from chaoslab.errors import ChaosLabError, DeadlockError, LimitExceeded
from chaoslab.sim import Engine


def test_events_happen_in_the_order_of_their_time_then_of_their_making() -> None:
    """Two events of one instant keep the order in which they were made."""
    engine, seen = Engine(0), []

    async def main() -> None:
        engine.at(20, seen.append, "c")
        engine.at(10, seen.append, "a")
        engine.at(10, seen.append, "b")
        await trio.sleep(1)

    engine.run(main)
    assert seen == ["a", "b", "c"]


def test_what_an_event_wakes_runs_until_quiet_before_the_next_event() -> None:
    """A task woken by an event may take many steps, and the next event of the same instant still waits."""
    engine, seen = Engine(0), []

    async def main() -> None:
        woken = trio.Event()
        engine.at(10, woken.set)
        engine.at(10, seen.append, "second event")
        await woken.wait()
        for step in range(3):
            await trio.lowlevel.checkpoint()
            seen.append(f"step {step}")
        await trio.sleep(1)

    engine.run(main)
    assert seen == ["step 0", "step 1", "step 2", "second event"]


def test_a_trio_deadline_comes_before_an_event_of_the_same_instant() -> None:
    """A timeout at 1 s is seen before an event at 1 s."""
    engine, seen = Engine(0), []

    async def main() -> None:
        engine.at(1_000_000_000, seen.append, "event")
        with trio.move_on_after(1):
            await trio.sleep_forever()
        seen.append("timeout")
        await trio.sleep(1)

    engine.run(main)
    assert seen == ["timeout", "event"]


def test_an_hour_passes_at_once() -> None:
    """Sleeping costs no real time, and the clock shows exactly what was slept."""

    async def main() -> float:
        await trio.sleep(3600)
        return trio.current_time()

    assert Engine(0).run(main) == 3600.0


@pytest.mark.parametrize("seconds", [0.1, 1e-9, 1 / 3, 123456.789012345, 2.5e-7])
def test_any_deadline_is_reached(seconds: float) -> None:
    """A deadline that is no whole number of nanoseconds does not make the loop spin."""

    async def main() -> float:
        await trio.sleep(seconds)
        return trio.current_time()

    assert Engine(0).run(main) >= seconds


def test_a_deadlock_is_told_with_who_waits_and_where() -> None:
    """When nothing can ever happen again, the error names the waiting task and its line."""

    async def main() -> None:
        await trio.Event().wait()

    with pytest.raises(
        DeadlockError, match=r"nothing is scheduled.*the main task waits at test_clock\.py:\d+, in main"
    ):
        Engine(0).run(main)


def test_events_that_answer_themselves_without_delay_reach_a_limit() -> None:
    """A loop at one virtual instant is ended and told as such."""
    engine = Engine(0, events_max_at_once=10_000)

    def again() -> None:
        engine.after(0, again)

    async def main() -> None:
        again()
        await trio.sleep(1)

    with pytest.raises(LimitExceeded, match="without any delay"):
        engine.run(main)


def test_a_task_that_never_waits_reaches_a_limit() -> None:
    """A busy loop of checkpoints is ended and told as such."""
    engine = Engine(0, events_max_at_once=1000)

    async def main() -> None:
        while True:
            await trio.lowlevel.checkpoint()

    with pytest.raises(LimitExceeded, match="never waits"):
        engine.run(main)


def test_the_number_of_events_of_a_run_is_limited() -> None:
    """A run that goes on and on is ended, and the message says how to raise the limit."""
    engine = Engine(0, events_max=20_000)

    def again() -> None:
        engine.after(1, again)

    async def main() -> None:
        again()
        await trio.sleep(3600)

    with pytest.raises(LimitExceeded, match="Raise events_max"):
        engine.run(main)


def test_an_exception_in_an_event_ends_the_run_as_itself() -> None:
    """The caller sees the very exception, in no group and with no word of Trio."""
    engine = Engine(0)

    def explode() -> None:
        raise ZeroDivisionError("boom")

    async def main() -> None:
        engine.at(5, explode)
        await trio.sleep(1)

    with pytest.raises(ZeroDivisionError, match="boom"):
        engine.run(main)


def test_what_the_main_task_raises_reaches_the_caller_as_itself() -> None:
    """Even from inside a run with background tasks."""

    async def main() -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        Engine(0).run(main)


def test_wait_all_tasks_blocked_works_in_virtual_time() -> None:
    """It returns at the same instant, before any later event."""
    engine, seen = Engine(0), []

    async def main() -> None:
        engine.at(10, seen.append, "event")
        await trio.testing.wait_all_tasks_blocked()
        seen.append("blocked")
        await trio.sleep(1)

    engine.run(main)
    assert seen == ["blocked", "event"]


def test_two_simulations_cannot_run_at_once() -> None:
    """One process runs one simulation at a time; a second one is refused in words."""

    async def main() -> None:
        Engine(1).run(main)

    with pytest.raises((ChaosLabError, RuntimeError), match=r"one simulation at a time|run\(\)"):
        Engine(0).run(main)


def test_trio_is_left_as_it_was() -> None:
    """After a run, failed or not, Trio's private scheduling state is what it was before."""
    from trio._core import _run

    before = _run._ALLOW_DETERMINISTIC_SCHEDULING, _run._r

    async def main() -> None:
        raise KeyError

    with pytest.raises(KeyError):
        Engine(0).run(main)
    assert (_run._ALLOW_DETERMINISTIC_SCHEDULING, _run._r) == before


def test_a_shielded_wait_that_nothing_ends_is_a_deadlock_and_ends() -> None:
    """A task that stays behind in a shield is told, and let go of: the run neither hangs nor crashes Trio."""

    async def stays() -> None:
        with trio.CancelScope(shield=True):
            await trio.sleep_forever()

    engine = Engine(0)

    async def main() -> None:
        engine.nursery.start_soon(stays, name="the one that stays")
        await trio.sleep(1)

    with pytest.raises(DeadlockError, match="the one that stays waits"):
        engine.run(main)
