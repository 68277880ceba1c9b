"""A master hands tasks out, and counts each once."""

from __future__ import annotations

from typing import Any

import attrs

from chaoslab.history import History
from chaoslab.plugins import registry
from chaoslab.scenario import load_scenario
from chaoslab.scenario.shipped import scenario_path
from chaoslab.statemachine import Context, Invocation, Send
from chaoslab_protocols.seeking_client import OK, ClientReply, ClientRequest
from chaoslab_systems.batch_job.jobs import Parameters, total, words_in
from chaoslab_systems.batch_job.master import Master
from chaoslab_systems.batch_job.messages import Assign, Done, Lost, Ping, Pong
from chaoslab_systems.batch_job.settings import Settings
from chaoslab_systems.batch_job.worker import Worker

S = 1_000_000_000


class Numbers:
    """Stands in for the random choices of a node."""

    def below(self, bound: int) -> int:
        return 0


def context(name: str, now: list[float], workers: int = 2, **settings: Any) -> Context:
    dice: Any = Numbers()
    return Context(
        name=name,
        nodes=("n1", *(f"n{number + 2}" for number in range(workers))),
        settings=Settings(**settings),
        files={},
        wall_time=lambda: 0.0,
        monotonic_time=lambda: now[0],
        home="n1",
        random=dice,
    )


def master(now: list[float], workers: int = 2, **settings: Any) -> Master:
    """Return a master whose workers have said that they are there."""
    made = Master(context("n1", now, workers, **settings))
    for name in made.seats:
        made.message(name, Pong(False))
    return made


def request(job: int, tasks: int, sequence: int = 1) -> ClientRequest:
    return ClientRequest(sequence, Invocation(f="count", value=(job, tasks)))


def assigned(effects: Any) -> dict[str, Assign]:
    """Return who was given what."""
    return {one.to: one.message for one in effects or () if isinstance(one, Send) and isinstance(one.message, Assign)}


def told(effects: Any) -> list[ClientReply]:
    """Return what clients are told."""
    return [one.message for one in effects or () if isinstance(one, Send) and isinstance(one.message, ClientReply)]


def done(one: Assign) -> Done:
    return Done(one.attempt, one.job, one.task, words_in(one.job, one.task))


def test_a_job_comes_to_the_sum_of_its_tasks() -> None:
    """The client is told when the last one is done."""
    one = master([0.0])
    given = assigned(one.message("c1", request(5, 3)))
    assert [(name, task.task) for name, task in given.items()] == [("n2", 0), ("n3", 1)]
    third = assigned(one.message("n2", done(given["n2"])))["n2"]
    assert not told(one.message("n3", done(given["n3"])))
    assert told(one.message("n2", done(third))) == [ClientReply(1, OK, total(5, 3))]


def test_a_client_that_asks_again_is_told_the_same() -> None:
    """The job is not begun again, neither while it runs nor when it is done."""
    one = master([0.0], workers=1)
    [task] = assigned(one.message("c1", request(5, 1))).values()
    assert not one.message("c1", request(5, 1))
    first = told(one.message("n2", done(task)))
    assert told(one.message("c1", request(5, 1))) == first == [ClientReply(1, OK, total(5, 1))]


def test_a_worker_that_is_silent_loses_its_task_to_another() -> None:
    """And gets nothing more until it is heard of."""
    now = [0.0]
    one = master(now, workers=2, speculation=False)
    [task] = assigned(one.message("c1", request(5, 1))).values()
    now[0] = one.LOST_S + 0.1
    one.seats["n3"].heard_at = now[0]
    again = assigned(one.timer("ping"))
    assert list(again) == ["n3"]
    assert (again["n3"].task, again["n3"].attempt == task.attempt) == (0, False)


def slow_task(**settings: Any) -> tuple[Master, list[float], dict[str, Assign]]:
    """Return a master of whose two tasks one is done after a second, and the other one is not after twice as long."""
    now = [0.0]
    one = master(now, **settings)
    given = assigned(one.message("c1", request(5, 2)))
    now[0] = 1.0
    one.message("n2", done(given["n2"]))
    now[0] = 1.1 + one.LOST_S  # nothing was heard of the first worker for so long that it gets nothing
    return one, now, given


def test_a_task_that_takes_long_is_given_to_a_second_worker_as_well() -> None:
    """Once, and only with speculation."""
    one, _, given = slow_task()
    one.message("n3", Pong(True))
    copies = assigned(one.message("n2", Pong(False)))
    assert [(name, task.task) for name, task in copies.items()] == [("n2", given["n3"].task)]
    assert not assigned(one.timer("ping"))
    one, _, _ = slow_task(speculation=False)
    one.message("n3", Pong(True))
    assert not assigned(one.message("n2", Pong(False)))


