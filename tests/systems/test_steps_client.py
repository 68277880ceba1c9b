"""A client whose operations are programs takes step after step, and ends once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chaoslab.cluster import RequestClient
from chaoslab.plugins import registry
from chaoslab.runner import run
from chaoslab.scenario import load_scenario
from chaoslab.statemachine import Complete, Context, Effect, Invocation, Response, Send
from chaoslab_systems.cash_machine import AsyncMachine
from chaoslab_systems.whole_value_client import WholeValueClient


def client(kind: type) -> Any:
    context = Context(
        name="c1",
        nodes=("n1", "n2"),
        settings=None,
        files={},
        wall_time=lambda: 0.0,
        monotonic_time=lambda: 0.0,
        home="n1",
    )
    return kind(context)


def asked(effects: list[Effect]) -> tuple[int, Invocation]:
    """Return number and body of the one request among *effects*."""
    (request,) = [effect.message for effect in effects if isinstance(effect, Send)]
    return request.id, request.body


def ended(effects: list[Effect]) -> list[Complete]:
    return [effect for effect in effects if isinstance(effect, Complete)]


def test_a_withdrawal_reads_the_balance_and_takes_the_money_off() -> None:
    """Two steps, and one completion at the end."""
    machine = client(AsyncMachine)
    number, body = asked(machine.invoke(Invocation(f="withdraw", key="x", value=3)))
    assert body.f == "read"
    effects = machine.message("n1", Response(number, 10))
    assert not ended(effects)
    number, body = asked(effects)
    assert (body.f, body.value) == ("cas", (10, 7))
    (completion,) = ended(machine.message("n1", Response(number, True)))
    assert (completion.type, completion.result) == ("ok", True)


def test_a_withdrawal_is_refused_for_want_of_money() -> None:
    """Nothing is changed."""
    machine = client(AsyncMachine)
    number, _ = asked(machine.invoke(Invocation(f="withdraw", key="x", value=3)))
    (completion,) = ended(machine.message("n1", Response(number, 2)))
    assert (completion.type, completion.result) == ("ok", False)


def test_a_withdrawal_begins_again_when_somebody_was_quicker() -> None:
    """And fails, without money, when that goes on."""
    machine = client(AsyncMachine)
    effects = machine.invoke(Invocation(f="withdraw", key="x", value=3))
    for _ in range(AsyncMachine.TRIES):
        number, body = asked(effects)
        assert body.f == "read"
        number, body = asked(machine.message("n1", Response(number, 10)))
        effects = machine.message("n1", Response(number, False))
    (completion,) = ended(effects)
    assert completion.type == "fail"


def test_nobody_knows_what_became_of_a_step_that_was_not_answered() -> None:
    """A read did not happen, so the operation failed; of a change nobody knows."""
    machine = client(AsyncMachine)
    machine.invoke(Invocation(f="withdraw", key="x", value=3))
    assert [one.type for one in ended(machine.timer("timeout"))] == ["fail"]
    number, _ = asked(machine.invoke(Invocation(f="withdraw", key="x", value=3)))
    machine.message(machine.store.nodes[machine.store.favourite], Response(number, 10))
    assert [one.type for one in ended(machine.timer("timeout"))] == ["info"]


def test_a_whole_value_is_read_changed_and_written_back() -> None:
    """With everything that was in it."""
    cart = client(WholeValueClient)
    number, _ = asked(cart.invoke(Invocation(f="add", key="x", value=7)))
    number, body = asked(cart.message("n1", Response(number, "3 5")))
    assert (body.f, body.value) == ("write", "3 5 7")
    assert isinstance(cart.store, RequestClient)


@pytest.mark.parametrize("protocol", [one.name for one in registry().protocols.values() if one.administers])
def test_administrators_are_understood_wherever_members_can_be_changed(protocol: str, tmp_path: Path) -> None:
    """What a system has in place of reads and writes is no reason to take a join for one of its operations."""
    path = tmp_path / "changes.toml"
    path.write_text(f"""\
[scenario]
title = "A node joins and another one leaves"
duration = "6s"

[cluster]
protocol = "{protocol}"

[workload]
name = "{registry().protocol(protocol).serves[0]}"

[[fault]]
kind = "join"
at = "1s"
for = "2s"

[[fault]]
kind = "leave"
target = "one"
at = "4s"
for = "1s"
""")
    made = run(load_scenario(path, registry()), seed=1)
    assert made.verdict == "valid"
    assert {one.value.rpartition(" was told ")[2].partition(" ")[0] for one in made.history if one.f == "join"} >= {
        "ok"
    }
