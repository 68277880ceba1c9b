"""A plugin as anyone would write it: a tally kept by one node, and all that it takes to test it."""

from collections import Counter

import attrs

import chaoslab as cl
from chaoslab.nemesis import FaultRequest, Schedule
from chaoslab.parameters import COUNT, parameter


async def serve(node):
    """The first node keeps the tally; the others refuse."""
    tally = 0
    while True:
        message = await node.recv()
        if node.name != node.nodes[0]:
            message.refuse("ask the first node")
            continue
        tally += message.body.f == "tick"
        message.reply(tally)


def _operations(view):
    while True:
        yield cl.Invocation(f="tick" if view.random.chance(0.5) else "read", key="tally")


def _step(state, f, argument, value, result):
    if f == "tick":
        return state + 1
    return state if value == state else cl.ILLEGAL


def _never_negative(history):
    bad = [operation for operation in history.operations() if isinstance(operation.value, int) and operation.value < 0]
    return cl.Verdict(
        outcome="invalid" if bad else "valid",
        name="never-negative",
        summary=f"{len(bad)} operations saw a tally below zero.",
        operations=tuple(bad[:3]),
    )


@attrs.frozen(kw_only=True)
class Hiccup:
    """Every so many messages on a link are lost."""

    kind = "hiccup"
    family = "network"
    counts = "messages lost"
    needs_target = False
    demands = ""

    nth: int = parameter(COUNT, "Which message of each link is lost, and again after as many.", default=5)

    def inject(self, cluster, targets):
        rule = _Hiccups(self.nth)
        cluster.network.add_rule(rule)
        return rule

    def heal(self, cluster, state):
        cluster.network.remove_rule(state)

    def effects(self, state):
        return state.hits

    def describe(self, targets):
        return f"hiccup: each {self.nth}th message is lost"


class _Hiccups:
    guarding = False

    def __init__(self, nth):
        self.nth = nth
        self.hits = 0
        self.seen = Counter()

    def covers(self, source, target):
        return True

    def send(self, link, copies, network):
        self.seen[link.label] += 1
        if self.seen[link.label] % self.nth == 0:
            self.hits += 1
            copies.clear()

    def arrive(self, link, message, network):
        return True


@attrs.frozen(kw_only=True)
class Hiccups:
    """Hiccups all the time."""

    name = "hiccups"

    def check(self, scene):
        """Any scene will do."""

    def requests(self, scene, stream):
        return [FaultRequest(fault=Hiccup(nth=3 + stream.below(5)), schedule=Schedule(at_ns=0))]


@cl.hookimpl
def chaoslab_protocols():
    return [
        cl.Protocol(
            name="tally",
            summary="one node counts",
            replica=serve,
            serves=("tally",),
            claims=("linearizable",),
            budget=cl.Budget(down="none"),
        )
    ]


@cl.hookimpl
def chaoslab_workloads():
    return [cl.Workload(name="tally", summary="ticks and reads", model="tally", operations=_operations)]


@cl.hookimpl
def chaoslab_models():
    return [
        cl.Model(
            name="tally",
            summary="tick, read",
            initial=0,
            step=_step,
            reads=frozenset({"read"}),
            fs=frozenset({"tick", "read"}),
        )
    ]


@cl.hookimpl
def chaoslab_faults():
    return [Hiccup]


@cl.hookimpl
def chaoslab_nemeses():
    return [Hiccups]


@cl.hookimpl
def chaoslab_checkers():
    return [cl.Checker(name="never-negative", summary="no tally is below zero", judge=_never_negative)]
