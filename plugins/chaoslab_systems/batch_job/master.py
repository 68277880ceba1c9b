"""The master: knows the jobs, who works on what, and who is there.

Rules:

1. The oldest job comes first. When nothing of it is left to hand out, whoever is free gets a copy of one of its tasks
   that takes long, and another copy if that one takes long as well: it may have been given to a worker that is slow or
   gone, too. Then comes the next job. Otherwise younger jobs would keep everybody busy, and the oldest would wait.
2. A worker that has not answered for a while loses its task to another one. It may be at work on it all the same.
3. The first answer for a task counts, whoever it comes from; later ones count nothing.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import attrs

from chaoslab.statemachine import Become, Context, Effect, Effects, Probe, Send, SetTimer
from chaoslab_protocols.seeking_client import OK, ClientReply, ClientRequest
from chaoslab_systems.batch_job.messages import Assign, Done, Lost, Ping, Pong
from chaoslab_systems.batch_job.settings import Settings

__all__ = ["MASTER", "Attempt", "Job", "Master", "Seat"]

MASTER = "master"


@attrs.define
class Job:
    """A job that is not done.

    Attributes:
        tasks: How many there are.
        client: Who is to be told.
        sequence: Under which number.
        todo: Tasks that nobody works on.
        counted: Tasks that are done.
        words: What has been added up.
        took_s: Seconds that finished tasks took, all together.
    """

    tasks: int
    client: str
    sequence: int
    todo: deque[int]
    counted: set[int] = attrs.field(factory=set)
    words: int = 0
    took_s: float = 0.0


@attrs.frozen
class Attempt:
    """A task in the hands of a worker, since when; *is_copy*: somebody else has it as well."""

    number: int
    job: int
    task: int
    since: float
    is_copy: bool = False


@attrs.define
class Seat:
    """What the master knows of a worker: what it should be at work on, when it was heard of, whether it said it is."""

    attempt: Attempt | None = None
    heard_at: float = float("-inf")
    is_busy: bool = False


class Master:
    """The master. Probes: ``worker lost``; ``task given out twice``; ``answered twice``: for a task that is done.

    Attributes:
        PING_S: Seconds from one ping to the next.
        LOST_S: Seconds without an answer after which a worker loses its task.
        PATIENCE: How many times the mean a task takes before a copy is given out.
        FINISHED_MAX: How many jobs that are done it remembers, for clients that ask again.
    """

    PING_S = 0.25
    LOST_S = 1.0
    PATIENCE = 1.5
    FINISHED_MAX = 100

    def __init__(self, context: Context) -> None:
        self.now = context.monotonic_time
        self.settings: Settings = context.settings or Settings()
        self.seats = {name: Seat() for name in context.nodes[1:]}
        self.jobs: dict[int, Job] = {}
        self.finished: dict[int, int] = {}
        self.number = context.random.below(1 << 30) << 20  # no attempt of an earlier life has a number of this one

    def start(self) -> Effects:
        return [Become(MASTER), *self.ping()]

    def ping(self) -> list[Effect]:
        """Ask every worker whether it is there, and at work on what it should be."""
        pings = [
            Send(name, Ping(None if seat.attempt is None else seat.attempt.number)) for name, seat in self.seats.items()
        ]
        return [*pings, SetTimer("ping", self.PING_S)]

    def timer(self, name: str) -> Effects:
        lost: list[Effect] = []
        for seat in self.seats.values():
            if seat.attempt is not None and self.now() - max(seat.heard_at, seat.attempt.since) > self.LOST_S:
                self.take_back(seat)
                lost.append(Probe("worker lost"))
        return [*lost, *self.hand_out(), *self.ping()]

    def message(self, sender: str, message: Any) -> Effects:
        if isinstance(message, ClientRequest):
            return [*self.on_request(sender, message), *self.hand_out()]
        seat = self.seats.get(sender)
        if seat is None:
            return None
        seat.heard_at = self.now()
        if isinstance(message, Pong):
            seat.is_busy = message.is_busy
        elif isinstance(message, Lost):
            if seat.attempt is not None and seat.attempt.number == message.attempt:
                self.take_back(seat)
        elif isinstance(message, Done):
            return [*self.on_done(seat, message), *self.hand_out()]
        return self.hand_out()

    def on_request(self, client: str, request: ClientRequest) -> list[Effect]:
        """Begin a job, unless it is known: then the client has asked again."""
        number, tasks = request.invocation.value
        if number in self.finished:
            return [Send(client, ClientReply(request.sequence, OK, self.finished[number]))]
        if number not in self.jobs:
            self.jobs[number] = Job(tasks, client, request.sequence, deque(range(tasks)))
        return []

    def take_back(self, seat: Seat) -> None:
        """Let somebody else do what the worker in *seat* has, unless somebody else does already."""
        attempt, seat.attempt = seat.attempt, None
        job = None if attempt is None else self.jobs.get(attempt.job)
        if attempt is None or job is None or attempt.task in job.counted:
            return
        if not any(
            one.attempt and one.attempt.job == attempt.job and one.attempt.task == attempt.task
            for one in self.seats.values()
        ):
            job.todo.appendleft(attempt.task)

    def on_done(self, seat: Seat, done: Done) -> list[Effect]:
        """Count a task, and answer the client if it was the last one of its job."""
        if seat.attempt is not None and seat.attempt.number == done.attempt:
            attempt, seat.attempt, seat.is_busy = seat.attempt, None, False
            if done.job in self.jobs:
                self.jobs[done.job].took_s += self.now() - attempt.since
        job = self.jobs.get(done.job)
        if job is None:
            return []
        probes: list[Effect] = [Probe("answered twice")] if done.task in job.counted else []
        if not probes or not self.settings.counts_once:
            job.words += done.words
        job.counted.add(done.task)
        if len(job.counted) < job.tasks:
            return probes
        del self.jobs[done.job]
        self.finished[done.job] = job.words
        if len(self.finished) > self.FINISHED_MAX:
            del self.finished[next(iter(self.finished))]
        return [*probes, Send(job.client, ClientReply(job.sequence, OK, job.words))]

    def hand_out(self) -> list[Effect]:
        """Give every worker that is there and free something to do, as long as there is something."""
        effects: list[Effect] = []
        for name, seat in self.seats.items():
            if seat.attempt is not None or seat.is_busy or self.now() - seat.heard_at > self.LOST_S:
                continue
            attempt = self.next_attempt()
            if attempt is None:
                return effects
            seat.attempt = attempt
            if attempt.is_copy:
                effects.append(Probe("task given out twice"))
            effects.append(Send(name, Assign(attempt.number, attempt.job, attempt.task)))
        return effects

    def next_attempt(self) -> Attempt | None:
        """Return what is to be done next, None if there is nothing."""
        for number, job in self.jobs.items():
            while job.todo:
                task = job.todo.popleft()
                if task not in job.counted:
                    return self.attempt(number, task)
            copy = self.next_copy(number) if self.settings.speculation else None
            if copy is not None:
                return copy
        return None

    def next_copy(self, job: int) -> Attempt | None:
        """Return one more attempt of the task of *job* that its workers have had for long, of several the longest."""
        latest: dict[int, Attempt] = {}
        for seat in self.seats.values():
            one = seat.attempt
            if one is not None and one.job == job and (one.task not in latest or one.since > latest[one.task].since):
                latest[one.task] = one
        slow = [one for one in latest.values() if self.takes_long(one)]
        return self.attempt(job, min(slow, key=lambda one: one.since).task, is_copy=True) if slow else None

    def takes_long(self, attempt: Attempt) -> bool:
        """Return whether *attempt* counts, and takes longer than tasks of its job usually do."""
        job = self.jobs.get(attempt.job)
        if job is None or not job.counted or attempt.task in job.counted:
            return False
        return self.now() - attempt.since > self.PATIENCE * job.took_s / len(job.counted)

    def attempt(self, job: int, task: int, *, is_copy: bool = False) -> Attempt:
        """Return an attempt with a number of its own."""
        self.number += 1
        return Attempt(self.number, job, task, self.now(), is_copy)