def test_the_slow_task_of_the_oldest_job_comes_before_the_tasks_of_younger_ones() -> None:
    """Else it would wait for as long as there are younger ones."""
    one, _, _ = slow_task()
    one.message("n3", Pong(True))
    assert [task.job for task in assigned(one.message("c2", request(6, 4))).values()] == []
    assert [task.job for task in assigned(one.message("n2", Pong(False))).values()] == [5]


def test_a_task_that_is_done_twice_counts_once() -> None:
    """Unless the master does not look."""
    for counts_once in (True, False):
        one = master([0.0], counts_once=counts_once)
        given = assigned(one.message("c1", request(5, 2)))
        for _ in range(2):
            one.message("n2", done(given["n2"]))
        [reply] = told(one.message("n3", done(given["n3"])))
        twice = 0 if counts_once else words_in(5, 0)
        assert reply.answer == total(5, 2) + twice


def test_a_worker_takes_ten_steps_and_tells_what_the_task_comes_to() -> None:
    """And tells it again if the master asks: the first time may have been lost."""
    worker = Worker(context("n2", [0.0]))
    worker.message("n1", Assign(7, 5, 1))
    effects: Any = []
    for _ in range(worker.STEPS):
        effects = worker.timer("step")
    answer = Done(7, 5, 1, words_in(5, 1))
    assert effects == [Send("n1", answer)]
    assert worker.message("n1", Ping(7)) == [Send("n1", Pong(False)), Send("n1", answer)]
    assert worker.message("n1", Assign(7, 5, 1)) is None  # a late copy


def test_a_worker_says_that_it_knows_nothing_of_a_task() -> None:
    """It was started again, or was never told."""
    worker = Worker(context("n2", [0.0]))
    assert worker.message("n1", Ping(7)) == [Send("n1", Pong(False)), Send("n1", Lost(7))]
    one = master([0.0], workers=1)
    [task] = assigned(one.message("c1", request(5, 1))).values()
    assert [again.task for again in assigned(one.message("n2", Lost(task.attempt))).values()] == [0]


def judged(name: str, *jobs: tuple[int, float, str]) -> tuple[str, str | None]:
    """Return outcome and anomaly of the check *name* on jobs of one task (what they came to, seconds, type)."""
    history = History()
    for number, (words, took_s, type) in enumerate(jobs):
        history.invoke(number, "count", None, (number, 1), time_ns=number * 100 * S)
        history.complete(number, type, words, time_ns=number * 100 * S + int(took_s * S))
    parameters = Parameters(deadline_ns=2 * S)
    (verdict,) = [one for one in registry().workloads["jobs"].checks(history, (), parameters) if one.name == name]
    assert verdict.outcome != "invalid" or verdict.operations
    return verdict.outcome, verdict.anomaly


def test_a_sum_that_is_wrong_is_found() -> None:
    """Too large, too small, or right."""
    right = total(0, 1)
    assert judged("counted-once", (right, 1.0, "ok")) == ("valid", None)
    assert judged("counted-once", (right + 1, 1.0, "ok")) == ("invalid", "counted twice")
    assert judged("counted-once", (0, 1.0, "ok")) == ("invalid", "left out")
    assert judged("counted-once", (0, 1.0, "info")) == ("unknown", None)


def test_a_job_that_is_late_or_never_done_misses_the_deadline() -> None:
    """Two seconds here."""
    assert judged("deadline", (total(0, 1), 2.0, "ok")) == ("valid", None)
    assert judged("deadline", (total(0, 1), 2.1, "ok")) == ("invalid", "deadline missed")
    assert judged("deadline", (0, 1.0, "info")) == ("invalid", "deadline missed")


def test_the_scenarios_differ_by_one_setting_each() -> None:
    """The same work, the same faults, the same expectations."""
    holds, late, twice = (
        load_scenario(scenario_path(f"systems/batch_job/{name}"), registry())
        for name in ("holds", "limit", "limit_counted_twice")
    )
    assert late.settings == attrs.evolve(holds.settings, speculation=False)
    assert twice.settings == attrs.evolve(holds.settings, counts_once=False)
    same = [attrs.evolve(one, title="", topic="", settings=None) for one in (holds, late, twice)]
    assert same[0] == same[1] == same[2]
