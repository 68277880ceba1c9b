"""Hypothesis strategies: fault plans, schedules, operations and histories, and a state machine that drives a cluster.

::

    @settings(deadline=None)  # an example is a whole run
    @given(plan=fault_plans(nodes=3))
    def test_my_store(plan):
        assert cl.run_test(my_store, plan=plan).verdict == "valid"

Rules:

1. Every choice is Hypothesis's own: examples shrink, land in its database, and are found again there.
2. Faults keep within the usual budget, so that a failure is a bug.

Only this file imports Hypothesis. What HypoFuzz makes of such tests is in the how-to on Hypothesis.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import attrs
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from chaoslab.choices import Stream
from chaoslab.cluster import RequestClient, ScriptedOperation, key_names
from chaoslab.errors import UsageError, unknown_word
from chaoslab.faults.budget import Budget
from chaoslab.history import History
from chaoslab.nemesis import Plan, Scene, Schedule, Step
from chaoslab.plugins import registry
from chaoslab.scenario import Scenario
from chaoslab.statemachine import Invocation
from chaoslab.trial import Setup, run_trial
from chaoslab.units import NS_PER_S, seconds_to_ns

__all__ = ["ClusterMachine", "fault_plans", "faults", "histories", "operations", "schedules"]

_MS = NS_PER_S // 1000
_UNIT = st.floats(min_value=0.0, max_value=1.0, exclude_max=True)


def _stream(draw: Callable[[Any], Any]) -> Stream:
    """Return a stream whose draws are Hypothesis's."""
    return Stream("hypothesis", lambda name: lambda: draw(_UNIT))


def _scene(nodes: int, seconds: float) -> Scene:
    return Scene(
        nodes=tuple(f"n{number}" for number in range(1, nodes + 1)),
        duration_ns=seconds_to_ns(seconds),
        budget=Budget(),
        kinds=registry().faults,
    )


def _kinds(names: Sequence[str], nodes: int) -> list[str]:
    plugins, scene = registry(), _scene(nodes, 1.0)
    for name in names:
        if name not in plugins.faults:
            raise UsageError(unknown_word("fault", name, plugins.faults), key="kinds")
    middle = Stream("middle", lambda name: lambda: 0.5)

    def usable(name: str) -> bool:
        fault = plugins.faults[name].drawn(scene, middle) if hasattr(plugins.faults[name], "drawn") else None
        return fault is not None and Budget().refusal(fault, nodes, down=1, forgetful=1) is None

    return [name for name in (names or plugins.faults) if usable(name)]


@st.composite
def faults(draw: Any, nodes: int = 3, seconds: float = 10.0, kinds: Sequence[str] = ()) -> Any:
    """Return faults of plausible strength.

    Args:
        draw: Hypothesis's.
        nodes: How many nodes there are.
        seconds: How long the run is.
        kinds: Names of kinds; all that the usual budget allows if left out.
    """
    kind = registry().faults[draw(st.sampled_from(_kinds(kinds, nodes)))]
    fault = kind.drawn(_scene(nodes, seconds), _stream(draw))
    if fault is None or Budget().refusal(fault, nodes, down=1, forgetful=1) is not None:
        from hypothesis import reject

        reject()
    return fault


