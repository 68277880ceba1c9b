"""What a test gives wrongly to its cluster is refused in one sentence, and a test that shows nothing does not pass."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

import chaoslab as cl
from tests.trial.stores import OneCopy

pytestmark = pytest.mark.chaoslab(seconds=1, rate=20, faults="none", nodes=1)


async def serve(node: cl.Node) -> None:
    await OneCopy().serve(node)


def not_async(node: Any) -> None:
    node.recv()


def nothing(node: Any) -> None:
    pass


def raises_itself(context: cl.Context) -> Any:
    return context.name.no_such_thing  # type: ignore[attr-defined]


def not_async_client(node: Any, op: Any) -> None:
    pass


def run(function: Callable[[Any], Any]) -> cl.Run:
    async def test(cluster: Any) -> None:
        await function(cluster)

    return cl.run_test(test)


STARTS: dict[str, tuple[Callable[[Any], None], str]] = {
    "called": (lambda cluster: cluster.start(serve(None)), "serve was called already: write serve, without paren"),  # type: ignore[arg-type]
    "nothing": (lambda cluster: cluster.start(7), "7 is no code of nodes: that is an async function, a class with"),
    "not async": (lambda cluster: cluster.start(not_async), "is async missing before def not_async?"),
    "no machine": (lambda cluster: cluster.start(nothing), "is async missing before def nothing?"),
    "nodes": (lambda cluster: cluster.start(serve, nodes="3"), "cluster.start: nodes='3' is not a whole number"),
    "client": (lambda cluster: cluster.start(serve, client=not_async_client), "write async def call(node, invocation)"),
}


@pytest.mark.parametrize("what", STARTS)
def test_what_nodes_and_clients_cannot_be_is_refused_at_the_start(what: str) -> None:
    """With what it was taken for, and what it should be."""
    start, words = STARTS[what]

    async def test(cluster: Any) -> None:
        start(cluster)

    with pytest.raises(cl.UsageError, match=words.replace("(", r"\(").replace(")", r"\)").replace("?", r"\?")):
        run(test)


def test_a_factory_with_a_mistake_of_its_own_is_not_taken_for_something_else() -> None:
    """Its own error is told."""

    async def test(cluster: Any) -> None:
        cluster.start(raises_itself)

    (check,) = run(test).checks
    assert check.name == "node-error"
    assert "has no attribute 'no_such_thing'" in check.summary


DRIVES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "name": (
        lambda cluster: cluster.drive(7),
        r"7 is no workload: write cl.workload\(\"register\"\)",
    ),
    "text": (lambda cluster: cluster.drive(seconds="10s"), r"cluster.drive: seconds='10s' is not a number above zero"),
    "zero": (lambda cluster: cluster.drive(clients=0), r"cluster.drive: clients=0 is not a whole number from 1"),
}


@pytest.mark.parametrize("what", DRIVES)
def test_what_nobody_can_drive_with_is_refused(what: str) -> None:
    """As in the marker: what was given, and what is allowed."""
    drive, words = DRIVES[what]

    async def test(cluster: Any) -> None:
        cluster.start(OneCopy)
        await drive(cluster)

    with pytest.raises(cl.UsageError, match=words):
        run(test)


CHECKS: dict[str, tuple[Any, str]] = {
    "name": ("linearizable", r"'linearizable' is no check: write one such as cl.linearizable\(\)"),
    "not called": (cl.linearizable, r"this check was not called: write cluster.check\(cl.linearizable\(\)\)"),
    "level": (cl.consistency, r"write cluster.check\(cl.consistency\(level\)\)"),
    "bool": (lambda history: True, r"the check <lambda> returned True: a check returns a cl.Verdict"),
}


@pytest.mark.parametrize("what", CHECKS)
def test_what_is_no_check_is_refused(what: str) -> None:
    """With what to write instead."""
    check, words = CHECKS[what]

    async def test(cluster: Any) -> None:
        cluster.start(OneCopy)
        await cluster.drive()
        cluster.check(check)

    with pytest.raises(cl.UsageError, match=words):
        run(test)


def test_a_check_with_the_model_of_other_operations_names_the_one_that_fits() -> None:
    """Registers are what is meant if nobody says otherwise."""

    async def test(cluster: Any) -> None:
        cluster.start(OneCopy)
        await cluster.drive(cl.workload("queue"))
        cluster.check(cl.linearizable())

    with pytest.raises(
        cl.HistoryError, match=r'does not know dequeue, .*: write cl.consistency\("linearizable", "queue"\)'
    ):
        run(test)


def test_what_is_no_fault_is_refused() -> None:
    """A name is not enough."""

    async def test(cluster: Any) -> None:
        cluster.start(OneCopy)
        with cluster.faults("partition"):
            await cluster.drive()

    with pytest.raises(cl.UsageError, match=r"'partition' is no fault: write one such as cl.partition"):
        run(test)


@pytest.mark.parametrize("checked", [False, True])
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
def test_a_drive_that_nobody_awaits_is_no_test_that_passes(checked: bool) -> None:
    """Nothing ran, whatever is checked afterwards."""

    async def test(cluster: Any) -> None:
        cluster.start(OneCopy)
        cluster.drive()
        if checked:
            cluster.check(cl.linearizable())

    with pytest.raises(cl.UsageError, match=r"never awaited, so nothing ran: write await cluster.drive"):
        run(test)


def test_a_check_of_nothing_shows_nothing() -> None:
    """A history without operations is no reason to pass, though every level holds of it."""

    async def test(cluster: Any) -> None:
        cluster.start(OneCopy)
        cluster.check(cl.linearizable())

    found = run(test)
    assert found.verdict == "unknown"
    assert found.checks[-1].summary == "clients asked for nothing: that shows nothing."


async def silent(node: cl.Node) -> None:
    async for _ in node:
        pass


def test_it_is_told_why_no_operation_succeeded() -> None:
    """How many there were, and what they ended with."""

    async def test(cluster: Any) -> None:
        cluster.start(silent)
        await cluster.drive()

    check = run(test).checks[-1]
    assert check.name == "activity"
    assert "operations succeeded" in check.summary
    assert "times: timed out" in check.summary


async def answer() -> int:
    return 7


async def awaits_nothing(node: cl.Node) -> None:
    async for message in node:
        message.reply(answer())


async def replies_a_lock(node: cl.Node) -> None:
    lock = threading.Lock()
    async for message in node:
        message.reply(lock)


async def writes_text(node: cl.Node) -> None:
    async for message in node:
        node.disk.write("log", message.body.key)
        message.reply()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (writes_text, "log was to hold 'x': a disk takes bytes, such as text.encode()"),
        (awaits_nothing, "is await missing before answer(...)?"),
        (replies_a_lock, "cannot be sent (cannot pickle '_thread.lock' object): a message is a copy"),
    ],
)
def test_what_cannot_be_sent_or_written_is_told_as_such(code: Any, words: str) -> None:
    """In words, instead of what copying it stumbled over."""

    async def test(cluster: Any) -> None:
        cluster.start(code)
        await cluster.drive()

    assert words in run(test).checks[-1].summary


@pytest.mark.chaoslab(faults="crash amnesia", nodes=1)
async def crash_of_one(cluster: Any) -> None:
    cluster.start(OneCopy)
    await cluster.drive(seconds=1)


def test_faults_that_can_never_happen_are_refused() -> None:
    """A test that passes because none of its faults was within the budget would show nothing."""
    with pytest.raises(cl.UsageError, match=r"no fault of these kinds is within .*(crash|amnesia): "):
        cl.run_test(crash_of_one)


@pytest.mark.chaoslab(faults="drop torn-write latency", nodes=1)
async def torn_writes_of_one(cluster: Any) -> None:
    cluster.start(OneCopy)
    await cluster.drive(seconds=1)


def test_each_fault_that_a_test_names_must_be_possible() -> None:
    """Its nodes promise nothing about their disks, so the writes that the test is about would never be torn."""
    with pytest.raises(cl.UsageError, match=r"torn-write: of the faults of storage it survives none"):
        cl.run_test(torn_writes_of_one)


ALL_DOWN = cl.Protocol(
    name="one-copy",
    summary="",
    replica=OneCopy,
    serves=("register",),
    claims=("eventual",),
    budget=cl.Budget(down="all"),
)


@pytest.mark.chaoslab(faults="crash", nodes=1)
async def crash_of_all(cluster: Any) -> None:
    cluster.start(ALL_DOWN)
    await cluster.drive(seconds=5)


@pytest.mark.chaoslab(faults="crash", nodes=1)
async def crash_of_bare_code(cluster: Any) -> None:
    cluster.start(OneCopy, budget=cl.Budget(down="all"))
    await cluster.drive(seconds=5)


@pytest.mark.chaoslab(faults="crash", nodes=1)
async def no_crash_of_all(cluster: Any) -> None:
    cluster.start(ALL_DOWN, budget=cl.Budget(down="none"))
    await cluster.drive(seconds=5)


async def a_budget_of_what_is_not_there(cluster: Any) -> None:
    cluster.start(OneCopy, budget=cl.Budget(storage=("torn",)))


def test_a_budget_can_be_given_where_nodes_are_started() -> None:
    """Of bare code and of a protocol, and it is looked at as that of a protocol is."""
    found = cl.run_test(crash_of_bare_code)
    assert {injection.fault.kind for injection in found.injections} == {"crash"}
    assert [check.name for check in found.checks][:1] == ["linearizable"]
    with pytest.raises(cl.UsageError, match="no fault of these kinds is within what the nodes promise to survive"):
        cl.run_test(no_crash_of_all)
    with pytest.raises(cl.UsageError, match="unknown kind of storage fault 'torn'"):
        cl.run_test(a_budget_of_what_is_not_there)


def test_a_protocol_brings_its_budget_and_its_claims() -> None:
    """Its nodes may crash as far as it says, and what it claims is what must hold."""
    found = cl.run_test(crash_of_all)
    assert {injection.fault.kind for injection in found.injections} == {"crash"}
    assert [check.name for check in found.checks][:1] == ["eventual"]


@pytest.mark.parametrize(
    ("promise", "told"),
    [
        ({"claims": ("linearisable",)}, "mine: claims: unknown consistency level 'linearisable'; did you mean"),
        ({"claims": "linearizable"}, "mine: claims: these are several words, such as ('linearizable',)"),
        ({"budget": cl.Budget(storage=("torn",))}, "mine: budget.storage: unknown kind of storage fault 'torn'"),
    ],
)
def test_a_promise_that_does_not_exist_is_refused_before_anything_runs(promise: dict[str, Any], told: str) -> None:
    """It would never be held to it: a typing error would look like a protocol that survives everything."""

    async def serve(node: cl.Node) -> None:
        raise AssertionError("nothing was to run")

    given = {"claims": ("linearizable",), **promise}
    mine = cl.Protocol(name="mine", summary="", replica=serve, serves=("register",), **given)

    async def test(cluster: cl.Cluster) -> None:
        cluster.start(mine)
        await cluster.drive()

    with pytest.raises(cl.UsageError) as refused:
        cl.run_test(test)
    assert told in str(refused.value)


def test_a_workload_may_be_named() -> None:
    async def serve(node: cl.Node) -> None:
        async for message in node:
            message.reply(None)

    async def test(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=1)
        await cluster.drive("queue", seconds=1)

    assert cl.run_test(test).scenario.workload == "queue"


def test_a_workload_that_there_is_not_is_refused_with_the_nearest() -> None:
    async def test(cluster: cl.Cluster) -> None:
        cluster.start(OneCopy, nodes=1)
        await cluster.drive("lokc", seconds=1)

    with pytest.raises(cl.UsageError, match="did you mean 'lock'"):
        cl.run_test(test)
