"""How records are changed: a planner makes plans, and several enactors carry them out, each for itself.

As in Amazon's account of the disruption in us-east-1 in October 2025. Enactors are redundant: each of them can be slow,
cut off or down, and the plan is carried out by another. So plans are carried out late, twice and out of order, and what
an enactor has found out before it acts may not be so any more when it acts: the one check that counts is the primary's.

A client is answered when the record was set by its plan or a newer one.
"""

from __future__ import annotations

from typing import Any

import attrs

from chaoslab.statemachine import Become, Context, Effect, Effects, Probe, Request, Send, SetTimer, reply
from chaoslab_protocols import records
from chaoslab_protocols.dns.messages import Cleanup, Current, Enact, Enacted, Inspect, Plan
from chaoslab_protocols.dns.settings import Layout

__all__ = ["ENACTOR", "PLANNER", "Enactor", "Planner"]

PLANNER = "planner"
ENACTOR = "enactor"


class Planner:
    """Makes a plan of each change, numbers it, and has it carried out. Probe: ``planned``: it is on the disk.

    Attributes:
        TICK_S: Seconds after which enactors are told again of plans that were not carried out.
        newest: The newest plan for each name.
        enacted: The number of the newest plan for each name that was carried out, as far as is known.
        open: The clients that wait: (name, version, client, request).
    """

    TICK_S = 0.1
    JOURNAL = "plans"

    def __init__(self, context: Context, layout: Layout) -> None:
        self.layout = layout
        self.version = 0
        self.newest: dict[str | None, Plan] = {}
        self.enacted: dict[str | None, int] = {}
        self.numbers: dict[str, int] = {}
        self.open: list[tuple[str | None, int, str, Request]] = []
        self.kept = [line for line in records.read(context.files.get(self.JOURNAL, b"")) if line is not None]
        for name, version, value, client, number in self.kept:
            self.take(Plan(name, version, value), client, number)

    def take(self, plan: Plan, client: str, number: int) -> None:
        self.version = plan.version
        self.newest[plan.name] = plan
        self.numbers[client] = number

    def start(self) -> Effects:
        """Begin with a journal that ends in a whole record, and have the newest plans carried out, perhaps again."""
        replaced = records.replace(self.JOURNAL, self.kept) if self.kept else []
        return [*replaced, Become(PLANNER), *self.remind()]

    def timer(self, name: str) -> Effects:
        return self.remind()

    def remind(self) -> list[Effect]:
        """Tell the enactors of every plan that is not known to be carried out."""
        plans = [plan for plan in self.newest.values() if plan.version > self.enacted.get(plan.name, 0)]
        sent = [Send(enactor, plan) for plan in plans for enactor in self.layout.enactors]
        return [*sent, SetTimer("tick", self.TICK_S)]

    def message(self, sender: str, message: Any) -> Effects:
        if isinstance(message, Request):
            return self.on_request(sender, message)
        return self.on_enacted(message) if isinstance(message, Enacted) else None

    def on_request(self, sender: str, request: Request) -> Effects:
        operation = request.body
        if operation.f not in ("write", "put"):
            return [reply(sender, request, error=f"a planner does not know {operation.f!r}")]
        if request.id <= self.numbers.get(sender, 0):
            return None  # it came twice
        plan = Plan(operation.key, self.version + 1, operation.value)
        self.take(plan, sender, request.id)
        self.open.append((plan.name, plan.version, sender, request))
        record = (plan.name, plan.version, plan.value, sender, request.id)
        told = [Send(enactor, plan) for enactor in self.layout.enactors]
        return [records.append(self.JOURNAL, [record]), Probe("planned"), *told]

    def on_enacted(self, message: Enacted) -> Effects:
        """Answer those whose change was carried out, or overtaken by a later one."""
        self.enacted[message.name] = max(message.version, self.enacted.get(message.name, 0))
        done = [one for one in self.open if one[0] == message.name and one[1] <= message.version]
        self.open = [one for one in self.open if one not in done]
        return [reply(client, request) for _, _, client, request in done]


@attrs.define
class Job:
    """A plan that an enactor is carrying out, and since when."""

    plan: Plan
    since: float


class Enactor:
    """Carries out one plan for a name at a time: looks whether it is news, enacts it, cleans up what is older.

    Attributes:
        PATIENCE_S: Seconds after which a job that nobody answered is given up for another.
    """

    PATIENCE_S = 0.3

    def __init__(self, context: Context, layout: Layout) -> None:
        self.layout = layout
        self.now = context.monotonic_time
        self.jobs: dict[str | None, Job] = {}

    def start(self) -> Effects:
        return [Become(ENACTOR)]

    def timer(self, name: str) -> Effects:
        return None

    def message(self, sender: str, message: Any) -> Effects:
        if isinstance(message, Plan):
            return self.on_plan(message)
        if isinstance(message, Current):
            return self.on_current(message)
        return self.on_enacted(message) if isinstance(message, Enacted) else None

    def on_plan(self, plan: Plan) -> Effects:
        """Begin with *plan*, unless another one for the name is being carried out."""
        job = self.jobs.get(plan.name)
        if job is not None and self.now() - job.since < self.PATIENCE_S:
            return None
        self.jobs[plan.name] = Job(plan, self.now())
        return [Send(self.layout.primary, Inspect(plan.name))]

    def on_current(self, message: Current) -> Effects:
        """Enact the plan if it is news; if not, it has been overtaken, and the planner may know."""
        job = self.jobs.get(message.name)
        if job is None:
            return None
        if message.version >= job.plan.version:
            del self.jobs[message.name]
            return [Send(self.layout.planner, Enacted(message.name, message.version))]
        return [Send(self.layout.primary, Enact(job.plan))]

    def on_enacted(self, message: Enacted) -> Effects:
        """Tell the planner, and delete the plans that are older."""
        self.jobs.pop(message.name, None)
        cleanup = Cleanup(message.name, message.version)
        return [Send(self.layout.planner, message), Send(self.layout.primary, cleanup)]