@st.composite
def schedules(draw: Any, seconds: float = 10.0) -> Schedule:
    """Return schedules: once, or again and again, within *seconds*."""
    whole_ms = int(seconds * 1000)
    for_ms = draw(st.integers(1, max(1, whole_ms // 2)))
    if draw(st.booleans()):
        return Schedule(every_ns=_MS * draw(st.integers(for_ms, whole_ms)), for_ns=_MS * for_ms)
    return Schedule(at_ns=_MS * draw(st.integers(0, whole_ms - 1)), for_ns=_MS * for_ms)


@st.composite
def fault_plans(
    draw: Any, nodes: int = 3, seconds: float = 10.0, kinds: Sequence[str] = (), faults_max: int = 5
) -> Plan:
    """Return fault plans: up to *faults_max* faults, each with its target, beginning and end.

    Args:
        draw: Hypothesis's.
        nodes: How many nodes there are.
        seconds: How long faults may come and go.
        kinds: Names of kinds; all that the usual budget allows if left out.
        faults_max: How many faults at most.
    """
    steps = []
    whole_ms = int(seconds * 1000)
    for number in range(draw(st.integers(0, faults_max))):
        fault = draw(faults(nodes, seconds, kinds))
        target = draw(st.sampled_from([f"n{one}" for one in range(1, nodes + 1)])) if fault.needs_target else ""
        begin_ms = draw(st.integers(0, whole_ms - 1))
        end_ms = draw(st.integers(begin_ms + 1, whole_ms))
        steps.append(
            Step(
                name=f"{fault.kind} {number + 1}",
                fault=fault,
                target=target,
                begin_ns=_MS * begin_ms,
                end_ns=_MS * end_ms,
            )
        )
    return tuple(sorted(steps, key=lambda step: step.begin_ns))


@st.composite
def operations(
    draw: Any, clients: int = 3, keys: int = 2, seconds: float = 5.0, operations_max: int = 20
) -> tuple[ScriptedOperation, ...]:
    """Return what clients of registers do: reads, and writes of unique values, in order of time."""
    count = draw(st.integers(1, operations_max))
    moments = sorted(draw(st.lists(st.integers(0, int(seconds * 1000)), min_size=count, max_size=count)))
    made = []
    for number, at_ms in enumerate(moments, start=1):
        key = draw(st.sampled_from(key_names(keys)))
        invocation = (
            Invocation(f="read", key=key) if draw(st.booleans()) else Invocation(f="write", key=key, value=number)
        )
        made.append(
            ScriptedOperation(at_ns=_MS * at_ms, client=draw(st.integers(0, clients - 1)), invocation=invocation)
        )
    return tuple(made)


@st.composite
def histories(draw: Any, processes: int = 3, keys: int = 1, operations_max: int = 12) -> History:
    """Return well-formed histories of registers, consistent or not: what a checker must be able to judge."""
    history = History()
    open_operations: dict[int, Invocation] = {}
    names = list(range(processes))
    written: dict[str, list[int]] = {key: [] for key in key_names(keys)}
    made = time_ns = 0
    for _ in range(draw(st.integers(0, 2 * operations_max))):
        time_ns += 1
        slot = draw(st.integers(0, processes - 1))
        process = names[slot]
        if process not in open_operations:
            key = draw(st.sampled_from(key_names(keys)))
            made += 1
            if draw(st.booleans()):
                invocation = Invocation(f="read", key=key)
            else:
                invocation = Invocation(f="write", key=key, value=made)
                written[key].append(made)
            open_operations[process] = invocation
            history.invoke(process, invocation.f, invocation.key, invocation.value, time_ns=time_ns)
            continue
        invocation = open_operations.pop(process)
        ending = draw(st.sampled_from(["ok", "ok", "ok", "fail", "info"]))
        value = invocation.value
        if invocation.f == "read" and ending == "ok":
            value = draw(st.sampled_from([None, *written[invocation.key]]))
        history.complete(process, ending, value, None, time_ns=time_ns)
        if ending == "info":
            names[slot] += processes  # the process is retired
    return history


class ClusterMachine(RuleBasedStateMachine):
    """A state machine whose rules ask, wait, break and heal; when it has ended, the cluster does all of it.

    ::

        class StoreMachine(ClusterMachine):
            code = Store

        TestStore = StoreMachine.TestCase

    Attributes:
        code: What the nodes run.
        client: The code of clients.
        nodes: How many nodes.
        clients: How many clients.
        kinds: Kinds of fault; all that the usual budget allows if empty.
        consistency: The levels that must hold.
    """

    code: ClassVar[Any] = None
    client: ClassVar[Any] = RequestClient
    nodes: ClassVar[int] = 3
    clients: ClassVar[int] = 3
    kinds: ClassVar[tuple[str, ...]] = ()
    consistency: ClassVar[tuple[str, ...]] = ("linearizable",)

    def __init__(self) -> None:
        super().__init__()
        if self.code is None:
            raise UsageError(f"say what the nodes of {type(self).__name__} run: code = MyReplica.")
        self.now_ns = 0
        self.asked: list[ScriptedOperation] = []
        self.steps: list[Step] = []

    def _ask(self, client: int, invocation: Invocation) -> None:
        self.asked.append(ScriptedOperation(at_ns=self.now_ns, client=client % self.clients, invocation=invocation))
        self.now_ns += _MS

    @rule(client=st.integers(0, 9), key=st.sampled_from(key_names(2)))
    def read(self, client: int, key: str) -> None:
        """A client reads."""
        self._ask(client, Invocation(f="read", key=key))

    @rule(client=st.integers(0, 9), key=st.sampled_from(key_names(2)))
    def write(self, client: int, key: str) -> None:
        """A client writes a value that nobody else writes."""
        self._ask(client, Invocation(f="write", key=key, value=len(self.asked) + 1))

    @rule(ms=st.integers(1, 2000))
    def wait(self, ms: int) -> None:
        """Time passes."""
        self.now_ns += _MS * ms

    @rule(data=st.data())
    def break_something(self, data: st.DataObject) -> None:
        """A fault begins."""
        fault = data.draw(faults(self.nodes, kinds=self.kinds))
        names = [f"n{number}" for number in range(1, self.nodes + 1)]
        target = data.draw(st.sampled_from(names)) if fault.needs_target else ""
        name = f"{fault.kind} {len(self.steps) + 1}"
        self.steps.append(
            Step(name=name, fault=fault, target=target, begin_ns=self.now_ns, end_ns=self.now_ns + 3600 * NS_PER_S)
        )

    @rule()
    def heal(self) -> None:
        """Every fault ends."""
        self.steps = [attrs.evolve(step, end_ns=min(step.end_ns, self.now_ns)) for step in self.steps]

    def teardown(self) -> None:
        """Let a cluster do it, and judge what its clients saw.

        Raises:
            Exception: what went wrong, as in any test.
        """
        if not self.asked:
            return
        end_ns = self.now_ns + NS_PER_S
        scenario = Scenario(
            protocol="",
            nodes=self.nodes,
            workload="register",
            clients=self.clients,
            operations=tuple(self.asked),
            duration_ns=end_ns,
            settle_ns=NS_PER_S,
        )
        steps = tuple(attrs.evolve(step, end_ns=min(step.end_ns, end_ns)) for step in self.steps)

        async def test(cluster: Any) -> None:
            cluster.start(type(self).code, nodes=self.nodes, client=type(self).client)
            await cluster.drive()

        setup = Setup(nodes=self.nodes, faults=(), consistency=self.consistency)
        trial = run_trial(test, setup, 0, scenario=scenario, plan=steps)
        unknown = trial.run.checks and trial.run.checks[-1].name == "activity"  # nothing was answered: shows nothing
        if trial.error is not None and not unknown:
            raise trial.error
