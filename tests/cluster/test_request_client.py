"""What the usual client makes of a node's answers: a single correct copy is judged valid, whatever it is asked for."""

from __future__ import annotations

from typing import Any

import pytest

import chaoslab as cl


class OneCopy:
    """Answers every operation as the table in the how-to says."""

    async def serve(self, node: cl.Node) -> None:
        self.objects: dict[Any, Any] = {}
        async for message in node:
            message.reply(self.answer(message.body))

    def answer(self, op: cl.Invocation) -> Any:
        objects = self.objects
        match op.f:
            case "write" | "put":
                objects[op.key] = op.value
            case "read" | "get" if op.value is None:
                return objects.get(op.key)
            case "cas":
                expected, new = op.value
                if objects.get(op.key) == expected:
                    objects[op.key] = new
                    return True
                return False
            case "enqueue":
                objects.setdefault(op.key, []).append(op.value)
                return "queued"
            case "dequeue":
                return objects[op.key].pop(0) if objects.get(op.key) else None
            case "increment":
                objects[op.key] = (objects.get(op.key) or 0) + 1
                return objects[op.key]
            case "txn":
                return [self.micro(*one) for one in op.value]
            case "transfer":
                source, target, amount = op.value
                if objects.setdefault(source, 10) < amount:
                    return False
                objects[source] -= amount
                objects[target] = objects.setdefault(target, 10) + amount
            case "read":
                return {account: objects.setdefault(account, 10) for account in op.value}
        return None

    def micro(self, f: str, key: str, value: Any) -> list[Any]:
        if f == "append":
            self.objects.setdefault(key, []).append(value)
            return [f, key, value]
        return [f, key, list(self.objects.get(key, []))]


class Forgetful(OneCopy):
    """Gets every second answer wrong: what it should show, it does not."""

    def answer(self, op: cl.Invocation) -> Any:
        seen = super().answer(op)
        match seen:
            case int() if seen is not True and seen is not False:
                return seen + 1000
            case [*micro]:
                return [[f, key, value if f == "append" else []] for f, key, value in micro]
            case dict():
                return dict.fromkeys(seen, 7)
        return seen


async def work(cluster: cl.Cluster, code: Any, workload: str) -> None:
    cluster.start(code, nodes=1)
    await cluster.drive(cl.workload(workload), seconds=2, rate=40, keys=2)


LEVELS = {
    "register": "linearizable",
    "cas-register": "linearizable",
    "kv": "linearizable",
    "queue": "linearizable",
    "lock": "linearizable",
    "bank": "linearizable",
    "list-append": "strict-serializable",
}


@pytest.mark.parametrize("workload", LEVELS)
def test_one_copy_that_answers_is_judged_right(workload: str) -> None:
    """What a dequeue took, a transaction read and a refused transfer answered is in the history; a wrong one shows."""
    outcomes = []
    for code in (OneCopy, Forgetful):

        @pytest.mark.chaoslab(faults="none", consistency=LEVELS[workload], workload=workload)
        async def test(cluster: cl.Cluster, code: Any = code) -> None:
            await work(cluster, code, workload)

        outcomes.append(cl.run_test(test, seed=1).verdict)
    assert outcomes == ["valid", "invalid"]


class Rich(OneCopy):
    """Each account begins with more."""

    async def serve(self, node: cl.Node) -> None:
        self.objects = dict.fromkeys("xyz", 100)
        async for message in node:
            message.reply(self.answer(message.body))


@pytest.mark.parametrize(("parameters", "outcome"), [({"balance": 100}, "valid"), ({}, "invalid")])
def test_a_workload_takes_its_own_parameters(parameters: dict[str, int], outcome: str) -> None:
    """The balance that accounts begin with is what the total of the bank is judged by."""

    @pytest.mark.chaoslab(faults="none")
    async def test(cluster: cl.Cluster) -> None:
        cluster.start(Rich, nodes=1)
        await cluster.drive(cl.workload("bank", **parameters), seconds=1)

    run = cl.run_test(test)
    assert run.verdict == outcome
    assert outcome == "valid" or "add up to 300 instead of 30" in run.checks[-1].summary


def test_a_parameter_that_a_workload_does_not_have_is_refused() -> None:
    """With the nearest one that it has."""
    with pytest.raises(cl.UsageError, match="did you mean 'balance'"):
        cl.workload("bank", balence=100)


class _Seen:
    """Notes who asked, with which number."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, int | None]] = []
        self.homes: dict[str, str] = {}

    async def serve(self, node: cl.Node) -> None:
        async for message in node:
            self.requests.append((message.sender, message.number))
            message.reply(None)

    async def call(self, node: cl.Node, op: cl.Invocation) -> object:
        self.homes[node.name] = node.home
        if op.f == "read":
            return cl.Complete("fail", error="not today")
        return await node.call(node.home, op)


def test_what_arrives_twice_has_the_same_sender_and_number() -> None:
    """And two requests never have; a client of one's own knows the node beside which it stands."""
    seen = _Seen()

    async def client(node: cl.Node, op: cl.Invocation) -> object:
        return await seen.call(node, op)

    async def main(cluster: cl.Cluster) -> tuple[str, ...]:
        cluster.start(seen.serve, nodes=2, client=client)
        with cluster.faults(cl.duplicate(1.0)):
            await cluster.drive(cl.workload("register"), seconds=1, rate=20)
        return cluster.history.types

    types = cl.run(main, seed=1)
    assert seen.homes == {"c1": "n1", "c2": "n2", "c3": "n1", "c4": "n2"}
    assert {seen.requests.count(one) for one in seen.requests[:-4]} == {2}  # the last copies may be late
    assert types.count("fail") > 0


def test_a_client_may_be_a_class_of_which_each_client_has_an_object() -> None:
    """What its operations share is kept there: nothing of an earlier run, and nothing of another client."""
    objects: dict[str, set[int]] = {}

    async def serve(node: cl.Node) -> None:
        async for message in node:
            message.reply(None)

    class Client:
        def __init__(self) -> None:
            self.calls = 0

        async def call(self, node: cl.Node, invocation: cl.Invocation) -> Any:
            self.calls += 1
            objects.setdefault(node.name, set()).add(id(self))
            await node.call("n1", invocation)
            return cl.Complete("ok", self.calls if invocation.f == "read" else None)

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=1, client=Client)
        await cluster.drive(cl.workload("register"), seconds=2, clients=3)

    cl.run(main)
    assert sorted(len(one) for one in objects.values()) == [1, 1, 1]
    assert len(set.union(*objects.values())) == 3


def test_an_error_of_the_network_that_a_client_lets_pass_is_told_with_what_to_do() -> None:
    """The mistake that everybody makes first."""

    async def serve(node: cl.Node) -> None:
        pass

    async def call(node: cl.Node, invocation: cl.Invocation) -> Any:
        await node.connect("n1", 80)

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=1, client=call)
        await cluster.drive(cl.workload("register"), seconds=1)

    with pytest.raises(cl.NodeError, match=r"ConnectionRefusedError: .* it raises TimeoutError if nobody knows"):
        cl.run(main)
