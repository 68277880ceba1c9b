"""The workloads of transactions: what they ask for, and that what they check can fail."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

import pytest

from chaoslab.checkers import check
from chaoslab.choices import Choices
from chaoslab.cluster import ClientView, Workload
from chaoslab.errors import UsageError
from chaoslab.history import History
from chaoslab.plugins import Protocol, Registry, registry
from chaoslab.runner import Run, run
from chaoslab.scenario import parse_scenario
from chaoslab.statemachine import Context, Effects, Invocation, Request, reply
from chaoslab_workloads.transactions import BANK, LIST_APPEND, BankParameters, ListAppendParameters

KEYS = ("x", "y", "z")


def operations(workload: Workload, count: int = 300, **parameters: Any) -> list[Invocation]:
    numbers = iter(range(1, 10_000))
    view = ClientView(
        number=0,
        keys=KEYS,
        random=Choices(7).stream("operations"),
        unique=lambda: next(numbers),
        parameters=workload.parameters(**parameters) if workload.parameters else None,
    )
    return list(islice(workload.operations(view), count))


def test_every_element_is_appended_once() -> None:
    """So a list that was read names the transactions that made it."""
    micro = [one for operation in operations(LIST_APPEND) for one in operation.value]
    appended = [element for kind, _, element in micro if kind == "append"]
    assert len(appended) == len(set(appended)) > 100
    assert {element for kind, _, element in micro if kind == "r"} == {None}


def test_transactions_have_up_to_the_longest_number_of_micro_operations() -> None:
    """And at least one."""
    assert {len(operation.value) for operation in operations(LIST_APPEND, longest=3)} == {1, 2, 3}


def test_money_goes_both_ways_between_different_accounts() -> None:
    """Between every two of them."""
    moved = {tuple(one.value[:2]) for one in operations(BANK) if one.f == "transfer"}
    assert moved == {(source, target) for source in KEYS for target in KEYS if source != target}


@pytest.mark.parametrize("make", [lambda: ListAppendParameters(longest=0), lambda: BankParameters(amount=0)])
def test_parameters_that_make_no_sense_are_refused(make: Callable[[], Any]) -> None:
    """In words."""
    with pytest.raises(UsageError, match="at least"):
        make()


class Careless:
    """A single node that answers whatever it is asked, and keeps its books badly."""

    def __init__(self, context: Context) -> None:
        self.accounts: dict[str, int] = {}
        self.lists: dict[str, list[int]] = {}

    def start(self) -> Effects:
        return None

    def timer(self, name: str) -> Effects:
        return None

    def message(self, sender: str, message: Request) -> Effects:
        f, value = message.body.f, message.body.value
        if f == "read":
            return [reply(sender, message, {key: self.accounts.get(key, 10) for key in value})]
        if f == "transfer":
            self.transfer(*value)
        return [reply(sender, message, None)]

    def transfer(self, source: str, target: str, amount: int) -> None:
        raise NotImplementedError


class MakesMoney(Careless):
    def transfer(self, source: str, target: str, amount: int) -> None:
        self.accounts[target] = self.accounts.get(target, 10) + amount


class LendsMoney(Careless):
    def transfer(self, source: str, target: str, amount: int) -> None:
        self.accounts[source] = self.accounts.get(source, 10) - amount
        self.accounts[target] = self.accounts.get(target, 10) + amount


class Frozen(Careless):
    def transfer(self, source: str, target: str, amount: int) -> None:
        pass


TEXT = """
[scenario]
duration = "5s"
[cluster]
protocol = "{protocol}"
nodes = 1
[workload]
name = "bank"
clients = 2
rate = "40/s"
keys = 3
"""


def ran(replica: Any, claims: tuple[str, ...] = ()) -> Run:
    known = registry()
    protocol = Protocol(name="careless", summary="-", replica=replica, serves=("bank",), claims=claims)
    plugins = Registry(protocols={"careless": protocol}, workloads=known.workloads, models=known.models)
    return run(parse_scenario(TEXT.format(protocol="careless"), plugins), 1, plugins=plugins)


@pytest.mark.parametrize(("replica", "anomaly"), [(MakesMoney, "wrong total"), (LendsMoney, "negative balance")])
def test_a_bank_that_keeps_its_books_badly_is_found_out(replica: Any, anomaly: str) -> None:
    """By the workload's own check: nothing was claimed."""
    done = ran(replica)
    assert done.verdict == "invalid"
    assert [verdict.anomaly for verdict in done.checks if verdict.name == "bank"] == [anomaly]


def test_a_bank_that_loses_transfers_keeps_its_total_and_is_not_linearizable() -> None:
    """Each check sees what the other does not; a level of other operations is not asked for."""
    done = ran(Frozen, ("linearizable", "strict-serializable"))
    assert [(verdict.name, verdict.outcome) for verdict in done.checks] == [
        ("linearizable", "invalid"),
        ("bank", "valid"),
    ]


def test_a_lost_append_is_found_out() -> None:
    """The model of the workload is one of transactions."""
    history = History()
    for process, (asked, told) in enumerate(
        [([["append", "x", 1]], None), ([["append", "x", 2]], None), ([["r", "x", None]], [["r", "x", [2]]])]
    ):
        history.invoke(process, "txn", None, asked, time_ns=process)
        history.complete(process, "ok", told or asked, time_ns=process)
    (verdict,) = check(history, model=registry().models[LIST_APPEND.model], levels=["strict-serializable"])
    assert verdict.outcome == "invalid"
