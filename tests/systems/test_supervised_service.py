"""A server that runs out of connections refuses whatever it is asked, until its supervisor starts it again."""

from __future__ import annotations

from typing import Any

import pytest

from chaoslab.errors import UsageError
from chaoslab.statemachine import Context, Invocation, Probe, Request, Response, Send, SetTimer
from chaoslab_systems.fallacies.frontend import Answer
from chaoslab_systems.supervised_service import Settings, Supervisor


class Numbers:
    """Stands in for the random choices of a node."""

    def below(self, bound: int) -> int:
        return 0


def machine(**settings: Any) -> Supervisor:
    """Return the machine n2, whose server has two connections to the store n1."""
    dice: Any = Numbers()
    return Supervisor(
        Context(
            name="n2",
            nodes=("n1", "n2"),
            settings=Settings(connections=2, **settings),
            files={},
            wall_time=lambda: 0.0,
            monotonic_time=lambda: 0.0,
            home="n2",
            random=dice,
        )
    )


def asked(one: Supervisor, id: int) -> Any:
    """Return what the machine does first when a client asks it for something."""
    return next(iter(one.message("c1", Request(id, Invocation(f="read", key="x"))) or ()))


def test_an_answer_gives_a_connection_back_and_a_lost_one_does_not() -> None:
    """With none left everybody is refused."""
    one = machine()
    first = asked(one, 1).message.id
    assert isinstance(asked(one, 2).message.invocation, Invocation)
    assert asked(one, 3).message.error == "no connection to the store is left"
    assert one.message("n1", Answer(first, 7)) == [Send("c1", Response(1, 7))]
    assert asked(one, 4).to == "n1"


def test_a_server_that_fails_its_checks_is_started_again() -> None:
    """After several that failed one after the other: it may be busy for a moment."""
    one = machine()
    asked(one, 1), asked(one, 2)
    for _ in range(one.FAILED - 1):
        assert one.timer("check") == [SetTimer("check", one.CHECK_S)]
        assert asked(one, 3).to == "c1"
    assert Probe("restarted") in (one.timer("check") or ())
    assert asked(one, 4).to == "n1"


def test_nobody_starts_a_server_again_that_nobody_checks() -> None:
    """And no connections are no service."""
    assert not any(isinstance(effect, SetTimer) for effect in machine(restart=False).start() or ())
    with pytest.raises(UsageError, match="1 connection"):
        Settings(connections=0)
