"""Crashes at a certain point: exactly there, once for each target, and watched only while in force."""

from __future__ import annotations

from typing import Any

import pytest
import trio

import chaoslab as cl
from chaoslab.faults import CrashAt
from chaoslab.statemachine import Effects, Persist, Send
from tests.faults.process_programs import EFFECTS, outcomes, told
from tests.faults.test_crashes import Store, Syncing

POINTS = [
    ({"receive": "Go"}, [], b""),
    ({"send": "One"}, [], b""),
    ({"fsync": "f"}, ["One"], b""),
    ({"synced": "f"}, ["One"], b"x"),
    ({"probe": "p"}, ["One"], b"x"),
    ({"send": "Two"}, ["One"], b"x"),
]


@pytest.mark.parametrize("code", EFFECTS)
@pytest.mark.parametrize(("point", "heard", "durable"), POINTS, ids=lambda value: str(value))
def test_what_stands_before_the_point_is_done_and_nothing_after_it(
    code: Any, point: dict[str, str], heard: list[str], durable: bytes
) -> None:
    """The effects are: send one, sync f, pass p, send two."""

    async def then(cluster: cl.Cluster) -> None:
        injection = cluster.inject(*cl.crash_at("n1", **point))  # type: ignore[arg-type]
        await trio.sleep(0.5)
        assert not cluster.node("n1").alive
        assert cluster.node("n1").disk.read("f") == durable
        cluster.heal(injection)
        assert injection.took_effect == 1
        assert cluster.node("n1").starts == 2

    assert told(code, then) == heard


@pytest.mark.parametrize("code", EFFECTS)
@pytest.mark.parametrize("point", [point for point, _, _ in POINTS], ids=str)
def test_it_strikes_at_the_nth_time_and_once(code: Any, point: dict[str, str]) -> None:
    """The third round is cut short; after the restart all goes on, for each target crashes once."""

    async def then(cluster: cl.Cluster) -> None:
        with cluster.faults(cl.crash_at("n1", **point, nth=3, restart=0.05)):  # type: ignore[arg-type]
            await trio.sleep(0.25)
            assert cluster.node("n1").starts == 1
            await trio.sleep(1)
            assert cluster.node("n1").starts == 2
            assert cluster.node("n1").alive

    heard = told(code, then)
    assert heard[:4] == ["One", "Two"] * 2
    assert heard.count("Two") >= 8


@pytest.mark.parametrize("code", EFFECTS)
def test_a_healed_crash_at_watches_nothing(code: Any) -> None:
    """No rule, no watcher, and no crash any more."""

    async def then(cluster: cl.Cluster) -> None:
        for point, _, _ in POINTS:
            with cluster.faults(cl.crash_at("n1", **point, nth=9)):  # type: ignore[arg-type]
                await trio.sleep(0.2)
        assert not cluster.network._rules
        assert not any(cluster.signals._watchers.values())
        await trio.sleep(2)
        assert cluster.node("n1").starts == 1

    told(code, then)


class Hasty(Store):
    """Wrong: it answers first, and syncs the instant after."""

    def written(self, content: bytes, answer: Send) -> Effects:
        return [answer, Persist("value", content)]


def test_a_crash_at_an_fsync_finds_the_store_that_answers_too_early() -> None:
    """A window of microseconds, hit in every run; whether a read notices, the seed decides."""

    async def then(cluster: cl.Cluster) -> None:
        await trio.sleep(1)
        with cluster.faults(cl.crash_at("n1", fsync="any", nth=5, restart=0.1)):
            await trio.sleep(1)

    assert "invalid" in outcomes(Hasty, then)
    assert outcomes(Syncing, then) == {"valid"}


@pytest.mark.parametrize("points", [{}, {"probe": "p", "send": "One"}])
def test_it_is_about_exactly_one_point(points: dict[str, str]) -> None:
    """None, or two, is a mistake."""
    with pytest.raises(cl.UsageError, match="exactly one of probe, fsync, synced, send, receive"):
        CrashAt(**points)  # type: ignore[arg-type]


def test_the_zeroth_time_does_not_exist() -> None:
    """Counting begins with one."""
    with pytest.raises(cl.UsageError, match="nth is at least 1"):
        cl.crash_at("n1", probe="p", nth=0)
