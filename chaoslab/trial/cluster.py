"""The cluster of a trial: what ``cluster.start(MyReplica)`` and ``await cluster.drive()`` mean.

Rules:

1. ``drive()`` is what the run of a scenario is: clients work while the faults that the seed drew come and go, then
   everything is healed, clients go on for a while, and every key is read once more.
2. Faults are drawn only in a test's first drive, and only if the test has brought about none of its own before.
3. A test that makes no check of its own must have seen what its setup promises, and must have recovered.
4. A scenario, if one is given, replaces what would be drawn: that is how a trial is shrunk and replayed.

This file does not know who writes tests, nor how they are shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

import attrs
import trio

from chaoslab import local_code
from chaoslab.checkers import Verdict
from chaoslab.checkers.registry import check
from chaoslab.cluster import Cluster, Drive, Injection, RequestClient, Script, Workload, key_names
from chaoslab.cluster.arguments import verdict_of
from chaoslab.errors import ConsistencyViolation, UsageError
from chaoslab.history import History
from chaoslab.nemesis import Budget, Nemesis, NotDone, Plan, Scene
from chaoslab.plugins import Protocol, Registry
from chaoslab.runs import drawn_plan
from chaoslab.scenario import Scenario
from chaoslab.scenario.scenario import DEFAULT_LATENCY, Expect
from chaoslab.service_levels import recovery_ns
from chaoslab.sim import Engine
from chaoslab.trial.setup import Setup, count, positive
from chaoslab.units import NS_PER_S, format_duration, seconds_to_ns

__all__ = ["TrialCluster", "protocol_name"]

_LAST_OPERATIONS_S = 30.0
_DRIVE = "cluster.drive"
_NOT_STARTED = "this cluster has no nodes yet: call cluster.start(MyReplica, nodes=3) first."


class TrialCluster(Cluster):
    """A cluster that knows what its test left unsaid.

    Args:
        engine: The simulation.
        setup: What the test said beforehand.
        plugins: Where names are looked up.
        scenario: What to do instead of drawing faults and operations, or None.
        plan: The fault plan to use instead of one drawn from the seed, or None.

    Attributes:
        checks: Every verdict so far.
        scenario: What the first drive did, as a scenario; None before it.
        plan: Its fault plan.
        nemesis: Who carries it out, or None.
    """

    def __init__(
        self,
        engine: Engine,
        setup: Setup,
        plugins: Registry,
        *,
        scenario: Scenario | None = None,
        plan: Plan | None = None,
    ) -> None:
        super().__init__(engine, latency=DEFAULT_LATENCY if scenario is None else scenario.latency)
        self.checks: list[Verdict] = []
        self.scenario: Scenario | None = None
        self.plan: Plan = ()
        self.nemesis: Nemesis | None = None
        self.drives = 0
        self.workload: Workload | None = None
        self._setup = setup
        self._plugins = plugins
        self._given = scenario
        self._given_plan = plan
        self._protocol: Protocol | None = None
        self._checked = False
        self._drives_asked = 0

    @property
    def code(self) -> Any:
        """What the nodes run, or None before they are started."""
        return self._code

    def start(
        self,
        code: Any,
        *,
        nodes: int | None = None,
        client: Any = RequestClient,
        settings: Any = None,
        budget: Budget | None = None,
    ) -> None:
        """Start the nodes; see ``Cluster.start``.

        Args:
            code: As there. It may be a ``Protocol``, too: faults stay within its budget then, its clients work, and
                what it claims must hold if the marker names no level.
            nodes: How many; without it, as many as the test's marker says: usually 3.
            client: As there.
            settings: As there.
            budget: What the nodes are to survive; without it, what the protocol says, or the usual budget.

        Raises:
            UsageError: as there; or a level that is claimed, or a fault of storage in the budget, does not exist.
        """
        if budget is not None:
            code = _with_budget(code, budget)
        if isinstance(code, Protocol):
            self._plugins.refuse_promises(code)
            self._protocol = code
            self.leader, self.versions, self.administers = code.leader, code.versions, code.administers
            client = code.client if client is RequestClient else client
            settings = code.settings() if settings is None and code.settings is not None else settings
            code = code.replica
        if nodes is None:
            nodes = self._setup.nodes
        if self._given is not None:
            nodes = min(nodes, self._given.nodes)
        super().start(code, nodes=nodes, client=client, settings=settings)

    def drive(
        self,
        workload: Workload | str | None = None,
        *,
        seconds: float | None = None,
        clients: int | None = None,
        rate: float | None = None,
        keys: int | None = None,
    ) -> Coroutine[Any, Any, None]:
        """Let clients work while faults come and go, heal everything, let it settle, and read everything once more.

        What is left out is as the test's marker says: registers, 4 clients, 50 operations a second on 3 keys for 10
        seconds, under a swarm of faults within the usual budget.

        Args:
            workload: What clients do, or the name of a workload.
            seconds: Virtual time; faults come and go during it.
            clients: How many.
            rate: Operations a second of all together.
            keys: How many keys they work on.

        Raises:
            UsageError: nothing has been started, or an argument makes no sense.
        """
        if not self.nodes:
            raise UsageError(_NOT_STARTED)
        setup = self._setup
        if workload is None or isinstance(workload, str):
            workload = self._plugins.workload(workload or setup.workload)
        elif not isinstance(workload, Workload):
            raise UsageError(
                f'{workload!r} is no workload: write cl.workload("register"), or give a cl.Workload.', key=_DRIVE
            )
        self._drives_asked += 1
        told = Scenario(
            title="",
            duration_ns=seconds_to_ns(setup.seconds if seconds is None else positive("seconds", seconds, key=_DRIVE)),
            settle_ns=seconds_to_ns(setup.settle),
            protocol=protocol_name(self._code),
            nodes=len(self.nodes),
            workload=workload.name,
            clients=setup.clients if clients is None else count("clients", clients, key=_DRIVE),
            rate=setup.rate if rate is None else positive("rate", rate, key=_DRIVE),
            keys=setup.keys if keys is None else count("keys", keys, key=_DRIVE),
            expect=Expect(consistency=self._levels),
        )
        return self._drive(workload, told)

    async def _drive(self, workload: Workload, told: Scenario) -> None:
        self.workload = workload
        self.drives += 1
        begin_ns = self.engine.now_ns
        told = attrs.evolve(told, duration_ns=begin_ns + told.duration_ns, nemeses=self._programs())
        scenario = told
        if self.drives == 1:
            scenario = self.scenario = told if self._given is None else self._as_given(told, self._given)
        elif self._given is not None and self._given.operations:
            raise UsageError("a test that drives several times cannot be given a script of operations.")
        faulty = bool(scenario.faults or scenario.nemeses or self._given_plan) and self.drives == 1
        if faulty:
            self.nemesis = self._nemesis(scenario, begin_ns)
        await self._work(workload, scenario, faulty=faulty)

    @property
    def _levels(self) -> tuple[str, ...]:
        """What must hold of a test that makes no check of its own."""
        claims = () if self._protocol is None else self._protocol.claims
        return self._setup.consistency or claims or ("linearizable",)

    def _programs(self) -> tuple[Any, ...]:
        """Return the programs from which faults are drawn: none if the test does that itself."""
        words = self._setup.faults
        if not words or self.injections or self.drives > 1:
            return ()
        programs = [self._plugins.nemeses[word]() for word in words if word in self._plugins.nemeses]
        kinds = tuple(word for word in words if word not in self._plugins.nemeses)
        if kinds:
            programs.append(self._plugins.nemeses["swarm"](kinds=kinds, share=1.0))
        return tuple(programs)

    def _as_given(self, told: Scenario, given: Scenario) -> Scenario:
        """Return *given*, which cannot change what this run is about."""
        return attrs.evolve(given, protocol=told.protocol, nodes=len(self.nodes), workload=told.workload)

    def _nemesis(self, scenario: Scenario, begin_ns: int) -> Nemesis:
        protocol = self._protocol or Protocol(
            name=scenario.protocol, summary="", replica=self._code, serves=(scenario.workload,), claims=()
        )
        plan = self._given_plan
        if plan is None:
            shorter = attrs.evolve(scenario, duration_ns=scenario.duration_ns - begin_ns if scenario.nemeses else
                                   scenario.duration_ns)  # fmt: skip
            self._refuse_idle_programs(shorter, protocol)
            plan = drawn_plan(shorter, protocol, self._plugins, self.engine.choices)
            if scenario.nemeses and begin_ns:
                plan = tuple(
                    attrs.evolve(step, begin_ns=step.begin_ns + begin_ns, end_ns=step.end_ns + begin_ns)
                    for step in plan
                )
        self.plan = plan
        nemesis = Nemesis(self, plan, None if scenario.beyond_budget else protocol.budget)
        nemesis.begin()
        return nemesis

    def _refuse_idle_programs(self, scenario: Scenario, protocol: Protocol) -> None:
        """Refuse faults that were asked for and can never happen: a test that passes without them shows nothing."""
        scene = Scene.of(
            protocol, nodes=scenario.nodes, duration_ns=scenario.duration_ns, zones=scenario.zones,
            beyond_budget=scenario.beyond_budget, kinds=self._plugins.faults,
        )  # fmt: skip
        swarm = self._plugins.nemeses["swarm"]
        kinds = [word for word in self._setup.faults if word not in self._plugins.nemeses]
        each = [swarm(kinds=(kind,)) for kind in kinds if scenario.nemeses and self._setup.each_fault_counts]
        for program in (*scenario.nemeses, *each):
            try:
                program.check(scene)
            except UsageError as error:
                raise UsageError(error.message, key="@pytest.mark.chaoslab: faults") from None

    async def _work(self, workload: Workload, scenario: Scenario, *, faulty: bool) -> None:
        clients = self.add_clients(scenario.clients)
        end_s, settle_s = scenario.duration_ns / NS_PER_S, scenario.settle_ns / NS_PER_S
        idle, finished = trio.Event(), trio.Event()
        if scenario.operations:
            Script(self.engine, scenario.operations, clients).begin(idle.set)
            finished.set()
        else:
            drive = Drive(self.engine, workload, clients, keys=key_names(scenario.keys), rate=scenario.rate)
            drive.begin()
        await trio.sleep_until(end_s)
        if faulty:
            self.heal_all()
            await trio.sleep(settle_s)
        with trio.move_on_after(_LAST_OPERATIONS_S):
            if not scenario.operations:
                drive.stop(idle.set)
                await idle.wait()
                drive.finish(finished.set)
            await idle.wait()
            await finished.wait()

    # Verdicts

    def check(self, *checks: Callable[[History], Verdict]) -> None:
        """Require that the history passes *checks*.

        Raises:
            ConsistencyViolation: one is violated, or could not be decided.
            UsageError: nothing has been started.
        """
        if not self.nodes:
            raise UsageError(_NOT_STARTED)
        self._checked = True
        self._require_awaited_drives()
        for one in checks:
            self._require(verdict_of(one, self.history))
        self._require_activity()

    def _require_awaited_drives(self) -> None:
        if self._drives_asked > self.drives:
            raise UsageError(
                "cluster.drive() was called and never awaited, so nothing ran: write await cluster.drive()."
            )

    def _require_activity(self) -> None:
        if "ok" not in self.history.types:
            self._require(Verdict(outcome="unknown", name="activity", summary=_nothing_happened(self.history)))

    def _require(self, verdict: Verdict) -> None:
        self.checks.append(verdict)
        if verdict.outcome != "valid":
            raise ConsistencyViolation(f"{verdict.name}: {verdict.outcome}. {verdict.summary}")

    def finish(self) -> None:
        """The test has ended: check what it left unchecked.

        Raises:
            ConsistencyViolation: what the setup promises does not hold.
        """
        self._require_awaited_drives()
        scenario, workload = self.scenario, self.workload
        if self._checked or scenario is None or workload is None:
            return
        for verdict in workload.checks(self.history, key_names(scenario.keys), workload.given):
            self._require(verdict)  # first: that money was lost says more than that no order explains a balance
        model = self._plugins.model(workload.model)
        for verdict in check(self.history, model=model, levels=scenario.expect.consistency or self._levels):
            self._require(verdict)
        self._require_activity()
        if self.drawn and not scenario.operations:
            self._require(self._recovery(scenario))

    def _recovery(self, scenario: Scenario) -> Verdict:
        took_ns = recovery_ns(self.history, scenario.duration_ns)
        holds = took_ns is not None and took_ns <= scenario.settle_ns
        after = "no operation succeeded" if took_ns is None else f"the first succeeded {format_duration(took_ns)}"
        summary = f"{after} after the last heal, within {format_duration(scenario.settle_ns)} was expected."
        return Verdict(outcome="valid" if holds else "invalid", name="recovery", summary=summary)

    @property
    def drawn(self) -> tuple[Injection, ...]:
        """The faults that the test did not bring about itself."""
        return () if self.nemesis is None else self.nemesis.injections

    @property
    def not_done(self) -> tuple[NotDone, ...]:
        """The steps of the plan that did not happen."""
        return () if self.nemesis is None else tuple(self.nemesis.not_done)


def _nothing_happened(history: History) -> str:
    """Return why nothing is known, in words, of a *history* without a success."""
    operations = history.operations()
    if not operations:
        return "clients asked for nothing: that shows nothing."
    errors = Counter(operation.error or "no answer" for operation in operations)
    (most, often), *_ = errors.most_common(1)
    return f"none of {len(operations)} operations succeeded ({often} times: {most}): that shows nothing."


def _with_budget(code: Any, budget: Budget) -> Protocol:
    """Return *code* as a protocol that survives what *budget* says."""
    if isinstance(code, Protocol):
        return attrs.evolve(code, budget=budget)
    return Protocol(name=protocol_name(code), summary="", replica=code, serves=(), claims=(), budget=budget)


def protocol_name(code: Any) -> str:
    """Return what a scenario calls the code of a test's nodes: where it stands, or a mere name."""
    return local_code.name_of(code) or str(getattr(code, "__name__", type(code).__name__)).strip("<>")
