"""A chain of services gives up in time, or makes a short fault long."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from chaoslab.plugins import registry
from chaoslab.runner import Run, run
from chaoslab.scenario import Scenario, load_scenario
from chaoslab.scenario.shipped import scenario_path
from chaoslab.statemachine import Context, Invocation, Send, SetTimer
from chaoslab_protocols.seeking_client import ClientRequest
from chaoslab_systems.call_chain.circuit_breaker import CircuitBreaker
from chaoslab_systems.call_chain.client import Client
from chaoslab_systems.call_chain.ledger import Ledger
from chaoslab_systems.call_chain.messages import DONE, GIVEN_UP, NOT_NOW, Answer, Call
from chaoslab_systems.call_chain.retry_budget import RetryBudget
from chaoslab_systems.call_chain.service import Service
from chaoslab_systems.call_chain.settings import Settings

REQUEST = ClientRequest(1, Invocation(f="append", key="x", value="1 "))


class Numbers:
    """Stands in for the random choices of a node."""

    def below(self, bound: int) -> int:
        return 0

    def between(self, low: float, high: float) -> float:
        return high


def context(name: str, now: list[float] | None = None, **settings: Any) -> Context:
    dice: Any = Numbers()
    return Context(
        name=name,
        nodes=("n1", "n2", "n3"),
        settings=Settings(**settings),
        files={},
        wall_time=lambda: 0.0,
        monotonic_time=lambda: now[0] if now else 0.0,
        home="n1",
        random=dice,
    )


def sent(effects: Any) -> list[tuple[str, Any]]:
    return [(one.to, one.message) for one in effects or () if isinstance(one, Send)]


def timers(effects: Any) -> list[str]:
    return [one.name for one in effects or () if isinstance(one, SetTimer)]


def opened(now: float = 0.0) -> CircuitBreaker:
    breaker = CircuitBreaker()
    for _ in range(breaker.WINDOW):
        breaker.failed(now)
    return breaker


class TestTheBreaker:
    """Nygard's table, line by line."""

    def test_it_opens_when_half_of_the_last_calls_have_failed(self) -> None:
        """And not before it has seen enough of them."""
        breaker = CircuitBreaker()
        for _ in range(breaker.WINDOW // 2):
            breaker.succeeded()
        found = [breaker.failed(0.0) for _ in range(breaker.WINDOW // 2)]
        assert found == [False] * (breaker.WINDOW // 2 - 1) + [True]
        assert not breaker.passes(0.0)

    def test_after_a_rest_one_call_passes(self) -> None:
        """The trial; everybody else waits for how it ends."""
        breaker = opened()
        assert not breaker.passes(breaker.REST_S / 2)
        assert [breaker.passes(breaker.REST_S) for _ in range(3)] == [True, False, False]

    def test_a_trial_that_succeeds_closes_it(self) -> None:
        """What was before is forgotten: one failure does not open it again."""
        breaker = opened()
        breaker.passes(breaker.REST_S)
        breaker.succeeded()
        assert not breaker.failed(1.0)
        assert breaker.passes(1.0)

    def test_a_trial_that_fails_opens_it_for_another_rest(self) -> None:
        """From then on."""
        breaker = opened()
        assert breaker.passes(1.0)
        assert breaker.failed(1.2)
        assert not breaker.passes(1.2 + breaker.REST_S / 2)
        assert breaker.passes(1.2 + breaker.REST_S)

    def test_a_trial_that_tells_nothing_is_followed_by_another(self) -> None:
        """Else nothing would ever pass again."""
        breaker = opened()
        breaker.passes(1.0)
        breaker.said_nothing()
        assert breaker.passes(1.0)


def test_retries_are_a_share_of_requests() -> None:
    """Whatever was saved up before."""
    budget = RetryBudget()
    while budget.pay_out():
        pass
    retries = 0
    for _ in range(1000):
        budget.pay_in()
        retries += budget.pay_out()
    assert 98 <= retries <= 100


def test_a_service_tries_again_with_the_same_request_and_then_gives_up() -> None:
    """Three times in all, and pauses in between that grow."""
    service = Service(context("n1", tries=3, retry_budget=False, circuit_breaker=False))
    effects = service.message("c1", REQUEST)
    pauses = []
    for left in (2, 1, 0):
        [(to, call)] = sent(effects)
        assert (to, call.client, call.request) == ("n2", "c1", REQUEST)
        [timeout] = timers(effects)
        effects = service.timer(timeout)
        if left:
            [pause] = [one for one in effects or () if isinstance(one, SetTimer)]
            pauses.append(pause.after)
            effects = service.timer(pause.name)
    assert sent(effects) == [("c1", Answer(1, GIVEN_UP))]
    assert pauses == [0.02, 0.04]


def test_an_answer_that_comes_too_late_goes_nowhere() -> None:
    """It is for a call that was given up."""
    service = Service(context("n1", tries=1))
    effects = service.message("c1", REQUEST)
    [(_, call)] = sent(effects)
    service.timer(timers(effects)[0])
    assert service.message("n2", Answer(call.id, DONE)) is None


def test_an_open_breaker_refuses_without_a_call_and_nobody_retries_that() -> None:
    """A refusal costs a message, and goes back all the way."""
    now = [0.0]
    service = Service(context("n1", now))
    service.breaker = opened()
    assert sent(service.message("c1", REQUEST)) == [("c1", Answer(1, NOT_NOW))]
    caller = Service(context("n1", now))
    [(_, call)] = sent(caller.message("c1", REQUEST))
    assert sent(caller.message("n2", Answer(call.id, NOT_NOW))) == [("c1", Answer(1, NOT_NOW))]


def test_the_ledger_works_on_one_call_at_a_time_and_loses_what_does_not_fit() -> None:
    """A call that is repeated takes its time, and is done once."""
    ledger = Ledger(context("n3", queue=2))
    for id in range(3):
        ledger.message("n2", Call(id, "c1", REQUEST))
    answers = [sent(ledger.timer("work")) for _ in range(2)]
    assert answers == [[("n2", Answer(0, DONE))], [("n2", Answer(1, DONE))]]
    assert ledger.server.store.values["x"] == "1 "


def test_a_client_calls_an_update_that_was_refused_unknown() -> None:
    """Another copy of the request may have got through; a look has not happened."""
    for f, ended in (("append", "info"), ("get", "fail")):
        client = Client(context("c1"))
        client.invoke(Invocation(f=f, key="x", value="1 " if f == "append" else None))
        assert [one.type for one in client.message("n1", Answer(1, NOT_NOW)) or () if hasattr(one, "type")] == [ended]


def scenario(name: str) -> Scenario:
    return load_scenario(scenario_path(f"systems/call_chain/{name}"), registry())


def with_settings(**settings: bool) -> list[Run]:
    """Return runs of the scenario of the retry storm, with other settings."""
    storm = scenario("limit")
    return [run(attrs.evolve(storm, settings=Settings(**settings)), seed) for seed in range(3)]


def test_both_scenarios_differ_by_their_settings_alone() -> None:
    """The same work, the same fault, the same expectations."""
    holds, limit = (attrs.evolve(scenario(name), title="", topic="", settings=None) for name in ("holds", "limit"))
    assert holds == limit


@pytest.mark.parametrize("remedy", ["retry_budget", "circuit_breaker"])
def test_either_remedy_ends_the_storm(remedy: str) -> None:
    """With the other one switched off."""
    chosen = {name: name == remedy for name in ("retry_budget", "circuit_breaker")}
    assert [one.verdict for one in with_settings(**chosen)] == ["valid"] * 3


def test_without_retries_there_is_no_storm() -> None:
    """It is the retries that keep it going, not the fault: that is over after a second."""
    storm = scenario("limit")
    calm = attrs.evolve(storm, settings=Settings(retry_budget=False, circuit_breaker=False, tries=1))
    for seed in range(3):
        assert run(calm, seed).service_levels.availability > 2 * run(storm, seed).service_levels.availability
